package analysis

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// streamTally is what becomes of one stream's requests.
type streamTally struct {
	report.Stream
	kind     check.StreamKind
	latency  *hdrhistogram.Histogram
	lateness *hdrhistogram.Histogram
	maximum  time.Duration
	series   *seriesTally
	sends    sendTimes
	// took is how long answered requests took once they had a connection, longest the
	// longest of these times: what a drain has to wait for.
	took    *hdrhistogram.Histogram
	longest time.Duration
	// longestAnswer is the longest of all complete answers, of errors, too: what took long to
	// be answered with an error had been read.
	longestAnswer time.Duration
	// longestPart is the longest time for which an answered request was what a
	// stream of its kind is there for (longPart).
	longestPart time.Duration
	// onKept counts the requests that went out on a connection which had carried one before.
	onKept     int
	podsNamed  bool
	unexamined int
	// clientErrors are those of this side.
	clientErrors wording
	// bodiless tells that its requests are heads alone.
	bodiless bool
	// redirects are its answers that may be no pod's; expects tells that the check says
	// which statuses are the workload's.
	redirects redirects
	expects   bool
	// bounds are what its latency is held to; nil where nothing is.
	bounds *boundedLatency
}

// reusedNone tells of a stream of reused connections that none was ever reused.
func (s *streamTally) reusedNone() bool {
	return s.Connections == string(check.Reused) && s.Sent > 0 && s.onKept == 0
}

// newStreamTally counts nothing yet.
func newStreamTally(s check.Stream, h *recording.Header) *streamTally {
	return &streamTally{
		Stream:       report.Stream{Name: s.Name, Kind: shownKind(s.Kind), Connections: string(s.Connections), Rate: s.Rate},
		kind:         s.Kind,
		latency:      newHistogram(),
		took:         newHistogram(),
		lateness:     newHistogram(),
		series:       newSeriesTally(h.Began),
		clientErrors: wording{},
		bodiless:     s.Body == nil && s.Targets == nil,
		redirects:    redirects{},
		expects:      len(s.ExpectStatus) > 0,
		bounds:       newBoundedLatency(h.Check.Budget.LatencyBounds(s)),
	}
}
