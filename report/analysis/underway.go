package analysis

import (
	"maps"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// onsets are endings in the order of the onsets by which each had certainly
// begun. A long request that was under way then is one that the pod had to finish.
type onsets []*ending

func newOnsets(endings []*ending) onsets {
	o := slices.Clone(endings)
	slices.SortStableFunc(o, func(a, b *ending) int { return a.begunBy().Compare(b.begunBy()) })
	return o
}

// during gives those that began in that time.
func (o onsets) during(from, to time.Time) onsets {
	byMoment := func(t *ending, when time.Time) int { return t.begunBy().Compare(when) }
	first, _ := slices.BinarySearchFunc(o, from, byMoment)
	last := first
	for last < len(o) && !o[last].begunBy().After(to) {
		last++
	}
	return o[first:last]
}

// longPart is the part of a request that a stream of its kind is there for: from
// its being written, or from the first byte of its answer, to its end. There is
// none in a stream of short requests, or where the request never came to that.
func longPart(kind check.StreamKind, s *recording.Sample) (from, to time.Time, ok bool) {
	begun := s.Written
	if kind == check.Streaming {
		begun = s.FirstByte
	}
	if !kind.Long() || begun == recording.NotReached {
		return time.Time{}, time.Time{}, false
	}
	return s.Scheduled.Add(begun), s.EndAt(), true
}

// underWay counts for an end the long requests that were under way when it began:
// by stream those of its own pod, and whether there were any at all.
type underWay struct {
	here     map[string]int
	anywhere map[string]bool
}

func (u *underWay) add(stream string, here bool) {
	if u.anywhere == nil {
		u.here, u.anywhere = map[string]int{}, map[string]bool{}
	}
	u.anywhere[stream] = true
	if here {
		u.here[stream]++
	}
}

// clone is one that can be added to.
func (u *underWay) clone() underWay {
	return underWay{here: maps.Clone(u.here), anywhere: maps.Clone(u.anywhere)}
}

// shownKind is what a report tells of a stream's kind: nothing of the common one.
func shownKind(kind check.StreamKind) check.StreamKind {
	if kind.Long() {
		return kind
	}
	return ""
}
