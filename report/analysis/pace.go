package analysis

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

const (
	// rateTolerance is how far the achieved rate may be off, as knative's
	// rollout probe has it.
	rateTolerance = 0.01
	// latenessTolerance bounds the 99th percentile of how late requests went
	// out.
	latenessTolerance = 50 * time.Millisecond
)

// pace tells whether requests went out as the check wanted.
//
// A machine with more work than it can do is late with everything: with requests,
// with reading what came back, and where the cluster shares it, with all that its
// kubelets, proxies and pods do. Such a run is starved. It loses requests of
// workloads that are in good order, and its times are no measure of the cluster.
// A sender that stood still shows in the lateness: what was due meanwhile went out
// late.
type pace struct {
	doubts  []string
	starved bool
	// blurred tells of a starved run that it was later than exits are known: to the second.
	blurred bool
}

func paceOf(streams []report.Stream, senders []*sender, ending *recording.Ending) pace {
	var p pace
	who, process := "this machine is", "the process that sends"
	if len(senders) > 0 {
		who, process = "the senders are", "the processes that send"
	}
	for _, s := range streams {
		known := len(p.doubts)
		doubt := func(format string, args ...any) { p.doubts = append(p.doubts, fmt.Sprintf(format, args...)) }
		if s.Sent > 0 && time.Duration(s.LatenessP99) > latenessTolerance {
			doubt("stream %s: requests went out late (99th percentile %s, at most %s is allowed): %s too busy for %g per second",
				s.Name, text.Coarse(time.Duration(s.LatenessP99)), latenessTolerance, who, s.Rate)
		}
		if rate := achieved(s.Rate, unlost(senders, ending, s.Name)); rate > 0 && math.Abs(rate-s.Rate) > rateTolerance*s.Rate {
			doubt("stream %s: %.4g requests per second were sent, %.4g were wanted", s.Name, rate, s.Rate)
		}
		if len(p.doubts) > known && !heldUp(s.Name, len(senders), ending) {
			p.starved = true
			p.blurred = p.blurred || time.Duration(s.LatenessP99) > time.Second
		}
	}
	if p.starved && ending != nil && ending.Client != nil && len(ending.Client.Stalls) > 0 {
		p.doubts = append(p.doubts, fmt.Sprintf("%s stood still %s, for up to %s",
			process, text.Count(len(ending.Client.Stalls), "time"), text.Coarse(longestStall(ending.Client.Stalls))))
	}
	return p
}

// heldUp tells whether a stream had as many requests under way as it may have: then
// it waited for the service, which no processor would have changed, unless the process
// that sends stood still for so long that it was late by that alone.
func heldUp(stream string, senders int, ending *recording.Ending) bool {
	return ending != nil && slices.ContainsFunc(ending.Streams, func(end recording.StreamEnd) bool {
		return end.Name == stream && end.MaxInFlight > 0 && end.PeakInFlight >= end.MaxInFlight && !stoodStill(ending.Client, &end, max(1, senders))
	})
}

// stoodStill tells whether so many processes did not run for more of the stream's time
// than the percentile of lateness leaves out.
func stoodStill(client *recording.Client, stream *recording.StreamEnd, processes int) bool {
	if client == nil {
		return false
	}
	var still time.Duration
	for _, s := range client.Stalls {
		still += max(0, earlier(s.To, stream.Stopped).Sub(later(s.From, stream.Began)))
	}
	return still > time.Duration(processes)*stream.Stopped.Sub(stream.Began)/100
}

func longestStall(stalls []recording.Stall) time.Duration {
	var longest time.Duration
	for _, s := range stalls {
		longest = max(longest, s.To.Sub(s.From))
	}
	return longest
}

// achieved is the rate at which a stream's requests were sent; 0 where it is not known.
// It is counted from what was sent of what the schedule wanted, so that a short run's
// edges do not count against it.
func achieved(rate float64, end recording.StreamEnd) float64 {
	if end.Scheduled == 0 {
		return 0
	}
	return rate * float64(end.Sent) / float64(end.Scheduled)
}

// unlost is a stream without the shares of senders that were lost: what these did not
// send tells nothing of how busy machines were.
func unlost(senders []*sender, ending *recording.Ending, stream string) recording.StreamEnd {
	if !slices.ContainsFunc(senders, func(s *sender) bool { return s.lost != "" }) {
		return endOf(ending, stream)
	}
	var sum recording.StreamEnd
	for _, s := range senders {
		if end, _ := s.stream(stream); s.lost == "" {
			sum.Scheduled, sum.Sent = sum.Scheduled+end.Scheduled, sum.Sent+end.Sent
		}
	}
	return sum
}

// endOf is what is told of a stream at the run's end; zero where nothing is.
func endOf(ending *recording.Ending, stream string) recording.StreamEnd {
	if ending == nil {
		return recording.StreamEnd{}
	}
	end, _ := streamEnd(ending.Streams, stream)
	return end
}
