package timeline

import "github.com/shutdowncheck/shutdowncheck/check"

// Resource is an API resource that Watch has to be allowed to list and watch.
type Resource struct{ Group, Name string }

// Resources lists what Watch needs for a kind of workload.
func Resources(kind check.WorkloadKind) []Resource {
	needed := []Resource{{"", "pods"}, {"", "events"}, {"discovery.k8s.io", "endpointslices"}}
	switch kind {
	case check.Deployment:
		needed = append(needed, Resource{"apps", "deployments"}, Resource{"apps", "replicasets"})
	case check.StatefulSet:
		needed = append(needed, Resource{"apps", "statefulsets"})
	case check.DaemonSet:
		needed = append(needed, Resource{"apps", "daemonsets"})
	}
	return needed
}
