package chaos

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// fieldManager is the name under which the API server notes our changes.
const fieldManager = "shutdowncheck"

// endpoint is the API of one workload, the same for each kind.
type endpoint struct {
	get   func(ctx context.Context) (state, error)
	patch func(ctx context.Context, as types.PatchType, data []byte) (state, error)
	// scalable tells that the kind has replicas to set.
	scalable bool
	// informer watches the one object; read gives what it holds.
	informer func() cache.SharedIndexInformer
	read     func(object any) (state, error)
}

// typed is what client-go offers for each kind.
type typed[Object, List runtime.Object] interface {
	Get(ctx context.Context, name string, options metav1.GetOptions) (Object, error)
	Patch(ctx context.Context, name string, as types.PatchType, data []byte, options metav1.PatchOptions, subresources ...string) (Object, error)
	List(ctx context.Context, options metav1.ListOptions) (List, error)
	Watch(ctx context.Context, options metav1.ListOptions) (watch.Interface, error)
}

// newEndpoint gives the API of the workload that ref names.
func newEndpoint(client kubernetes.Interface, namespace string, ref check.Workload) (endpoint, error) {
	apps := client.AppsV1()
	switch ref.Kind {
	case check.Deployment:
		e := endpointOf(client, apps.Deployments(namespace), ref.Name, deploymentState)
		e.scalable = true
		return e, nil
	case check.StatefulSet:
		e := endpointOf(client, apps.StatefulSets(namespace), ref.Name, statefulSetState)
		e.scalable = true
		return e, nil
	case check.DaemonSet:
		return endpointOf(client, apps.DaemonSets(namespace), ref.Name, daemonSetState), nil
	default:
		return endpoint{}, fmt.Errorf("workload kind %q: want %s, %s or %s", ref.Kind, check.Deployment, check.StatefulSet, check.DaemonSet)
	}
}

// object is a pointer to one of the kinds.
type object[T any] interface {
	*T
	runtime.Object
}

func endpointOf[T appsv1.Deployment | appsv1.StatefulSet | appsv1.DaemonSet, Object object[T], List runtime.Object](
	client kubernetes.Interface, api typed[Object, List], name string, read func(Object) (state, error),
) endpoint {
	return endpoint{
		get: func(ctx context.Context) (state, error) {
			o, err := api.Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return state{}, err
			}
			return read(o)
		},
		patch: func(ctx context.Context, as types.PatchType, data []byte) (state, error) {
			o, err := api.Patch(ctx, name, as, data, metav1.PatchOptions{FieldManager: fieldManager})
			if err != nil {
				return state{}, err
			}
			return read(o)
		},
		informer: func() cache.SharedIndexInformer {
			byName := fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
			return informer(client, api, Object(new(T)), func(o *metav1.ListOptions) { o.FieldSelector = byName })
		},
		read: func(o any) (state, error) {
			known, ok := o.(Object)
			if !ok {
				return state{}, fmt.Errorf("watch %s: got a %T", name, o)
			}
			return read(known)
		},
	}
}

// informer keeps a copy of the objects that which selects. It asks for them in goroutines
// of its own, where a panic would end the process: it becomes an error of theirs.
func informer[Object, List runtime.Object](client kubernetes.Interface, api typed[Object, List], example Object, which func(*metav1.ListOptions)) cache.SharedIndexInformer {
	guarded := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (listed runtime.Object, err error) {
			which(&o)
			err = guard.Call("listing", func() error { listed, err = api.List(ctx, o); return err })
			return listed, err
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (begun watch.Interface, err error) {
			which(&o)
			err = guard.Call("beginning a watch", func() error { begun, err = api.Watch(ctx, o); return err })
			return begun, err
		},
	}
	source := cache.ToListWatcherWithWatchListSemantics(guarded, client)
	return cache.NewSharedIndexInformer(source, example, 0, nil)
}
