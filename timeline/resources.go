package timeline

import (
	"context"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// typedClient is what every typed client of client-go can do with its lists.
type typedClient[L runtime.Object] interface {
	List(context.Context, metav1.ListOptions) (L, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
}

// follow builds a resource from a typed client, narrowed down by restrict.
func follow[L runtime.Object](
	name string, client typedClient[L], restrict func(*metav1.ListOptions),
	observe func(recording.Change, runtime.Object) (recording.Event, bool),
) resource {
	return resource{
		name: name,
		list: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			restrict(&o)
			return client.List(ctx, o)
		},
		watch: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			restrict(&o)
			return client.Watch(ctx, o)
		},
		observe: observe,
	}
}

func (cfg Config) resources(places *places) []resource {
	core, apps := cfg.Client.CoreV1(), cfg.Client.AppsV1()
	selected := func(o *metav1.ListOptions) { o.LabelSelector = cfg.Selector }
	named := func(o *metav1.ListOptions) {
		o.FieldSelector = fields.OneTermEqualSelector("metadata.name", cfg.Workload.Name).String()
	}

	resources := []resource{
		follow[*corev1.PodList]("pods", core.Pods(cfg.Namespace), selected, observePod),
		follow[*corev1.EventList]("events", core.Events(cfg.Namespace), func(*metav1.ListOptions) {}, cfg.observeEvent()),
	}
	if len(cfg.Services) > 0 {
		ofServices := func(o *metav1.ListOptions) {
			o.LabelSelector = discoveryv1.LabelServiceName + " in (" + strings.Join(cfg.Services, ",") + ")"
		}
		slices := cfg.Client.DiscoveryV1().EndpointSlices(cfg.Namespace)
		resources = append(resources, follow[*discoveryv1.EndpointSliceList]("endpointslices", slices, ofServices, observeSlice))
	}
	switch cfg.Workload.Kind {
	case check.Deployment:
		resources = append(resources,
			follow("deployments", apps.Deployments(cfg.Namespace), named, observeDeployment),
			follow("replicasets", apps.ReplicaSets(cfg.Namespace), selected, cfg.observeReplicaSet()))
	case check.StatefulSet:
		resources = append(resources, follow("statefulsets", apps.StatefulSets(cfg.Namespace), named, observeStatefulSet))
	case check.DaemonSet:
		resources = append(resources, follow("daemonsets", apps.DaemonSets(cfg.Namespace), named, observeDaemonSet))
	}
	all := func(*metav1.ListOptions) {}
	coordination := cfg.Client.CoordinationV1()
	for _, r := range []resource{
		follow("nodes", core.Nodes(), all, places.observeNode),
		follow("leases", coordination.Leases(corev1.NamespaceNodeLease), all, places.observeNodeLease),
		follow("leases", coordination.Leases(metav1.NamespaceSystem), all, observeSystemLease),
	} {
		r.optional = true
		resources = append(resources, r)
	}
	return resources
}
