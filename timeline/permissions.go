package timeline

import "github.com/shutdowncheck/shutdowncheck/check"

// Resource is an API resource that Watch has to be allowed to list and watch.
type Resource struct {
	Group, Name string
	// Own tells that only the workload itself is listed and watched, by its
	// name, which takes no right to any other.
	Own bool
}

// Resources lists what Watch needs for a kind of workload.
func Resources(kind check.WorkloadKind) []Resource {
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
	return needed
}
