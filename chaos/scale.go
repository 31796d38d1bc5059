package chaos

import (
	"context"
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// scale sets the replicas, and back again unless told otherwise.
type scale struct{ *check.Scale }

func (c scale) validate(_ context.Context, w *Workload, s state) (field, problem string, err error) {
	switch {
	case !w.api.scalable:
		return "", fmt.Sprintf("%s has no replicas to set; want restart", w), nil
	case c.To == s.replicas:
		fewer := fmt.Sprintf("0 to %d", s.replicas-1)
		if s.replicas == 1 {
			fewer = "0"
		}
		return "to", fmt.Sprintf("%d replicas, but %s wants %d now, so nothing would end; want %s, or more than %d", c.To, w, s.replicas, fewer, s.replicas), nil
	case c.To > s.replicas && !restores(c.Restore):
		return "restore", fmt.Sprintf("false, but %s is scaled up from %d to %d, so nothing would end; want true, which ends the surplus", w, s.replicas, c.To), nil
	}
	return "", "", nil
}

func (c scale) describe(w *Workload, s *state) string {
	line := fmt.Sprintf("scale %s from %d to %d", w, s.replicas, c.To)
	switch {
	case c.To > s.replicas:
		return fmt.Sprintf("%s, then back to %d: ends %s", line, s.replicas, podCount(c.To-s.replicas))
	case restores(c.Restore):
		return fmt.Sprintf("%s: ends %s, then back to %d", line, podCount(s.replicas-c.To), s.replicas)
	}
	line = fmt.Sprintf("%s: ends %s", line, podCount(s.replicas-c.To))
	s.replicas = c.To
	return line + ", and it stays so"
}

func (scale) permissions(check.Workload) []Permission { return nil }

// restores tells whether a change is put back at its end.
func restores(restore *bool) bool { return restore == nil || *restore }

// scaleChange is what the replicas were and became.
type scaleChange struct {
	From int32 `json:"from"`
	To   int32 `json:"to"`
}

func (*scaleChange) name() check.DisruptionKind { return check.KindScale }

func (c *scaleChange) overtaken(s state, before int64) bool {
	return s.revision() > before && s.replicas != c.To
}

func (*scaleChange) revision(before int64) int64 { return before }

func (c *scaleChange) left() string {
	return fmt.Sprintf("the replicas are %d instead of %d", c.To, c.From)
}

func (c *scaleChange) made(w *Workload, s state) (edit, error) {
	if s.replicas != c.From {
		return edit{}, w.changed("was scaled by somebody else at the same moment")
	}
	return edit{replicas: &c.To}, nil
}

func (c *scaleChange) undone(ctx context.Context, w *Workload, s state) (edit, string, error) {
	switch s.replicas {
	case c.From:
		return edit{}, "", nil
	case c.To:
		return edit{replicas: &c.From}, fmt.Sprintf("replicas set back from %d to %d", c.To, c.From), nil
	default:
		return edit{}, "", w.changed(fmt.Sprintf(
			"wants %s, not the %d of this run: %s has changed it, and it is left so", podCount(s.replicas), c.To, w.scaledBy(ctx, s.meta)))
	}
}

// takenBack tells who set the replicas to what they were. That was not the run, which
// writes them together with its note.
func (c *scaleChange) takenBack(ctx context.Context, w *Workload, s state) string {
	return fmt.Sprintf("%s set the replicas to %d again", w.scaledBy(ctx, s.meta), c.From)
}

// do sets the replicas, and back.
func (c scale) do(ctx context.Context, a *attempt, s state) error {
	w, before := a.Workload, a.view.activePods()
	after, when, err := a.begin(ctx, change{Revision: s.revision(), Scale: &scaleChange{From: s.replicas, To: c.To}})
	if err != nil {
		return fmt.Errorf("scale %s: %w", w, err)
	}
	requested := fmt.Sprintf("replicas set from %d to %d", s.replicas, c.To)
	if c.To > s.replicas {
		a.record(recording.Requested, when, requested)
		return c.upAndBack(ctx, a, s)
	}
	err = a.awaitVictims(ctx, s, c.To, after.meta.Generation, before)
	a.record(recording.Requested, when, requested)
	if err != nil {
		return err
	}
	if err := a.awaitLeft(ctx, c.To, after.meta.Generation, before); err != nil {
		return err
	}
	if restores(c.Restore) {
		if err := a.undo(ctx, recording.Disrupt); err != nil {
			return err
		}
	}
	return a.awaitSteady(ctx)
}

// upAndBack waits until the surplus is Ready and has settled, sets the replicas
// back, and waits until the pods that had to go for it are gone.
func (c scale) upAndBack(ctx context.Context, a *attempt, s state) error {
	if err := a.awaitSteady(ctx); err != nil {
		return err
	}
	if err := a.awaitSettled(ctx); err != nil {
		return err
	}
	before := a.view.activePods()
	if err := a.undo(ctx, recording.Disrupt); err != nil {
		return err
	}
	now, err := a.Workload.readAgain(ctx)
	if err != nil {
		return err
	}
	if err := a.awaitVictims(ctx, s, s.replicas, now.meta.Generation, before); err != nil {
		return err
	}
	if err := a.awaitLeft(ctx, s.replicas, now.meta.Generation, before); err != nil {
		return err
	}
	return a.awaitSteady(ctx)
}
