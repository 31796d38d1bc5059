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

// resources are those of Resources, each with how it is followed.
func (cfg Config) resources(places *places) []resource {
	var all []resource
	for _, r := range Resources(cfg.Workload.Kind, false) {
		if r.Name == "endpointslices" && len(cfg.Services) == 0 {
			continue
		}
		followed := cfg.follow(r, places)
		followed.optional = r.Optional
		all = append(all, followed)
	}
	return all
}

func (cfg Config) follow(r Resource, places *places) resource {
	core, apps := cfg.Client.CoreV1(), cfg.Client.AppsV1()
	all := func(*metav1.ListOptions) {}
	selected := func(o *metav1.ListOptions) { o.LabelSelector = cfg.Selector }
	named := func(o *metav1.ListOptions) {
		o.FieldSelector = fields.OneTermEqualSelector("metadata.name", cfg.Workload.Name).String()
	}
	ofServices := func(o *metav1.ListOptions) {
		o.LabelSelector = discoveryv1.LabelServiceName + " in (" + strings.Join(cfg.Services, ",") + ")"
	}
	switch r.Name {
	case "pods":
		return follow[*corev1.PodList](r.Name, core.Pods(cfg.Namespace), selected, observePod)
	case "events":
		return follow[*corev1.EventList](r.Name, core.Events(cfg.Namespace), all, cfg.observeEvent())
	case "endpointslices":
		return follow[*discoveryv1.EndpointSliceList](r.Name, cfg.Client.DiscoveryV1().EndpointSlices(cfg.Namespace), ofServices, observeSlice)
	case "deployments":
		return follow(r.Name, apps.Deployments(cfg.Namespace), named, observeDeployment)
	case "replicasets":
		return follow(r.Name, apps.ReplicaSets(cfg.Namespace), selected, cfg.observeReplicaSet())
	case "statefulsets":
		return follow(r.Name, apps.StatefulSets(cfg.Namespace), named, observeStatefulSet)
	case "daemonsets":
		return follow(r.Name, apps.DaemonSets(cfg.Namespace), named, observeDaemonSet)
	case "nodes":
		return follow(r.Name, core.Nodes(), all, places.observeNode)
	case "leases":
		observe := observeSystemLease
		if r.Namespace == corev1.NamespaceNodeLease {
			observe = places.observeNodeLease
		}
		return follow(r.Name, cfg.Client.CoordinationV1().Leases(r.Namespace), all, observe)
	default:
		panic("timeline: " + r.Name + " cannot be followed")
	}
}
