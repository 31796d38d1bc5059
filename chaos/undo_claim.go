package chaos

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Claim keeps other runs away from the workload until Release. It fails with a
// ClaimedError where another run holds it, and has written nothing then. A run that
// holds it already goes on doing so.
func (d *Driver) Claim(ctx context.Context) error {
	s, err := d.Workload.readAgain(ctx)
	if err != nil {
		return err
	}
	if len(d.held) == 1 && d.held[0] != "" && d.held.stands(s) {
		return nil
	}
	if d.claimedAt.IsZero() {
		d.claimedAt = d.Now()
	}
	to, err := d.note(nil)
	if err != nil {
		return err
	}
	free := func(s state) error { return d.Workload.claimed(s, d.Run, d.Now()) }
	if err := free(s); err != nil {
		return err
	}
	_, _, err = d.held.revise(ctx, d.Workload, d.during, to, free, nothing)
	if _, theirs := errors.AsType[*ClaimedError](err); theirs {
		d.held = nil // and no earlier write of ours can go through any more
	}
	return err
}

// Release puts back what is still undone, as Restore does, and then the settings, and
// gives the workload free. It may be called again, and does nothing where nothing is held.
func (d *Driver) Release(ctx context.Context) error {
	err := d.restoreAll(ctx)
	if d.owes() {
		return err
	}
	return errors.Join(err, d.drop(ctx))
}

// drop removes the note.
func (d *Driver) drop(ctx context.Context) error {
	if len(d.held) == 0 || len(d.held) == 1 && d.held[0] == "" {
		return nil
	}
	var err error
	if len(d.held) > 1 {
		// A write whose answer was lost may still be under way. A later one makes
		// that impossible.
		err = d.renote(ctx, nil)
	}
	if err == nil {
		_, _, err = d.held.revise(ctx, d.Workload, untimed, "", d.ours, nothing)
	}
	theirs, taken := errors.AsType[*ChangedError](err)
	switch {
	case taken && theirs.Released && !d.commanded:
		// Another run may have been at work meanwhile: what was seen may not be this
		// one's doing alone.
		d.held = nil
		return err
	case taken || apierrors.IsNotFound(err):
		// It bears nothing of this run any more, as it is another one by now, or a
		// command has written it anew.
	case err != nil:
		return d.leftError("the annotation "+undoKey, err)
	}
	d.held = nil
	return nil
}

// renote makes the note tell of the change, or of none, and changes nothing else.
func (d *Driver) renote(ctx context.Context, c *change) error {
	to, err := d.note(c)
	if err != nil {
		return err
	}
	_, _, err = d.held.revise(ctx, d.Workload, untimed, to, d.ours, nothing)
	return err
}

// ours refuses a workload that does not bear this run's note any more.
func (d *Driver) ours(s state) error {
	if d.held.stands(s) {
		return nil
	}
	return &ChangedError{Object: d.Workload.String(), Released: true, Problem: "was given free by somebody else while this run was at work on it, and it is left as it is"}
}

// note gives a text for the annotation that no other one is like.
func (d *Driver) note(c *change) (string, error) {
	d.notes++
	return note{Run: d.Run, UID: d.Workload.uid, Since: d.claimedAt, Until: d.Until, Senders: d.Senders, Number: d.notes, Change: c, Standing: d.standing}.text()
}
