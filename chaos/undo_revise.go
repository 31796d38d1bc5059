package chaos

import (
	"context"
	"slices"

	"github.com/shutdowncheck/shutdowncheck/internal/retry"
)

// hold is what the workload may bear of this run: the text of its note, or several
// while it is not known whether writes have gone through. The empty text stands for
// no note. No other text comes twice.
type hold []string

// stands tells whether the workload bears one of them.
func (h *hold) stands(s state) bool { return slices.Contains(*h, s.meta.Annotations[undoKey]) }

// revise is the only way in which a run changes its workload: it replaces its note
// by another one, and makes in the same write the edit that goes with it. from
// refuses states that are not to be touched: a hold's own allows only those in
// which its note stands, so that nothing is written where another run or a person
// has taken over. after is the state that then was.
func (h *hold) revise(ctx context.Context, w *Workload, during timer, to string, from func(state) error, plan func(state) (edit, error)) (after state, when span, err error) {
	unsure := false
	when, err = fenced(ctx, during, func() (func() error, error) {
		s, err := w.readAgain(ctx)
		if err != nil {
			return nil, err
		}
		present := s.meta.Annotations[undoKey]
		if present == to {
			*h, after = hold{to}, s
			return nil, nil
		}
		if err := from(s); err != nil {
			return nil, err
		}
		e, err := plan(s)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(*h, present) {
			*h = hold{present} // that of a run that is over
		}
		before := slices.Clone(*h)
		if !slices.Contains(*h, to) {
			*h = append(*h, to)
		}
		return func() error {
			var err error
			after, err = w.apply(ctx, s, e.noting(to))
			unsure = unsure || retry.Unknown(err)
			switch {
			case err == nil:
				*h = hold{to} // no earlier write can go through any more
			case !unsure:
				*h = before
			}
			return err
		}, nil
	})
	return after, when, err
}

// nothing is the plan of a revision that changes the note alone.
func nothing(state) (edit, error) { return edit{}, nil }
