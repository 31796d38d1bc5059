package chaos

import (
	"context"
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// disrupter is how one kind of disruption is planned, allowed and done. Each kind
// has a file of its own.
type disrupter interface {
	// validate tells why the workload, as s shows it, cannot undergo it: the
	// field below the disruption's own, empty for the whole, and the problem,
	// empty if it can. The error is a cluster that did not answer.
	validate(ctx context.Context, w *Workload, s state) (field, problem string, err error)
	// describe says in one line what it would do; it may also change s into
	// what the next disruption would find.
	describe(w *Workload, s *state) string
	// permissions are the rights it takes beyond those of every disruption.
	permissions(ref check.Workload) []Permission
	// do carries it out and returns when it is over.
	do(ctx context.Context, a *attempt, s state) error
}

// disrupterOf gives the disrupter of the one kind that d sets; nil if it sets none or
// several.
func disrupterOf(d check.Disruption) disrupter {
	switch d.Kind() {
	case check.KindRestart:
		return restart{}
	case check.KindScale:
		return scale{d.Scale}
	case check.KindDelete:
		return remove{d.Delete}
	case check.KindEvict:
		return evict{d.Evict}
	case check.KindDrain:
		if d.Drain.Node == check.EachInTurn {
			return &drainEach{Drain: d.Drain}
		}
		return &drain{Drain: d.Drain}
	case check.KindKill:
		return &kill{Kill: d.Kill}
	case check.KindImage:
		return &image{Image: d.Image}
	case check.KindCommand:
		return command(d.Command)
	case check.KindObserve:
		return observe{d.Observe}
	default:
		return nil
	}
}

// Claims tells whether a run claims the workload for a disruption: for all but the
// one that only looks on.
func Claims(d check.Disruption) bool { return d.Observe == nil }

// fit gives the disrupter of a disruption that the workload can undergo, with what
// was found out about it; for one that it cannot, the error is a PlanError.
func (w *Workload) fit(ctx context.Context, s state, index int, d check.Disruption) (disrupter, error) {
	at := fmt.Sprintf("disruptions[%d]", index)
	kind := disrupterOf(d)
	if kind == nil {
		return nil, planError(at, "want exactly one disruption")
	}
	at += "." + string(d.Kind())
	if s.replicas == 0 {
		return nil, planError(at, fmt.Sprintf("%s wants no pods, so nothing would end", w))
	}
	field, problem, err := kind.validate(ctx, w, s)
	if err != nil {
		return nil, fmt.Errorf("plan the %s of %s: %w", d.Kind(), w, err)
	}
	if problem == "" {
		return kind, nil
	}
	if field != "" {
		at += "." + field
	}
	return nil, planError(at, problem)
}

func planError(field, problem string) error {
	return &PlanError{Field: &check.FieldError{Field: field, Problem: problem}}
}
