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

func paceOf(streams []report.Stream, ending *recording.Ending) pace {
	var p pace
	for _, s := range streams {
		known := len(p.doubts)
		doubt := func(format string, args ...any) { p.doubts = append(p.doubts, fmt.Sprintf(format, args...)) }
		if s.Sent > 0 && time.Duration(s.LatenessP99) > latenessTolerance {
			doubt("stream %s: requests went out late (99th percentile %s, at most %s is allowed): this machine is too busy for %g per second",
				s.Name, text.Coarse(time.Duration(s.LatenessP99)), latenessTolerance, s.Rate)
		}
		if s.AchievedRate > 0 && math.Abs(s.AchievedRate-s.Rate) > rateTolerance*s.Rate {
			doubt("stream %s: %.4g requests per second were sent, %.4g were wanted", s.Name, s.AchievedRate, s.Rate)
		}
		if len(p.doubts) > known && !heldUp(s.Name, ending) {
			p.starved = true
			p.blurred = p.blurred || time.Duration(s.LatenessP99) > time.Second
		}
	}
	if p.starved && ending != nil && ending.Client != nil && len(ending.Client.Stalls) > 0 {
		p.doubts = append(p.doubts, fmt.Sprintf("the process that sends stood still %s, for up to %s",
			text.Count(len(ending.Client.Stalls), "time"), text.Coarse(longestStall(ending.Client.Stalls))))
	}
	return p
}

// heldUp tells whether a stream had as many requests under way as it may have: then
// it waited for the service, which no processor would have changed, unless the process
// that sends stood still for so long that it was late by that alone.
func heldUp(stream string, ending *recording.Ending) bool {
	return ending != nil && slices.ContainsFunc(ending.Streams, func(end recording.StreamEnd) bool {
		return end.Name == stream && end.MaxInFlight > 0 && end.PeakInFlight >= end.MaxInFlight && !stoodStill(ending.Client, &end)
	})
}

// stoodStill tells whether the process did not run for more of the stream's time than
// the percentile of lateness leaves out.
func stoodStill(client *recording.Client, stream *recording.StreamEnd) bool {
	if client == nil {
		return false
	}
	var still time.Duration
	for _, s := range client.Stalls {
		still += max(0, earlier(s.To, stream.Stopped).Sub(later(s.From, stream.Began)))
	}
	return still > stream.Stopped.Sub(stream.Began)/100
}

func longestStall(stalls []recording.Stall) time.Duration {
	var longest time.Duration
	for _, s := range stalls {
		longest = max(longest, s.To.Sub(s.From))
	}
	return longest
}
