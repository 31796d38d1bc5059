package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// sender is one of the pods that sent the requests.
type sender struct {
	recording.Sender
	// end is what is known of its load's end; nil where that is not recorded.
	end *recording.SenderEnd
	// lost is why nothing more came from it, lostAt when it was heard last; empty and
	// zero where all that it sent is recorded.
	lost   string
	lostAt time.Time
	clock  senderClock
}

// readSenders gives them by their index; none where the program itself sent.
func readSenders(r *recording.Recording) []*sender {
	all := make([]*sender, len(r.Header.Senders))
	for i, s := range r.Header.Senders {
		s.Index = i
		all[i] = &sender{Sender: s}
	}
	known := func(index int) bool { return index >= 0 && index < len(all) }
	for i := range r.Actions {
		a := &r.Actions[i]
		switch {
		case !known(a.Sender):
		case a.Kind == recording.SenderLost:
			all[a.Sender].lose(a.Detail, a.At)
		case a.Kind == recording.ClockMeasured && a.Clock != nil:
			all[a.Sender].clock.take(*a.Clock)
		}
	}
	if r.Ending == nil {
		return all
	}
	for i := range r.Ending.Senders {
		end := &r.Ending.Senders[i]
		if !known(end.Index) {
			continue
		}
		all[end.Index].end = end
		if end.Lost != "" {
			all[end.Index].lose(end.Lost, end.LostAt)
		}
	}
	return all
}

// lose notes that nothing more came from it.
func (s *sender) lose(why string, at time.Time) {
	s.lost, s.lostAt = why, at
	if why == "" {
		s.lost = "why is not known"
	}
}

// client is how its process fared; nil where it did not say.
func (s *sender) client() *recording.Client {
	if s.end == nil {
		return nil
	}
	return s.end.Client
}

// stream is what it told of its share of a stream.
func (s *sender) stream(name string) (recording.StreamEnd, bool) {
	if s.end == nil {
		return recording.StreamEnd{}, false
	}
	return streamEnd(s.end.Streams, name)
}

func streamEnd(ends []recording.StreamEnd, name string) (recording.StreamEnd, bool) {
	for _, end := range ends {
		if end.Name == name {
			return end, true
		}
	}
	return recording.StreamEnd{}, false
}

// senderClock is by how much a sender's clock was ahead of the run's.
//
// Each measurement bounds it. A round trip that took long tells next to nothing, so
// that the bounds which hold for the run are the narrowest ones: the offset stays the
// same but for drift, as that of the cluster's components does. Where no one offset
// fits all measurements, it is known to have gone from one to the other.
type senderClock struct {
	measured bool
	// greatest is the greatest of the lower bounds, least the least of the upper ones.
	greatest, least time.Duration
}

func (c *senderClock) take(o recording.ClockOffset) {
	from, to := time.Duration(o.From), time.Duration(o.To)
	if !c.measured {
		c.measured, c.greatest, c.least = true, from, to
		return
	}
	c.greatest, c.least = max(c.greatest, from), min(c.least, to)
}

// offset is known to lie between these; zero where it was not measured.
func (c *senderClock) offset() span { return span{min(c.greatest, c.least), max(c.greatest, c.least)} }

// off is by how much the clock was certainly off at some time.
func (c *senderClock) off() time.Duration { return max(0, c.greatest, -c.least) }

// told is the offset as a report has it; nil where it was not measured.
func (c *senderClock) told() *recording.ClockOffset {
	if !c.measured {
		return nil
	}
	offset := c.offset()
	return &recording.ClockOffset{From: report.Duration(offset.least), To: report.Duration(offset.most)}
}

// doubtOf is by how much requests' times may be off against those of all else that is
// recorded: the widest of what is known of any sender. It holds 0, so that it widens
// and moves nothing.
func doubtOf(senders []*sender) span {
	var doubt span
	for _, s := range senders {
		offset := s.clock.offset()
		doubt = span{min(doubt.least, offset.least), max(doubt.most, offset.most)}
	}
	return doubt
}
