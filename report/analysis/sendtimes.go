package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// sendTimes tell when the requests of a stream were sent: of each second the first and the
// last one. What was never sent, for want of a port or a name, is none of them.
type sendTimes struct {
	seconds map[int64]*sendSecond
	// at is the second that was taken last, as requests come in the order of their times.
	at   int64
	held *sendSecond
	last time.Time
}

type sendSecond struct{ first, last time.Time }

func (t *sendTimes) take(s *recording.Sample) {
	if s.Outcome == recording.ClientFault {
		return
	}
	sent := s.SentAt()
	t.last = later(t.last, sent)
	if second := sent.Unix(); t.held == nil || second != t.at {
		t.at, t.held = second, t.seconds[second]
		if t.held == nil {
			if t.seconds == nil {
				t.seconds = map[int64]*sendSecond{}
			}
			t.held = &sendSecond{sent, sent}
			t.seconds[second] = t.held
		}
	}
	t.held.first, t.held.last = earlier(t.held.first, sent), later(t.held.last, sent)
}

// during tells whether one was sent between two moments. Of a part of a second in which
// some were sent before and some after it that is taken for granted.
func (t *sendTimes) during(from, to time.Time) bool {
	holds := func(s *sendSecond) bool { return s != nil && !s.last.Before(from) && !s.first.After(to) }
	if first, last := from.Unix(), to.Unix(); last-first < int64(len(t.seconds)) {
		for second := first; second <= last; second++ {
			if holds(t.seconds[second]) {
				return true
			}
		}
		return false
	}
	for _, s := range t.seconds {
		if holds(s) {
			return true
		}
	}
	return false
}
