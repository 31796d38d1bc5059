package timeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// tolerableBlackout is how long a watch may be down before the arrival times
// around it are no longer trusted to milliseconds.
const tolerableBlackout = 250 * time.Millisecond

// watchTime is how long the server is asked to keep a watch up. What ends
// earlier was broken off.
const watchTime = 10 * time.Minute

// resource is one kind of object to follow.
type resource struct {
	name string
	// optional resources are left out where the right to them is missing.
	optional bool
	list     func(context.Context, metav1.ListOptions) (runtime.Object, error)
	watch    func(context.Context, metav1.ListOptions) (watch.Interface, error)
	// observe turns an object into an event; false drops it.
	observe func(recording.Change, runtime.Object) (recording.Event, bool)
}

// follower lists a resource once and watches it from there. Unlike an informer
// it keeps every single change, and it knows when it may have missed one.
type follower struct {
	resource
	now    func() time.Time
	sink   func(recording.Event)
	synced func()

	// known holds the last state of each live object, so that a relist can
	// tell which ones went in the meantime.
	known map[types.UID]runtime.Object
	// version is the resource version up to which everything was seen.
	version string
	// contact is the last time at which the watch was known to be whole.
	contact time.Time
}

func newFollower(r resource, now func() time.Time, sink func(recording.Event), synced func()) *follower {
	return &follower{resource: r, now: now, sink: sink, synced: synced, known: map[types.UID]runtime.Object{}}
}

// errMissing says that an optional resource cannot be had.
var errMissing = errors.New("an optional resource cannot be read")

// errExpired says that changes since the known version can no longer be had.
var errExpired = errors.New("the resource version has expired")

func (f *follower) follow(ctx context.Context) error {
	if err := f.relist(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		if f.optional {
			return errMissing
		}
		return fmt.Errorf("list %s: %w", f.name, err)
	}
	f.synced()

	var again reopening
	for ctx.Err() == nil {
		opened := f.now()
		err := f.watchOnce(ctx)
		lived := f.now().Sub(opened)
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, errExpired) {
			err = f.relistAfterGap(ctx)
		}
		if !pause(ctx, again.pause(lived, err)) {
			return nil
		}
	}
	return nil
}

// relistAfterGap lists anew and records the time in which changes were missed.
func (f *follower) relistAfterGap(ctx context.Context) error {
	from := f.contact
	if err := f.relist(ctx); err != nil {
		return err
	}
	f.gap(from, "the watch expired; the state was listed anew")
	return nil
}

func (f *follower) relist(ctx context.Context) error {
	list, err := f.list(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	at := f.now()
	listMeta, err := meta.ListAccessor(list)
	if err != nil {
		return err
	}
	items, err := meta.ExtractList(list)
	if err != nil {
		return err
	}

	gone := f.known
	f.known = make(map[types.UID]runtime.Object, len(items))
	for _, item := range items {
		delete(gone, uidOf(item))
		f.take(at, recording.Listed, item)
	}
	for _, last := range gone {
		f.take(at, recording.Deleted, last)
	}
	f.version, f.contact = listMeta.GetResourceVersion(), at
	return nil
}

// watchOnce follows the resource from the known version until the server ends
// the watch, which it does after watchTime.
func (f *follower) watchOnce(ctx context.Context) error {
	from := f.contact
	w, err := f.watch(ctx, metav1.ListOptions{
		ResourceVersion: f.version, AllowWatchBookmarks: true, TimeoutSeconds: new(int64(watchTime / time.Second)),
	})
	if err != nil {
		if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
			return errExpired
		}
		return err
	}
	// No watch.Interface promises to end with its context.
	defer context.AfterFunc(ctx, w.Stop)()
	defer w.Stop()
	opened := f.now()
	if f.contact = opened; opened.Sub(from) > tolerableBlackout {
		f.gap(from, "the watch was down; changes in this time arrived late")
	}

	heard := false
	for event := range w.ResultChan() {
		at := f.now()
		if event.Type == watch.Error {
			if !heard {
				// Nothing came since before this watch: it was never whole.
				f.contact = from
			}
			err := apierrors.FromObject(event.Object)
			if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
				return errExpired
			}
			return err
		}
		heard, f.contact = true, at
		switch event.Type {
		case watch.Bookmark:
		case watch.Added:
			f.takeNew(at, recording.Added, event.Object)
		case watch.Modified:
			f.takeNew(at, recording.Modified, event.Object)
		case watch.Deleted:
			f.take(at, recording.Deleted, event.Object)
		}
		if accessor, err := meta.Accessor(event.Object); err == nil {
			f.version = accessor.GetResourceVersion()
		}
	}
	// A watch that lasted its time ended in good order: nothing was missed, and
	// the next one goes on from the same version. One that ended early may have
	// been dead since its last event (client-go closes it without an error).
	if now := f.now(); now.Sub(opened) >= watchTime-retryPause {
		f.contact = now
	}
	return nil
}

// takeNew drops a state that was told before.
func (f *follower) takeNew(at time.Time, change recording.Change, object runtime.Object) {
	if last, found := f.known[uidOf(object)]; found && versionOf(last) != "" && versionOf(last) == versionOf(object) {
		return
	}
	f.take(at, change, object)
}

func (f *follower) take(at time.Time, change recording.Change, object runtime.Object) {
	if change == recording.Deleted {
		delete(f.known, uidOf(object))
	} else {
		f.known[uidOf(object)] = object
	}
	if event, ok := f.observe(change, object); ok {
		event.At = at
		f.sink(event)
	}
}

func (f *follower) gap(from time.Time, reason string) {
	now := f.now()
	f.sink(recording.Event{At: now, Gap: &recording.Gap{Resource: f.name, From: from, To: now, Reason: reason}})
}

func uidOf(object runtime.Object) types.UID {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return ""
	}
	return accessor.GetUID()
}

func versionOf(object runtime.Object) string {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return ""
	}
	return accessor.GetResourceVersion()
}

// pause waits and tells whether ctx is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
