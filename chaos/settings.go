package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// SetUp rolls the settings out, before anything is sent, and waits for the rollout's end.
// They stand until Release, or until Keep: other changes are made and undone under them. It
// claims the workload. Where it fails, what it has changed stays changed until Release.
//
// It fails with a NotSteadyError when ctx ends first, and with a RevertedError where they
// are gone when the rollout is over.
func (d *Driver) SetUp(ctx context.Context, to Settings) error {
	if d.standing != nil || d.open != nil {
		return fmt.Errorf("%s bears another change already", d.Workload)
	}
	v, err := d.Workload.watch(ctx)
	if err != nil {
		return err
	}
	defer v.close()
	if err := d.Claim(ctx); err != nil {
		return err
	}
	s, err := d.Workload.readAgain(ctx)
	if err != nil {
		return err
	}
	made, there := newSettingsChange(s.template, to)
	if !there {
		return errors.New(noContainer(d.Workload, s, to.Container))
	}
	a := &attempt{Driver: d, view: v, index: recording.NoDisruption, name: kindSettings}
	if !to.are(s.template) { // where they are the workload's own, no pod ends
		a.doomed = slices.DeleteFunc(v.activePods(), s.belowPartition)
	}
	after, err := a.stand(ctx, change{Settings: made})
	if err != nil {
		return fmt.Errorf("roll out the settings of %s: %w", d.Workload, err)
	}
	if err := a.replaced(ctx, after.meta.Generation); err != nil {
		if wait, ok := errors.AsType[*waitError](err); ok {
			err = &NotSteadyError{Name: kindSettings, Object: d.Workload.String(), Reason: wait.reason, Err: wait.err}
		}
		return err
	}
	return d.Stand(ctx)
}

// stand writes the change down and makes it, in one write.
func (a *attempt) stand(ctx context.Context, c change) (after state, err error) {
	c.At, c.index = a.Now(), a.index
	if err := a.journal(stepBegun, c); err != nil {
		return state{}, fmt.Errorf("not begun: %w", err)
	}
	a.standing = &c
	to, err := a.note(nil)
	if err != nil {
		return state{}, err
	}
	after, _, err = a.held.revise(ctx, a.Workload, a.during, to, a.ours, func(s state) (edit, error) {
		return c.kind().made(a.Workload, s)
	})
	return after, err
}

// RevertedError is a workload that somebody else has given other settings while those of a
// run were to stand.
type RevertedError struct {
	// Object is kind/name.
	Object string
	// By names the tools whose marks the object bears, none where it bears none.
	By []string
}

// Error says who may have done it.
func (e *RevertedError) Error() string {
	who := "somebody else (a GitOps tool or an operator)"
	if len(e.By) > 0 {
		who = joinReasons(e.By)
	}
	return fmt.Sprintf("%s does not keep its settings: %s has put others in their place while the run was at work; have that pause, or change the settings where it takes them from", e.Object, who)
}

// Stand fails with a RevertedError where the settings that SetUp has rolled out are gone.
func (d *Driver) Stand(ctx context.Context) error {
	if d.standing == nil {
		return nil
	}
	s, err := d.Workload.readAgain(ctx)
	if err != nil {
		return err
	}
	if !d.standing.Settings.To.are(s.template) {
		return &RevertedError{Object: d.Workload.String(), By: managers(s.meta)}
	}
	return nil
}

// Keep has the settings that stand stay for good, and gives the workload free.
func (d *Driver) Keep(ctx context.Context) error {
	if d.standing == nil {
		return d.Release(ctx)
	}
	if err := d.Stand(ctx); err != nil {
		return err
	}
	c := *d.standing
	if err := d.journal(stepKept, c); err != nil {
		return err
	}
	d.standing = nil
	if err := d.Release(ctx); err != nil {
		d.standing = &c
		return err
	}
	return nil
}

// owes tells whether something is still to be undone.
func (d *Driver) owes() bool { return d.open != nil || d.standing != nil }

// restoreAll undoes what is still undone, the settings last: other changes were made under
// them.
func (d *Driver) restoreAll(ctx context.Context) error {
	err := d.Restore(ctx)
	if d.open != nil || d.standing == nil {
		return err
	}
	return errors.Join(err, d.undoStanding(ctx))
}

func (d *Driver) undoStanding(ctx context.Context) error {
	c := *d.standing
	d.standing = nil // the note that is written with its undoing has it no more
	did, when, err := d.putBack(ctx, c, "", func(n *note) *change { return n.Standing })
	if err != nil {
		err = fmt.Errorf("put back the %s: %w", c.name(), err)
	}
	d.recordUndo(c, "", did, when, err)
	switch {
	case err == nil:
		return d.journal(stepRestored, c)
	case isChanged(err):
		return errors.Join(err, d.journal(stepLeft, c))
	default:
		d.standing = &c
		return d.leftError(c.kind().left(), err)
	}
}
