package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Restore undoes what is still undone and removes the annotation. It returns
// when the workload wants what it wanted before, not when its pods are Ready.
// A server that is out of order is asked again until ctx ends. Restore may be
// called again: it takes up what it could not do, and does nothing where
// nothing is left. A ChangedError in its error is somebody else's change that
// was left as it is.
func (d *Driver) Restore(ctx context.Context) error { return d.undo(ctx, "") }

// undo puts back the open change, if that is still needed, and removes the
// note of it.
func (d *Driver) undo(ctx context.Context, phase recording.RunPhase) error {
	if d.open == nil {
		return nil
	}
	var failure error
	if !d.open.settled {
		did, when, err := d.Workload.putBack(ctx, d.during, *d.open)
		d.recordUndo(*d.open, phase, did, when, err)
		became := stepRestored
		if err != nil {
			if !changed(err) {
				return err
			}
			became = stepLeft
		}
		d.open.settled = true
		failure = errors.Join(err, d.journal(became, *d.open))
	}
	err := insist(ctx, func() error { return d.Workload.writeNote(ctx, d.Run, nil) })
	if err != nil {
		return errors.Join(failure, fmt.Errorf("removing the annotation %s: %w", undoKey, err))
	}
	d.open = nil
	return failure
}

func (d *Driver) recordUndo(c change, phase recording.RunPhase, did string, when span, err error) {
	action := recording.Action{
		At: when.at, Done: when.done, Kind: recording.Restored, Phase: phase,
		Disruption: c.index, Name: c.name(), Object: d.Workload.String(), Detail: did,
	}
	switch {
	case err != nil:
		action.At, action.Done = d.Now(), time.Time{}
		action.Kind, action.Detail = recording.RestoreFailed, err.Error()
	case did == "":
		return
	}
	d.Record(action)
}

// keep settles the change of a disruption that came to its end: it is what was
// asked for, so it stays. Where the note of it cannot be removed now, Restore
// tries again.
func (a *attempt) keep(ctx context.Context) error {
	if a.open == nil || a.open.settled {
		return nil
	}
	a.open.settled = true
	if err := errors.Join(a.journal(stepKept, *a.open), a.undo(ctx, recording.Disrupt)); err != nil {
		return fmt.Errorf("the %s of %s came to its end, but: %w", a.name, a.Workload, err)
	}
	return nil
}

// changed tells whether putting back failed for good because the workload is
// no longer what this run made of it.
func changed(err error) bool {
	_, theirs := errors.AsType[*ChangedError](err)
	return theirs
}

// putBack undoes one change. did says what was done, empty if nothing had to
// be. It is given up only when ctx ends or somebody else's change forbids it.
func (w *Workload) putBack(ctx context.Context, during timer, c change) (did string, when span, err error) {
	err = insist(ctx, func() error {
		did, when, err = c.kind().putBack(ctx, w, c, during)
		if apierrors.IsNotFound(err) {
			return &ChangedError{Object: w.String(), Problem: "does not exist any more, so nothing can be put back"}
		}
		return err
	})
	if err != nil {
		return "", span{}, fmt.Errorf("putting back the %s: %w", c.name(), err)
	}
	return did, when, nil
}

// writeNote makes the annotation tell of the change, or removes it if c is nil.
// Where another run's annotation stands, a change is refused with a
// ClaimedError, and a removal leaves it alone.
func (w *Workload) writeNote(ctx context.Context, run string, c *change) error {
	value, err := w.noteOf(run, c)
	if err != nil {
		return err
	}
	return onConflict(ctx, func() error {
		s, err := w.read(ctx)
		if c == nil && (apierrors.IsNotFound(err) || changed(err)) {
			return nil
		}
		if err != nil {
			return err
		}
		if c == nil {
			if n, err := w.readNote(s); n == nil || n.Run != run {
				return err
			}
		}
		if err := w.claimed(s, run); err != nil {
			return err
		}
		_, err = w.apply(ctx, s, edit{annotations: map[string]any{undoKey: value}})
		return err
	})
}

// Undo puts back what a run that is over has left undone on the workload, as
// its annotation tells, and removes the annotation. It gives one line for each
// thing put back; none if nothing was left. Errors are those of Restore.
func Undo(ctx context.Context, client kubernetes.Interface, namespace string, ref check.Workload) ([]string, error) {
	w, s, err := find(ctx, client, namespace, ref)
	if err != nil {
		return nil, err
	}
	n, err := w.readNote(s)
	if n == nil || err != nil {
		return nil, err
	}
	did, failure := w.undoNote(ctx, n)
	if failure != nil && !changed(failure) {
		return nil, failure
	}
	var lines []string
	if did != "" {
		lines = []string{fmt.Sprintf("%s: %s (run %s)", w, did, n.Run)}
	}
	err = insist(ctx, func() error { return w.writeNote(ctx, n.Run, nil) })
	return lines, errors.Join(failure, err)
}

func (w *Workload) undoNote(ctx context.Context, n *note) (did string, err error) {
	if n.UID != w.uid {
		return "", &ChangedError{Object: w.String(), Problem: "bears an annotation that was copied from another object; it is removed, and nothing is put back"}
	}
	untimed := func(call func() error) (span, error) { return span{}, call() }
	did, _, err = w.putBack(ctx, untimed, n.Change)
	return did, err
}
