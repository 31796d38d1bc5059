package analysis

import (
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// completeness compares the samples that were read with what the streams said to
// have sent. A missing sample may be the one that failed.
type completeness struct {
	streams map[string]*arrivals
	// foreign counts the samples of streams that the check does not have, one of
	// which is named.
	foreign int
	named   string
}

// arrivals are the samples of one stream.
type arrivals struct {
	read uint64
	// numbers is the sum of the mixed sequence numbers. Those of another set of as
	// many numbers have the same sum with a probability of 2^-64.
	numbers uint64
}

func newCompleteness(r *recording.Recording) *completeness {
	c := &completeness{streams: map[string]*arrivals{}}
	for _, s := range r.Header.Check.Streams {
		c.streams[s.Name] = &arrivals{}
	}
	return c
}

func (c *completeness) take(s *recording.Sample) {
	a := c.streams[s.Stream]
	if a == nil {
		if c.foreign++; c.foreign == 1 {
			c.named = s.Stream
		}
		return
	}
	a.read++
	a.numbers += mix(s.Seq)
}

// inOrder tells whether the numbers are those from 0 on, each once.
func (a *arrivals) inOrder() bool {
	var sum uint64
	for seq := range a.read {
		sum += mix(seq)
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
	if r.Ending == nil {
		doubt(false, "the run was cut off: its recording has no end")
		return i
	}
	ends := map[string]recording.StreamEnd{}
	for _, end := range r.Ending.Streams {
		ends[end.Name] = end
	}
	whole := !r.Ending.Interrupted && r.Ending.Error == ""
	for _, s := range r.Header.Check.Streams {
		read := c.streams[s.Name].read
		end, known := ends[s.Name]
		switch {
		case !known && whole:
			doubt(false, "stream %s: the recording does not say how many requests were sent", s.Name)
		case !known:
		case read < end.Sent:
			doubt(false, "stream %s: %d of the %d requests that were sent are missing from the recording", s.Name, end.Sent-read, end.Sent)
		case read > end.Sent:
			doubt(true, "stream %s: the recording has %d requests, but %d were sent", s.Name, read, end.Sent)
		case whole && !c.streams[s.Name].inOrder():
			doubt(true, "stream %s: some requests are in the recording twice, and others are missing", s.Name)
		}
	}
	return i
}
