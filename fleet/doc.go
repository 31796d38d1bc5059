// Package fleet is the conductor's side of senders in the cluster: it makes their Job,
// waits until they run, reaches them through the API server's port-forward, measures
// their clocks, begins all of them at one time, and collects what they record while
// they send.
//
// The Kubernetes rights that it takes, in the namespace where the senders run: jobs
// (create, get, delete), pods (get, list), pods/portforward (create, and get where the
// API server is reached by WebSocket), services (list); events (list) where it may. A
// sender on each node takes nodes (list) as well.
package fleet
