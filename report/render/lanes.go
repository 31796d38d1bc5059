package render

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// inOrderOfEnds gives the pods of the picture, those first that ended first, as a
// whole or in one container. Behind them are those that did not end, in the order of
// their creation.
func inOrderOfEnds(r *report.Report) []*report.Pod {
	ends := map[string]time.Time{}
	for i := range r.Terminations {
		t := &r.Terminations[i]
		at := endBegan(t)
		if known, ok := ends[t.UID]; !ok || at.Before(known) {
			ends[t.UID] = at
		}
	}
	pods := make([]*report.Pod, 0, len(r.Picture.Pods))
	for i := range r.Picture.Pods {
		pods = append(pods, &r.Picture.Pods[i])
	}
	slices.SortStableFunc(pods, func(a, b *report.Pod) int {
		atA, endedA := ends[a.UID]
		atB, endedB := ends[b.UID]
		switch {
		case endedA && endedB:
			return atA.Compare(atB)
		case endedA:
			return -1
		case endedB:
			return 1
		default:
			return 0
		}
	})
	return pods
}

// endBegan is the first moment that is known of an end.
func endBegan(t *report.Termination) time.Time {
	for _, moment := range []report.Interval{t.Requested, t.Seen, t.Sigterm, t.Exited, t.Gone} {
		if moment.Known() {
			return moment.From
		}
	}
	return time.Time{}
}
