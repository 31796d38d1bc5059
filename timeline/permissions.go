package timeline

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Resource is an API resource that Watch has to be allowed to read.
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
	// Verbs are what it takes: to list and to watch, or to get one by one.
	Verbs []string
}

// Resources lists what Watch needs for a kind of workload; logs tells whether
// lines of the pods' logs are wanted too.
func Resources(kind check.WorkloadKind, logs bool) []Resource {
	follow := []string{"list", "watch"}
	needed := []Resource{
		{Group: "", Name: "pods", Verbs: follow},
		{Group: "", Name: "events", Verbs: follow},
		{Group: "discovery.k8s.io", Name: "endpointslices", Verbs: follow},
	}
	switch kind {
	case check.Deployment:
		needed = append(needed, Resource{Group: "apps", Name: "deployments", Own: true, Verbs: follow}, Resource{Group: "apps", Name: "replicasets", Verbs: follow})
	case check.StatefulSet:
		needed = append(needed, Resource{Group: "apps", Name: "statefulsets", Own: true, Verbs: follow})
	case check.DaemonSet:
		needed = append(needed, Resource{Group: "apps", Name: "daemonsets", Own: true, Verbs: follow})
	}
	if logs {
		needed = append(needed, Resource{Group: "", Name: "pods", Subresource: "log", Verbs: []string{"get"}})
	}
	return append(needed,
		Resource{Group: "", Name: "nodes", Optional: true, Verbs: follow, ClusterWide: true},
		Resource{Group: "coordination.k8s.io", Name: "leases", Optional: true, Verbs: follow, Namespace: corev1.NamespaceNodeLease},
		Resource{Group: "coordination.k8s.io", Name: "leases", Optional: true, Verbs: follow, Namespace: metav1.NamespaceSystem})
}
