// Package label has the labels of what this tool makes in a cluster, by which it
// is found again.
package label

// The labels. ManagedBy is Kubernetes' own recommended one, Run holds the id of the
// run that made the object.
const (
	ManagedBy = "app.kubernetes.io/managed-by"
	Tool      = "shutdowncheck"
	Run       = "shutdowncheck.io/run"
)

// Selector finds everything that a run has made.
const Selector = ManagedBy + "=" + Tool + "," + Run
