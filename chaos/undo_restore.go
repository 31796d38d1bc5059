package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/shutdowncheck/shutdowncheck/internal/retry"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Restore undoes what is still undone. It returns when the workload wants what it
// wanted before, not when its pods are Ready. A server that is out of order is
// asked again until ctx ends. Restore may be called again: it takes up what it
// could not do, and does nothing where nothing is left. The error is a LeftError,
// or a ChangedError where somebody else has changed the same thing since: that is
// left as it is.
func (d *Driver) Restore(ctx context.Context) error { return d.undo(ctx, "") }

// undo puts back the open change, if that is still needed.
func (d *Driver) undo(ctx context.Context, phase recording.RunPhase) error {
	if d.open == nil {
		return nil
	}
	if d.kept {
		err := d.renote(ctx, nil)
		if err != nil && !isChanged(err) {
			return d.leftError("the annotation "+undoKey, err)
		}
		return d.closeChange(err)
	}
	c := *d.open
	did, when, err := d.putBack(ctx, c, phase, func(n *note) *change { return n.Change })
	if err != nil {
		err = fmt.Errorf("put back the %s: %w", c.name(), err)
	}
	d.recordUndo(c, phase, did, when, err)
	switch {
	case err == nil:
		return d.closeChange(d.journal(stepRestored, c))
	case isChanged(err):
		return errors.Join(err, d.closeChange(d.journal(stepLeft, c)))
	default:
		return d.leftError(c.kind().left(), err)
	}
}

// closeChange ends the open change, for which nothing more can be done in the cluster.
func (d *Driver) closeChange(err error) error {
	d.open, d.kept = nil, false
	return err
}

// putBack undoes one change and takes it off the note, in one write where both are
// the workload's. did says what was done, empty if nothing had to be: then it records
// who was quicker. noted is where the note tells of it.
func (d *Driver) putBack(ctx context.Context, c change, phase recording.RunPhase, noted func(*note) *change) (did string, when span, err error) {
	w, kind := d.Workload, c.kind()
	var theirs error
	if other, ok := kind.(outside); ok {
		did, when, err = other.putBack(ctx, w, d.during)
		if err != nil && !isChanged(err) {
			return "", span{}, err
		}
		theirs = err
	}
	to, err := d.note(nil)
	if err != nil {
		return did, when, err
	}
	// As the last reading showed it: what was done, what somebody else has changed, and
	// the state in which nothing had to be done.
	var back string
	var taken error
	var already *state
	_, edited, err := d.held.revise(ctx, w, d.during, to, d.ours, func(s state) (e edit, err error) {
		back, taken, already = "", nil, nil
		if n, err := s.note(); err != nil || n == nil || noted(n) == nil {
			return edit{}, err // the change has not come about, and now it cannot
		}
		e, back, err = w.undone(ctx, s, c)
		switch {
		case isChanged(err):
			taken, err = err, nil
		case err == nil && back == "":
			already = &s
		}
		return e, err
	})
	if apierrors.IsNotFound(err) {
		err = w.changed("does not exist any more, so nothing can be put back")
	}
	switch _, elsewhere := kind.(outside); {
	case elsewhere && isChanged(err):
		err = nil // what was changed was not the workload
	case back != "":
		did, when = back, edited
	}
	if err == nil {
		if already != nil {
			d.recordTakenBack(ctx, c, phase, *already)
		}
		err = errors.Join(theirs, taken)
	}
	if after, ok := kind.(cleanup); ok && err == nil {
		err = retry.Insist(ctx, func() error { return after.clear(ctx, w) })
	}
	return did, when, err
}

// undone is the edit that undoes a change. It is refused with a ChangedError where
// the workload was rolled out since.
func (w *Workload) undone(ctx context.Context, s state, c change) (e edit, did string, err error) {
	e, did, err = c.kind().undone(ctx, w, s)
	if err == nil && did != "" && s.overtook(&c) {
		return edit{}, "", w.changed(fmt.Sprintf("was rolled out by somebody else since (revision %d), and it is left so", s.revision()))
	}
	return e, did, err
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

// recordTakenBack records who has undone a change of which s shows nothing any more.
func (d *Driver) recordTakenBack(ctx context.Context, c change, phase recording.RunPhase, s state) {
	if kind, ok := c.kind().(revocable); ok {
		d.Record(recording.Action{
			At: d.Now(), Kind: recording.TakenBack, Phase: phase, Disruption: c.index,
			Name: c.name(), Object: d.Workload.String(), Detail: kind.takenBack(ctx, d.Workload, s),
		})
	}
}

// keep settles the change of a disruption that came to its end: it is what was
// asked for, so it stays. Where the note of it cannot be removed now, Restore tries
// again.
func (a *attempt) keep(ctx context.Context) error {
	if a.open == nil {
		return nil
	}
	a.kept = true
	if err := errors.Join(a.journal(stepKept, *a.open), a.undo(ctx, recording.Disrupt)); err != nil {
		return fmt.Errorf("the %s of %s came to its end, but: %w", a.name, a.Workload, err)
	}
	return nil
}

// isChanged tells whether putting back failed for good because the workload is
// no longer what this run made of it.
func isChanged(err error) bool {
	_, theirs := errors.AsType[*ChangedError](err)
	return theirs
}

// leftError tells what is left in the cluster, and how it is put back.
func (d *Driver) leftError(what string, err error) error {
	return &LeftError{Object: d.Workload.String(), Namespace: d.Workload.namespace, What: what, Restore: d.Workload.restoreCommand(), Err: err}
}
