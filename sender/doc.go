// Package sender is the program that sends a share of a check's requests from inside
// the cluster, and the channel by which a conductor tells it what to send and collects
// what became of it. It knows attack and nothing of Kubernetes.
package sender
