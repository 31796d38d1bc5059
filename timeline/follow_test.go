package timeline

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

func pod(name string, version int) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid-" + name), ResourceVersion: strconv.Itoa(version)}}
}

func podList(version int, pods ...*corev1.Pod) *corev1.PodList {
	list := &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: strconv.Itoa(version)}}
	for _, p := range pods {
		list.Items = append(list.Items, *p)
	}
	return list
}

// script is an API server that answers with prepared lists and watches.
type script struct {
	lists   []*corev1.PodList
	watches []func(from string, w *watch.RaceFreeFakeWatcher) error
	done    context.CancelFunc
}

func (s *script) resource() resource {
	return resource{
		name: "pods",
		list: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
			if len(s.lists) == 0 {
				return nil, errors.New("no more lists in the script")
			}
			list := s.lists[0]
			s.lists = s.lists[1:]
			return list, nil
		},
		watch: func(_ context.Context, o metav1.ListOptions) (watch.Interface, error) {
			if len(s.watches) == 0 {
				s.done()
				return nil, context.Canceled
			}
			step := s.watches[0]
			s.watches = s.watches[1:]
			w := watch.NewRaceFreeFake()
			if err := step(o.ResourceVersion, w); err != nil {
				return nil, err
			}
			return w, nil
		},
		observe: observePod,
	}
}

// run follows the script to its end under a fake clock.
func (s *script) run(t *testing.T) (events []recording.Event, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s.done = cancel
		sink := func(e recording.Event) { events = append(events, e) }
		err = newFollower(s.resource(), time.Now, sink, func() {}).follow(ctx)
	})
	return events, err
}

// summary is "listed a", "gap pods", ... in the order of arrival.
func summary(events []recording.Event) []string {
	var lines []string
	for _, e := range events {
		switch {
		case e.Pod != nil:
			lines = append(lines, string(e.Pod.Change)+" "+e.Pod.Name)
		case e.Gap != nil:
			lines = append(lines, "gap "+e.Gap.Resource)
		}
	}
	return lines
}

