package timeline

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Resource is an API resource that Watch has to be allowed to list and watch.
type Resource struct {
	Group, Name, Subresource string
	// Own tells that only the workload itself is listed and watched, by its
	// name, which takes no right to any other.
	Own bool
	// Optional tells that a watch does without it: nodes tell of cordons and
	// taints, leases of the clocks.
	Optional bool
	// ClusterWide tells that it lies in no namespace.
	ClusterWide bool
	// Namespace is where it lies, if not in the workload's namespace.
	Namespace string
	// Get tells that it is read one by one, instead of listed and watched.
	Get bool
}

// Resources lists what Watch needs for a kind of workload; logs tells whether
// lines of the pods' logs are wanted too.
func Resources(kind check.WorkloadKind, logs bool) []Resource {
	needed := []Resource{
		{Group: "", Name: "pods"},
		{Group: "", Name: "events"},
		{Group: "discovery.k8s.io", Name: "endpointslices"},
	}
	switch kind {
	case check.Deployment:
		needed = append(needed, Resource{Group: "apps", Name: "deployments", Own: true}, Resource{Group: "apps", Name: "replicasets"})
	case check.StatefulSet:
		needed = append(needed, Resource{Group: "apps", Name: "statefulsets", Own: true})
	case check.DaemonSet:
		needed = append(needed, Resource{Group: "apps", Name: "daemonsets", Own: true})
	}
	if logs {
		needed = append(needed, Resource{Group: "", Name: "pods", Subresource: "log", Get: true})
	}
	return append(needed,
		Resource{Group: "", Name: "nodes", Optional: true, ClusterWide: true},
		Resource{Group: "coordination.k8s.io", Name: "leases", Optional: true, Namespace: corev1.NamespaceNodeLease},
		Resource{Group: "coordination.k8s.io", Name: "leases", Optional: true, Namespace: metav1.NamespaceSystem})
}
