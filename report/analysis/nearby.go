package analysis

import "slices"

// What an exit cuts ends at one moment, but is noticed when the machine that sent it comes
// round to that: on a busy one tens of milliseconds apart. Of two pods that exit within that
// time, the one of which others were seen to be cut nearest to a request need not be the one
// that cut it. Where the request names its pod no such choice is made.

// exitsNearby gives those that fit a request at an exit less closely than the explanation's
// own, because the others that they cut ended apart from it, but no further apart than news
// may be. sameCause tells that none of them would have lost it for another cause; such a one
// is not among them.
func (s *explainer) exitsNearby(f *examined, e *explained) (also []*suspect, sameCause bool) {
	sameCause = true
	for _, t := range s.near(f) {
		if slices.Contains(e.suspects, t) || !t.cut.Known() || !within(f.EndAt(), t.cut, delivery) {
			continue
		}
		fit := s.explain(f, t)
		switch {
		case fit.strength == 0 || fit.manner != cutAtExit:
		case causeOf(fit.loss) != e.cause:
			sameCause = false
		default:
			also = append(also, t)
		}
	}
	return also, sameCause
}