func TestFollow(t *testing.T) {
	expired := apierrors.NewResourceExpired("too old")
	tests := []struct {
		name   string
		script script
		want   []string
	}{
		{
			name: "each change is kept, a watch that ends in good order leaves no gap",
			script: script{
				lists: []*corev1.PodList{podList(5, pod("a", 3))},
				watches: []func(string, *watch.RaceFreeFakeWatcher) error{
					func(from string, w *watch.RaceFreeFakeWatcher) error {
						w.Modify(pod("a", 6))
						w.Modify(pod("a", 7))
						w.Stop()
						return wantVersion(from, "5")
					},
					func(from string, w *watch.RaceFreeFakeWatcher) error {
						w.Delete(pod("a", 8))
						w.Stop()
						return wantVersion(from, "7")
					},
				},
			},
			want: []string{"listed a", "modified a", "modified a", "deleted a"},
		},
		{
			name: "a bookmark moves the version and is no change",
			script: script{
				lists: []*corev1.PodList{podList(5, pod("a", 3))},
				watches: []func(string, *watch.RaceFreeFakeWatcher) error{
					func(_ string, w *watch.RaceFreeFakeWatcher) error {
						w.Action(watch.Bookmark, pod("", 90))
						w.Stop()
						return nil
					},
					func(from string, w *watch.RaceFreeFakeWatcher) error {
						w.Stop()
						return wantVersion(from, "90")
					},
				},
			},
			want: []string{"listed a"},
		},
		{
			name: "a state that is told again is no change",
			script: script{
				lists: []*corev1.PodList{podList(5, pod("a", 3))},
				watches: []func(string, *watch.RaceFreeFakeWatcher) error{
					func(_ string, w *watch.RaceFreeFakeWatcher) error {
						w.Modify(pod("a", 3))
						w.Modify(pod("a", 6))
						w.Modify(pod("a", 6))
						w.Stop()
						return nil
					},
				},
			},
			want: []string{"listed a", "modified a"},
		},
		{
			name: "a watch that expires in the middle loses nothing of what it told before",
			script: script{
				lists: []*corev1.PodList{podList(5, pod("a", 3)), podList(50, pod("c", 40))},
				watches: []func(string, *watch.RaceFreeFakeWatcher) error{
					func(_ string, w *watch.RaceFreeFakeWatcher) error {
						w.Modify(pod("a", 6))
						w.Error(&expired.ErrStatus)
						return nil
					},
				},
			},
			want: []string{"listed a", "modified a", "listed c", "deleted a", "gap pods"},
		},
		{
			name: "an expired watch is a gap, and what went in it is noticed",
			script: script{
				lists: []*corev1.PodList{podList(5, pod("a", 3), pod("b", 4)), podList(50, pod("b", 4), pod("c", 40))},
				watches: []func(string, *watch.RaceFreeFakeWatcher) error{
					func(_ string, w *watch.RaceFreeFakeWatcher) error {
						w.Error(&expired.ErrStatus)
						return nil
					},
					func(from string, w *watch.RaceFreeFakeWatcher) error {
						w.Stop()
						return wantVersion(from, "50")
					},
				},
			},
			want: []string{"listed a", "listed b", "listed b", "listed c", "deleted a", "gap pods"},
		},
		{
			name: "a watch refused as expired is a gap too",
			script: script{
				lists: []*corev1.PodList{podList(5, pod("a", 3)), podList(50, pod("a", 3))},
				watches: []func(string, *watch.RaceFreeFakeWatcher) error{
					func(string, *watch.RaceFreeFakeWatcher) error { return expired },
					func(_ string, w *watch.RaceFreeFakeWatcher) error { w.Stop(); return nil },
				},
			},
			want: []string{"listed a", "listed a", "gap pods"},
		},
		{
			name: "a server that is away for a while is a gap, though no change is lost",
			script: script{
				lists: []*corev1.PodList{podList(5, pod("a", 3))},
				watches: []func(string, *watch.RaceFreeFakeWatcher) error{
					func(string, *watch.RaceFreeFakeWatcher) error { return errors.New("connection refused") },
					func(from string, w *watch.RaceFreeFakeWatcher) error {
						w.Delete(pod("a", 8))
						w.Stop()
						return wantVersion(from, "5")
					},
				},
			},
			want: []string{"listed a", "gap pods", "deleted a"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			events, err := tt.script.run(t)
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(events); !slices.Equal(got, tt.want) {
				t.Errorf("\n got %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestGapSpansTheTimeOfDoubt(t *testing.T) {
	refused := func(string, *watch.RaceFreeFakeWatcher) error { return errors.New("connection refused") }
	quiet := func(d time.Duration) func(string, *watch.RaceFreeFakeWatcher) error {
		return func(_ string, w *watch.RaceFreeFakeWatcher) error {
			time.AfterFunc(d, w.Stop)
			return nil
		}
	}
	away := slices.Repeat([]func(string, *watch.RaceFreeFakeWatcher) error{refused}, 4) // 0.5 s, 1 s, 2 s, 4 s
	tests := []struct {
		name     string
		watches  []func(string, *watch.RaceFreeFakeWatcher) error
		from, to time.Duration
	}{
		{"a server that is away for 7.5 s", append(slices.Clone(away), quiet(watchTime)), 0, 7500 * time.Millisecond},
		{"a watch that had lasted its time before", slices.Concat([]func(string, *watch.RaceFreeFakeWatcher) error{quiet(watchTime)}, away, []func(string, *watch.RaceFreeFakeWatcher) error{quiet(watchTime)}), watchTime, watchTime + 7500*time.Millisecond},
		{"a watch that breaks off after a silence", []func(string, *watch.RaceFreeFakeWatcher) error{quiet(40 * time.Second), quiet(watchTime)}, 0, 40 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := script{lists: []*corev1.PodList{podList(5, pod("a", 3))}, watches: tt.watches}
			events, err := s.run(t)
			if err != nil {
				t.Fatal(err)
			}
			began := events[0].At
			if got := summary(events); !slices.Equal(got, []string{"listed a", "gap pods"}) {
				t.Fatalf("got %q", got)
			}
			gap := events[1].Gap
			if from, to := gap.From.Sub(began), gap.To.Sub(began); from != tt.from || to != tt.to {
				t.Errorf("a gap from %s to %s, want %s to %s", from, to, tt.from, tt.to)
			}
		})
	}
}

func TestOptionalResourceThatCannotBeListed(t *testing.T) {
	s := script{}
	r := s.resource()
	r.optional = true
	err := newFollower(r, time.Now, func(recording.Event) {}, func() {}).follow(t.Context())
	if !errors.Is(err, errMissing) {
		t.Errorf("got %v", err)
	}
}

func TestFirstListThatFailsIsAnError(t *testing.T) {
	_, err := (&script{}).run(t)
	if err == nil || err.Error() != "list pods: no more lists in the script" {
		t.Errorf("got %v", err)
	}
}

func wantVersion(got, want string) error {
	if got != want {
		return errors.New("watched from version " + got + ", want " + want)
	}
	return nil
}

func TestEmittedAt(t *testing.T) {
	made := time.Date(2026, 3, 1, 12, 0, 7, 123456789, time.UTC)
	hex := strconv.FormatInt(made.UnixNano(), 16)
	second := metav1.NewTime(made.Truncate(time.Second))
	tests := []struct {
		name    string
		event   corev1.Event
		want    time.Time
		precise bool
	}{
		{"nanoseconds in the name", corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "web-1." + hex}, FirstTimestamp: second}, made, true},
		{"a pod with dots in its name", corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "web.example.1." + hex}, FirstTimestamp: second}, made, true},
		{"a UUID instead", corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "2b1c0c9e-54aa-4d0e-9d0e-0f0e0f0e0f0e"}, FirstTimestamp: second}, second.Time, false},
		{"a name that disagrees with its own times", corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "web-1.1234abcd"}, FirstTimestamp: second}, second.Time, false},
		{"the new API's field", corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "web-1"}, EventTime: metav1.NewMicroTime(made)}, made, true},
		{"nothing", corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "web-1"}}, time.Time{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, precise := emittedAt(&tt.event)
			if !got.Equal(tt.want) || precise != tt.precise {
				t.Errorf("got %v, %v; want %v, %v", got, precise, tt.want, tt.precise)
			}
		})
	}
}
