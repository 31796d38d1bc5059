// Package label has the labels of what this tool makes in a cluster, by which it
// is found again.
package label

import "k8s.io/apimachinery/pkg/labels"

// The labels. ManagedBy is Kubernetes' own recommended one, Run holds the id of the
// run that made the object.
const (
	ManagedBy = "app.kubernetes.io/managed-by"
	Tool      = "shutdowncheck"
	Run       = "shutdowncheck.io/run"
)

// Workload is an annotation: the kind/name of what a run checks, in the object's own
// namespace.
const Workload = "shutdowncheck.io/workload"

// Selector finds everything that a run has made.
const Selector = ManagedBy + "=" + Tool + "," + Run

// Of finds what one run has made.
func Of(run string) string {
	return labels.Set{ManagedBy: Tool, Run: run}.AsSelectorPreValidated().String()
}
