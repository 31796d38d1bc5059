package check

import "math"

// StreamBudget is what one stream is held to besides the whole check's budget, which counts
// its failures too: both have to be kept. What it leaves out has no bound of its own.
type StreamBudget struct {
	// Failed is the number of the stream's failed requests tolerated.
	Failed *int `json:"failed,omitempty"`
	// Maskable is how many maskable ones are tolerated beyond Failed; the whole budget's
	// where it is left out.
	Maskable *int `json:"maskable,omitempty"`
	// Unattributed is how many of its failures may stay without an explanation.
	Unattributed *int `json:"unattributed,omitempty"`
	// P50 to P99 and Max take the place of the whole budget's for the stream.
	P50 Duration `json:"p50,omitempty"`
	P90 Duration `json:"p90,omitempty"`
	P95 Duration `json:"p95,omitempty"`
	P99 Duration `json:"p99,omitempty"`
	Max Duration `json:"max,omitempty"`
}

// Beside gives the stream's own bounds in full. Where there is none, no number of failures
// exceeds it.
func (b *StreamBudget) Beside(whole Budget) Budget {
	or := func(n *int, otherwise int) int {
		if n == nil {
			return otherwise
		}
		return *n
	}
	return Budget{
		Failed:       or(b.Failed, math.MaxInt),
		Maskable:     or(b.Maskable, whole.Maskable),
		Unattributed: or(b.Unattributed, math.MaxInt),
	}
}

func (s Stream) validateBudget(at string, whole Budget, p *problems) {
	own := s.Budget
	if own == nil {
		return
	}
	bound := func(field string, n *int, whole int) {
		switch {
		case n == nil:
		case *n < 0:
			p.budget(at+"."+field, *n)
		case *n > whole:
			p.add(at+"."+field, "%d is more than the %d of budget.%s, which counts all streams; want at most that, or more there", *n, whole, field)
		}
	}
	bound("failed", own.Failed, whole.Failed)
	bound("maskable", own.Maskable, whole.Maskable)
	bound("unattributed", own.Unattributed, whole.Unattributed)
	if own.Maskable != nil && own.Failed == nil {
		p.add(at+".maskable", "it has no use without failed, beyond which it tolerates some; want both")
	}
}

func (b *StreamBudget) clone() *StreamBudget {
	if b == nil {
		return nil
	}
	own := *b
	for _, n := range []**int{&own.Failed, &own.Maskable, &own.Unattributed} {
		if *n != nil {
			*n = new(**n)
		}
	}
	return &own
}
