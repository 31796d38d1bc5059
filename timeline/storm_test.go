package timeline

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// However a server treats the watches, a run asks it for no more than this in its
// first minute, first lists included, and the time in which changes may have been
// late is told.
func TestRequestsAreBounded(t *testing.T) {
	const resources = 8 // of a Deployment with a service
	expired := apierrors.NewResourceExpired("too old")
	for name, tt := range map[string]struct {
		// open is what becomes of each watch.
		open func(w *watch.RaceFreeFakeWatcher) error
		// most is how many requests there may be in the first minute.
		most int
		// doubt tells that gaps have to cover the minute, but for its first pauses.
		doubt bool
	}{
		"watches that last":              {func(*watch.RaceFreeFakeWatcher) error { return nil }, 2 * resources, false},
		"closed at once":                 {func(w *watch.RaceFreeFakeWatcher) error { w.Stop(); return nil }, 20 * resources, true},
		"closed after an event":          {func(w *watch.RaceFreeFakeWatcher) error { bookmark(w); w.Stop(); return nil }, 20 * resources, true},
		"closed after two seconds":       {func(w *watch.RaceFreeFakeWatcher) error { time.AfterFunc(2*time.Second, w.Stop); return nil }, 20 * resources, true},
		"refused":                        {func(*watch.RaceFreeFakeWatcher) error { return apierrors.NewInternalError(context.Canceled) }, 20 * resources, false},
		"refused as expired":             {func(*watch.RaceFreeFakeWatcher) error { return expired }, 40 * resources, true},
		"expired at once":                {func(w *watch.RaceFreeFakeWatcher) error { w.Error(&expired.ErrStatus); return nil }, 40 * resources, true},
		"closed each eleven seconds":     {func(w *watch.RaceFreeFakeWatcher) error { time.AfterFunc(11*time.Second, w.Stop); return nil }, 8 * resources, false},
		"broken off each eleven seconds": {func(w *watch.RaceFreeFakeWatcher) error { breakOff(w, 11*time.Second); return nil }, 8 * resources, false},
		"answered with an error at once": {func(w *watch.RaceFreeFakeWatcher) error { breakOff(w, 0); return nil }, 20 * resources, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				var requests counter
				client := fake.NewClientset()
				client.PrependReactor("list", "*", func(clienttesting.Action) (bool, runtime.Object, error) {
					if requests.add() > 10_000 {
						cancel() // a storm
					}
					return false, nil, nil
				})
				client.PrependWatchReactor("*", func(clienttesting.Action) (bool, watch.Interface, error) {
					if requests.add() > 10_000 {
						cancel()
					}
					w := watch.NewRaceFreeFake()
					return true, w, tt.open(w)
				})
				var observed sightings
				began := time.Now()
				err := Watch(ctx, Config{
					Client: client, Namespace: "shop", Workload: check.Workload{Kind: check.Deployment, Name: "web"},
					Services: []string{"web"}, Selector: "app=web", Now: time.Now, Sink: observed.take, Synced: func() {},
				})
				if err != nil {
					t.Fatal(err)
				}
				if n := requests.value(); n > tt.most || n < 2*resources {
					t.Errorf("%d requests in %s, want %d to %d", n, time.Since(began), 2*resources, tt.most)
				}
				if doubt := observed.doubt("pods"); tt.doubt && doubt < 50*time.Second {
					t.Errorf("changes of pods may have been late or lost for a minute, and the gaps tell of %s", doubt)
				}
			})
		})
	}
}

// A watch that ends after the time that was asked for is followed by the next at
// once.
func TestWatchIsRenewedWithoutAPause(t *testing.T) {
	var again reopening
	for range 3 {
		if pause := again.pause(watchTime, nil); pause != 0 {
			t.Errorf("a pause of %s after a watch that lasted its time", pause)
		}
	}
	for i, want := range []time.Duration{0, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second} {
		if pause := again.pause(time.Second, nil); pause != want {
			t.Errorf("a pause of %s after short watch %d, want %s", pause, i+1, want)
		}
	}
	if pause := again.pause(longEnough, nil); pause != 0 {
		t.Errorf("a pause of %s after a watch that lived", pause)
	}
	if pause := again.pause(longEnough, context.DeadlineExceeded); pause != retryPause {
		t.Errorf("a pause of %s after one that lived and was broken off, want %s", pause, retryPause)
	}
}

func bookmark(w *watch.RaceFreeFakeWatcher) {
	w.Action(watch.Bookmark, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "90"}})
}

func breakOff(w *watch.RaceFreeFakeWatcher, after time.Duration) {
	time.AfterFunc(after, func() { w.Error(&apierrors.NewInternalError(context.Canceled).ErrStatus) })
}

// counter counts from several goroutines.
type counter struct{ n atomic.Int64 }

func (c *counter) add() int   { return int(c.n.Add(1)) }
func (c *counter) value() int { return int(c.n.Load()) }

// sightings keeps the gaps.
type sightings struct {
	mu   sync.Mutex
	gaps []recording.Gap
}

func (s *sightings) take(e recording.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Gap != nil {
		s.gaps = append(s.gaps, *e.Gap)
	}
}

// doubt is how long the gaps of a resource last together.
func (s *sightings) doubt(resource string) time.Duration {
	var sum time.Duration
	for _, gap := range s.gaps {
		if gap.Resource == resource {
			sum += gap.To.Sub(gap.From)
		}
	}
	return sum
}
