package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// moments are the terminations in the order of the moments by which each had
// certainly begun. A long request that was under way then is one that the pod had
// to finish.
type moments []*termination

func newMoments(ended []*termination) moments {
	m := slices.Clone(ended)
	slices.SortStableFunc(m, func(a, b *termination) int { return a.begunBy().Compare(b.begunBy()) })
	return m
}

// during gives the terminations that began in that time.
func (m moments) during(from, to time.Time) moments {
	byMoment := func(t *termination, when time.Time) int { return t.begunBy().Compare(when) }
	first, _ := slices.BinarySearchFunc(m, from, byMoment)
	last := first
	for last < len(m) && !m[last].begunBy().After(to) {
		last++
	}
	return m[first:last]
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

// underWay notes of a long request the terminations that began in the meantime:
// that of its own pod, which has the UID, and any.
func (t *traffic) underWay(s *recording.Sample, tally *streamTally, uid string) {
	from, to, ok := longPart(tally.kind, s)
	if !ok {
		return
	}
	if s.Outcome == recording.OK {
		tally.longestPart = max(tally.longestPart, to.Sub(from))
	}
	for _, e := range t.moments.during(from, to) {
		e.underWay(s.Stream, e.UID == uid)
	}
}

func (t *termination) underWay(stream string, here bool) {
	if t.UnderWay == nil {
		t.UnderWay, t.underWayAnywhere = map[string]int{}, map[string]bool{}
	}
	t.underWayAnywhere[stream] = true
	if here {
		t.UnderWay[stream]++
	}
}

// failedUnderWay does so for the failures, once they are tied to their pods: to the
// one that they name, or else to the only one that explains them.
func (t *traffic) failedUnderWay(pods *podIndex) {
	for _, f := range t.failures {
		uid := ""
		if life := identify(f, pods); life != nil {
			uid = life.uid
		} else if len(f.suspects) == 1 {
			uid = f.suspects[0].UID
		}
		t.underWay(&f.Sample, t.byName[f.Stream], uid)
	}
}

// metLong tells whether the end of the pod began while it had a long request of
// the stream. Where answers do not name their pods any request counts: that there
// was none at all can still be told.
func (t *termination) metLong(s *streamTally) bool {
	if s.podsNamed {
		return t.UnderWay[s.Name] > 0
	}
	return t.underWayAnywhere[s.Name]
}

// longWords tell what a stream of long requests had none of, and what did not last
// long enough.
func longWords(s *streamTally) (missing, tooShort string) {
	where := "any pod"
	if s.podsNamed {
		where = "the pod"
	}
	took := text.Coarse(max(s.longestPart, time.Millisecond)) // it is a bound
	missing, tooShort = "request under way in "+where, "its requests took "+took+" at most"
	if s.kind == check.Streaming {
		missing, tooShort = "answer on its way from "+where, "reading one took "+took+" at most"
	}
	if s.OK == 0 {
		tooShort = "none was answered"
	}
	return missing, tooShort
}

// shownKind is what a report tells of a stream's kind: nothing of the common one.
func shownKind(kind check.StreamKind) check.StreamKind {
	if kind.Long() {
		return kind
	}
	return ""
}
