package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// view is a copy of the workload and its pods that watches keep up to date.
// It shows states, not events: after a lost watch it is read anew, and
// whatever happened in between, what it shows then is true.
type view struct {
	workload         *Workload
	workloadInformer cache.SharedIndexInformer
	podInformer      cache.SharedIndexInformer
	// news holds one token if anything has changed since it was last taken.
	news    chan struct{}
	stop    context.CancelFunc
	running sync.WaitGroup

	mu sync.Mutex
	// refused is why a watch cannot go on, lost why it last had to begin anew.
	refused, lost error
	// panicked is a panic in one of the informers' goroutines.
	panicked error
}

// watch gives a view that has been filled. It ends with ctx or close.
func (w *Workload) watch(ctx context.Context) (*view, error) {
	// The informers would log a lost watch; failed keeps it, and wait tells it.
	ctx, stop := context.WithCancel(logr.NewContext(ctx, logr.Discard()))
	bySelector := w.selector.String()
	v := &view{
		workload:         w,
		workloadInformer: w.api.informer(),
		podInformer: informer(w.client, w.client.CoreV1().Pods(w.namespace), &corev1.Pod{},
			func(o *metav1.ListOptions) { o.LabelSelector = bySelector }),
		news: make(chan struct{}, 1),
		stop: stop,
	}
	for _, i := range []cache.SharedIndexInformer{v.workloadInformer, v.podInformer} {
		if err := v.start(ctx, i); err != nil {
			v.close()
			return nil, fmt.Errorf("watch %s: %w", w, err)
		}
	}
	err := v.wait(ctx, func() (string, error) {
		if !v.workloadInformer.HasSynced() || !v.podInformer.HasSynced() {
			return fmt.Sprintf("the first list of %s and its pods has not come", w), nil
		}
		return "", nil
	})
	if err != nil {
		v.close()
		return nil, err
	}
	return v, nil
}

// start runs one informer until close.
func (v *view) start(ctx context.Context, i cache.SharedIndexInformer) error {
	if err := i.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) { v.failed(err) }); err != nil {
		return err
	}
	if _, err := i.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { v.poke() },
		UpdateFunc: func(any, any) { v.poke() },
		DeleteFunc: func(any) { v.poke() },
	}); err != nil {
		return err
	}
	v.run(func() { i.RunWithContext(ctx) })
	v.run(func() {
		select {
		case <-i.HasSyncedChecker().Done():
			v.poke()
		case <-ctx.Done():
		}
	})
	return nil
}

// run runs a part of the view until close. A panic of it ends the wait that is
// under way, and all that come after it.
func (v *view) run(part func()) {
	v.running.Go(func() {
		err := guard.Call("watching "+v.workload.String(), func() error { part(); return nil })
		if err != nil {
			v.mu.Lock()
			defer v.mu.Unlock()
			v.panicked = err
			v.poke()
		}
	})
}

// close ends the watches and returns when nothing of them runs any more.
func (v *view) close() {
	v.stop()
	v.running.Wait()
}

func (v *view) poke() {
	select {
	case v.news <- struct{}{}:
	default:
	}
}

// failed notes why a watch broke off. The informer begins it anew by itself,
// which is of no use where the right to watch is missing. A server that has just
// begun refuses everybody for some seconds, until it has read the rules: a
// refusal counts only for a watch that never came about.
func (v *view) failed(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	cameAbout := v.workloadInformer.HasSynced() && v.podInformer.HasSynced()
	if (apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err)) && !cameAbout {
		v.refused = err
	}
	if panicked, ok := errors.AsType[*guard.PanicError](err); ok {
		v.panicked = panicked
	}
	v.lost = err
	v.poke()
}

// state gives the workload as last seen.
func (v *view) state() (state, error) {
	for _, object := range v.workloadInformer.GetStore().List() {
		s, err := v.workload.api.read(object)
		if err != nil {
			return state{}, err
		}
		if s.meta.UID == v.workload.uid {
			return s, nil
		}
	}
	return state{}, v.workload.changed("was deleted while it was being disrupted")
}

// owned gives the workload's pods as last seen, in the order of their names.
func (v *view) owned() []*corev1.Pod {
	var owned []*corev1.Pod
	for _, object := range v.podInformer.GetStore().List() {
		if pod, ok := object.(*corev1.Pod); ok && v.workload.owns(pod) {
			owned = append(owned, pod)
		}
	}
	sortByName(owned)
	return owned
}

// activePods gives the pods that nobody has asked to end.
func (v *view) activePods() []*corev1.Pod {
	return slices.DeleteFunc(v.owned(), func(pod *corev1.Pod) bool { return !isActive(pod) })
}

// remaining says what keeps those of the pods that have not left.
func (v *view) remaining(doomed []*corev1.Pod) (reasons []string) {
	present := byUID(v.owned())
	var untouched []string
	for _, pod := range doomed {
		switch now, ok := present[pod.UID]; {
		case !ok || isFinished(now):
		case now.DeletionTimestamp == nil:
			untouched = append(untouched, now.Name)
		default:
			reasons = append(reasons, whyNotReady(now))
		}
	}
	if len(untouched) > 0 {
		reasons = append(reasons, "not asked to end yet: "+strings.Join(untouched, ", "))
	}
	return reasons
}

// unsteady says what is missing until the workload, in the given generation or
// a later one, has all the pods it wants, each Ready, and no others. The
// watches of the workload and of its pods run apart, so both must show it.
func (v *view) unsteady(generation int64) (reasons []string, err error) {
	s, err := v.state()
	if err != nil {
		return nil, err
	}
	if s.meta.Generation < generation {
		return []string{"the change has not shown itself"}, nil
	}
	var wanted int32
	for _, pod := range v.owned() {
		if isFinished(pod) {
			continue
		}
		if pod.DeletionTimestamp == nil {
			wanted++
		}
		if why := whyNotReady(pod); why != "" {
			reasons = append(reasons, why)
		}
	}
	if why := s.unsteady(); why != "" {
		reasons = append(reasons, why)
	} else if wanted != s.replicas {
		reasons = append(reasons, fmt.Sprintf("%s there of the %d wanted", podCount(wanted), s.replicas))
	}
	return reasons, nil
}
