package analysis

import (
	"fmt"
	"math"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// completeness compares the samples that were read with what the streams said to
// have sent. A missing sample may be the one that failed.
type completeness struct {
	senders []*sender
	// streams are the samples of each by their senders; the program itself is the first.
	streams map[string][]arrivals
	// foreign counts the samples of streams that the check does not have, one of
	// which is named; strange those of senders that the run did not have.
	foreign int
	named   string
	strange int
}

// arrivals are the samples that one sender sent of a stream.
type arrivals struct {
	read uint64
	// numbers is the sum of the mixed sequence numbers. Those of another set of as
	// many numbers have the same sum with a probability of 2^-64.
	numbers uint64
}

func newCompleteness(r *recording.Recording, senders []*sender) *completeness {
	c := &completeness{senders: senders, streams: map[string][]arrivals{}}
	for _, s := range r.Header.Check.Streams {
		c.streams[s.Name] = make([]arrivals, max(1, len(senders)))
	}
	return c
}

func (c *completeness) take(s *recording.Sample) {
	shares := c.streams[s.Stream]
	switch {
	case shares == nil:
		if _, probed := recording.WindowOf(s.Stream); probed {
			return
		}
		if c.foreign++; c.foreign == 1 {
			c.named = s.Stream
		}
	case s.Sender < 0 || s.Sender >= len(shares):
		c.strange++
	default:
		a := &shares[s.Sender]
		a.read++
		a.numbers += mix(s.Seq)
	}
}

// inOrder tells whether the numbers are those of the sender with that index of so many,
// from its first one on, each once.
func (a *arrivals) inOrder(index, senders int) bool {
	var sum uint64
	for n := range a.read {
		sum += mix(n*uint64(senders) + uint64(index))
	}
	return a.numbers == sum
}

// mix spreads a number over all bits (splitmix64's finalizer, Steele et al., "Fast
// splittable pseudorandom number generators", 2014).
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// incomplete is what the recording of a run lacks. Its doubts keep the run from
// passing.
type incomplete struct {
	doubts []string
	// unsound tells that not even the failures in it can be counted on: samples are
	// there that were never sent, or what was done and seen meanwhile is missing.
	// Where nothing but samples are missing, those that are there stand.
	unsound bool
	// senderLost tells that a sender's last samples are missing, of any phase.
	senderLost bool
}

func (c *completeness) incomplete(r *recording.Recording) incomplete {
	var i incomplete
	doubt := func(unsound bool, format string, args ...any) {
		i.doubts = append(i.doubts, fmt.Sprintf(format, args...))
		i.unsound = i.unsound || unsound
	}
	for _, loss := range r.Losses {
		doubt(!loss.Samples, "part of the recording is lost: %s", loss.Text)
	}
	if c.foreign > 0 {
		doubt(true, "the recording has %s of streams that the check does not have (%.40q)", text.Count(c.foreign, "request"), c.named)
	}
	if c.strange > 0 {
		doubt(true, "the recording has %s of senders that the run did not have", text.Count(c.strange, "request"))
	}
	for _, s := range c.senders {
		if s.lost != "" {
			i.senderLost = true
			doubt(false, "sender %s on node %s was lost at %s (%s): what it sent last, and would have sent from then on, is missing%s",
				s.Pod, s.Node, clock(s.lostAt), s.lost, c.missing(s))
		}
	}
	if r.Ending == nil {
		doubt(false, "the run was cut off: its recording has no end")
		return i
	}
	whole := !r.Ending.Interrupted && r.Ending.Error == ""
	for _, s := range r.Header.Check.Streams {
		for index := range c.streams[s.Name] {
			share := &c.streams[s.Name][index]
			name := s.Name
			end, known := streamEnd(r.Ending.Streams, s.Name)
			if len(c.senders) > 0 {
				sender := c.senders[index]
				if sender.lost != "" {
					continue
				}
				name += " of sender " + sender.Pod
				end, known = sender.stream(s.Name)
			}
			switch read := share.read; {
			case !known && whole:
				doubt(false, "stream %s: the recording does not say how many requests were sent", name)
			case !known:
			case read < end.Sent:
				doubt(false, "stream %s: %d of the %d requests that were sent are missing from the recording", name, end.Sent-read, end.Sent)
			case read > end.Sent:
				doubt(true, "stream %s: the recording has %d requests, but %d were sent", name, read, end.Sent)
			case whole && !share.inOrder(index, max(1, len(c.senders))):
				doubt(true, "stream %s: some requests are in the recording twice, and others are missing", name)
			}
		}
	}
	return i
}

// missing counts the requests that a lost sender had told of and that are not there.
func (c *completeness) missing(s *sender) string {
	var missing uint64
	for name, shares := range c.streams {
		if end, known := s.stream(name); known && end.Sent > shares[s.Index].read {
			missing += end.Sent - shares[s.Index].read
		}
	}
	if missing == 0 {
		return ""
	}
	return fmt.Sprintf("; of what it had told to have sent, %s", text.Count(int(min(missing, math.MaxInt)), "request"))
}
