package synthetic

import (
	"errors"
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// sendingPods are the pods that sent.
func (s *script) sendingPods() []recording.Sender {
	var all []recording.Sender
	for i := range s.Senders {
		name := fmt.Sprintf("send-%d", i)
		all = append(all, recording.Sender{Index: i, Pod: name, UID: "uid-" + name, Node: fmt.Sprintf("node-%d", i)})
	}
	return all
}

// measureClocks tells that all senders' clocks are right, as far as round trips show.
func (s *script) measureClocks() {
	for i := range s.Senders {
		s.act(0, recording.Action{
			Kind: recording.ClockMeasured, Disruption: recording.NoDisruption, Sender: i,
			Clock: &recording.ClockOffset{From: -check.Duration(2 * time.Millisecond), To: check.Duration(3 * time.Millisecond)},
		})
	}
}

// unread is how many requests of each stream a lost sender had told of that were not
// in any of its segments yet.
const unread = 7

// senders make the samples' segments, each its own, as they do in the cluster; without
// any the recording does.
type senders struct {
	script   *script
	w        *recording.Writer
	segments []*recording.Segments
	// sent is what each has sent, by stream.
	sent []map[string]uint64
	// failed has one error of each at the most.
	failed chan error
}

func (s *script) senders(w *recording.Writer, now func() time.Time) *senders {
	all := &senders{script: s, w: w, failed: make(chan error, s.Senders)}
	for range s.Senders {
		var failed bool
		fail := func(err error) {
			if err != nil && !failed {
				failed = true
				all.failed <- err
			}
		}
		all.segments = append(all.segments, recording.NewSegments(now, func(segment recording.Segment) { fail(w.Segment(segment)) }, fail))
		all.sent = append(all.sent, map[string]uint64{})
	}
	return all
}

// isLost tells whether one was lost before it could send that.
func (a *senders) isLost(sample *recording.Sample) bool {
	return a.script.SenderLost && sample.Sender == len(a.segments)-1 && sample.EndAt().After(a.script.lostAt())
}

func (s *script) lostAt() time.Time { return began.Add(s.length() * 2 / 3) }

func (a *senders) sample(sample recording.Sample) {
	switch {
	case len(a.segments) == 0:
		a.w.Sample(sample)
	case !a.isLost(&sample):
		a.segments[sample.Sender].Sample(sample)
		a.sent[sample.Sender][sample.Stream]++
	}
}

func (a *senders) close() error {
	var errs []error
	for _, s := range a.segments {
		errs = append(errs, s.Close())
	}
	close(a.failed)
	for err := range a.failed {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// ends are what each sender tells at its end.
func (a *senders) ends() []recording.SenderEnd {
	var all []recording.SenderEnd
	for i := range a.segments {
		end := recording.SenderEnd{Index: i}
		lost := a.script.SenderLost && i == len(a.segments)-1
		if lost {
			end.Lost, end.LostAt = "its pod was ended", a.script.lostAt()
		}
		for _, stream := range a.script.check.Streams {
			share := uint64(a.script.Samples/2-i+len(a.segments)-1) / uint64(len(a.segments))
			sent := a.sent[i][stream.Name]
			if lost {
				sent += unread
			}
			end.Streams = append(end.Streams, recording.StreamEnd{
				Name: stream.Name, Scheduled: share, Sent: sent, Began: began, Stopped: began.Add(a.script.length()), PeakInFlight: 10, MaxInFlight: 100,
			})
		}
		all = append(all, end)
	}
	return all
}

// together are the streams of all senders.
func together(senders []recording.SenderEnd) []recording.StreamEnd {
	var all []recording.StreamEnd
	for i, first := range senders[0].Streams {
		sum := first
		for _, s := range senders[1:] {
			one := s.Streams[i]
			sum.Scheduled, sum.Sent = sum.Scheduled+one.Scheduled, sum.Sent+one.Sent
			sum.PeakInFlight, sum.MaxInFlight = sum.PeakInFlight+one.PeakInFlight, sum.MaxInFlight+one.MaxInFlight
		}
		all = append(all, sum)
	}
	return all
}
