package fleet

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// End is what is known when all senders have ended or are lost.
type End struct {
	// Streams are the whole check's: those of all senders together.
	Streams []recording.StreamEnd
	// Client is nil where no sender told of itself.
	Client  *recording.Client
	Senders []recording.SenderEnd
}

// mostStalls is how many recording.Client lists.
const mostStalls = 1000

// end is what all members know, of a load that was stopped at that time.
func (f *Fleet) end(stopped time.Time) End {
	var end End
	for _, m := range f.members {
		if m.ended && m.lost == "" {
			for _, s := range m.status.End.Streams {
				stopped = later(stopped, s.Stopped)
			}
		}
	}
	for _, m := range f.members {
		end.Senders = append(end.Senders, m.senderEnd(f.began, stopped))
	}
	for i, spec := range f.cfg.Assignment.Streams {
		whole := recording.StreamEnd{Name: spec.Name}
		for _, one := range end.Senders {
			if i < len(one.Streams) {
				whole = together(whole, one.Streams[i])
			}
		}
		end.Streams = append(end.Streams, whole)
	}
	end.Client = clients(end.Senders)
	return end
}

// senderEnd is what one sender knew last. Of one that was lost it is what it had told,
// and Scheduled is what its share was until the end of all: so its load is missing,
// like all that was not sent.
func (m *member) senderEnd(began, stopped time.Time) recording.SenderEnd {
	end := recording.SenderEnd{Index: m.Index, Lost: m.lost}
	if m.ended {
		end.Streams, end.Client = m.status.End.Streams, &m.status.End.Client
	}
	if m.lost == "" {
		return end
	}
	end.LostAt = m.heard
	if began.IsZero() {
		return end
	}
	streams := m.fleet.cfg.Assignment.Streams
	known := slices.Clone(end.Streams)
	if known == nil {
		known = make([]recording.StreamEnd, len(streams))
		for i := range streams {
			known[i] = recording.StreamEnd{Name: streams[i].Name, Began: began}
			if i < len(m.status.Streams) {
				known[i].Sent = m.status.Streams[i].Sent
			}
		}
	}
	for i := range min(len(known), len(streams)) {
		share := shareOf(due(streams[i], stopped.Sub(began)), m.Index, m.fleet.place.senders)
		known[i].Scheduled = max(known[i].Scheduled, known[i].Sent, share)
		known[i].Stopped = later(known[i].Stopped, stopped)
	}
	end.Streams = known
	return end
}

// due is how many requests a stream's schedule has in the time since its beginning.
func due(s check.Stream, passed time.Duration) uint64 {
	left, rate, requests := passed.Seconds(), 0.0, 0.0
	for _, stage := range s.Stages {
		over := time.Duration(stage.Over).Seconds()
		if left < over {
			to := rate + (stage.To-rate)*left/over
			return uint64(math.Ceil(max(0, requests+(rate+to)/2*left)))
		}
		requests += (rate + stage.To) / 2 * over
		left, rate = left-over, stage.To
	}
	return uint64(math.Ceil(max(0, requests+s.Rate*left)))
}

// shareOf is how many of so many requests are those of a sender.
func shareOf(requests uint64, index, senders int) uint64 {
	i, n := uint64(index), uint64(senders)
	if requests <= i {
		return 0
	}
	return (requests - i + n - 1) / n
}

// together adds a sender's part of a stream to that of others.
func together(a, b recording.StreamEnd) recording.StreamEnd {
	a.Scheduled += b.Scheduled
	a.Sent += b.Sent
	a.PeakInFlight += b.PeakInFlight
	a.MaxInFlight += b.MaxInFlight
	if a.Began.IsZero() || !b.Began.IsZero() && b.Began.Before(a.Began) {
		a.Began = b.Began
	}
	a.Stopped = later(a.Stopped, b.Stopped)
	a.Spread = spread(a.Spread, b.Spread)
	a.GRPC = a.GRPC || b.GRPC
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// spread adds b to a; nil stays nil where neither has one.
func spread(a, b map[string]int) map[string]int {
	if b == nil {
		return a
	}
	sum := make(map[string]int, len(a)+len(b))
	for _, part := range []map[string]int{a, b} {
		for pod, n := range part {
			sum[pod] += n
		}
	}
	return sum
}

// clients is how the senders' processes fared together.
func clients(senders []recording.SenderEnd) *recording.Client {
	var all *recording.Client
	for _, s := range senders {
		if s.Client == nil {
			continue
		}
		if all == nil {
			all = &recording.Client{}
		}
		all.CPU += s.Client.CPU
		all.Processors += s.Client.Processors
		all.LongestGCPause = max(all.LongestGCPause, s.Client.LongestGCPause)
		all.PortsByKernel += s.Client.PortsByKernel
		all.Stalls = append(all.Stalls, s.Client.Stalls...)
	}
	if all != nil {
		slices.SortFunc(all.Stalls, func(a, b recording.Stall) int {
			return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To))
		})
		all.Stalls = all.Stalls[:min(len(all.Stalls), mostStalls)]
	}
	return all
}

// counts are those of all senders together, by stream.
func counts(names []check.Stream, all []sender.Status) []sender.StreamStatus {
	sums := make([]sender.StreamStatus, len(names))
	for i := range sums {
		sums[i].Name = names[i].Name
		for _, status := range all {
			if i >= len(status.Streams) {
				continue
			}
			s := status.Streams[i]
			if s.OK > 0 {
				sums[i].Redirected = s.Redirected && (sums[i].OK == 0 || sums[i].Redirected)
			}
			sums[i].Sent += s.Sent
			sums[i].OK += s.OK
			sums[i].Failed += s.Failed
			sums[i].Client += s.Client
			sums[i].Spread = spread(sums[i].Spread, s.Spread)
		}
	}
	return sums
}
