package analysis

import (
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// traffic is what the samples show.
type traffic struct {
	streams []*streamTally
	// terminations are the endings in their order, lives the pods in theirs.
	terminations []*termination
	lives        []*life
	starts       *starts
	// failures are in the order in which they were sent.
	failures []*failure
	// frontends are what stands at the addresses that were dialled.
	frontends *frontends
	// keeps tells whether any connection carried several requests.
	keeps bool
	// roundTrip is the least time in which a connection was made, a TLS handshake
	// included: what goes to the service and back takes about as long. 0 if none was.
	roundTrip time.Duration
	// dials are how long connections of answered requests took to be made.
	dials *hdrhistogram.Histogram
	// podsNamed tells whether any answer named its pod; not where all names are of
	// pods that are not the workload's, of which otherName is one.
	podsNamed    bool
	lookups      lookups
	otherName    string
	baselineSent int
	// baselineUnexamined are the baseline's failures that were not kept.
	baselineUnexamined int
	// first and last bound the time in which requests were sent and answered.
	first, last time.Time
	// incomplete is what the recording lacks.
	incomplete incomplete
	// senders are the pods that sent, with what became of their requests.
	senders bySender
	stalls  stalls
	// played is the balancer that the senders played; lastDialled are the moments at which a
	// new connection was last made to each pod then, by its UID.
	played      *played
	lastDialled map[string]time.Time
}

// closedNews bounds how long it may take to learn, by a request on it, that a kept connection
// has been closed. The other side's kernel resets it (RFC 9293, 3.10.7.1), as it answers the
// SYN of a dial, and both wait for the same machines and programs on their way but for the
// server's: so that 99 of 100 dials of the run took no longer. Beyond slowRefusal some pod
// has the request, whatever dials take.
func (t *traffic) closedNews() time.Duration {
	return max(t.roundTrip, min(time.Duration(quantile(t.dials, 99)), slowRefusal))
}

// longest is how long an answered request of any stream took at the most.
func (t *traffic) longest() time.Duration {
	var longest time.Duration
	for _, s := range t.streams {
		longest = max(longest, s.longest)
	}
	return longest
}

// rate is that of all streams together, in requests per second.
func (t *traffic) rate() float64 {
	sum := 0.0
	for _, s := range t.streams {
		sum += s.Rate
	}
	return sum
}

func (t *traffic) stream(name string) *streamTally {
	return t.streams[slices.IndexFunc(t.streams, func(s *streamTally) bool { return s.Name == name })]
}

// past tells of requests that went to services which do not select the workload's pods. A
// proxy there may pass them on, but nothing shows it where no answer names one of the
// pods, and the check does not say it: what these lost, the service that was asked may
// never have met. Of names that are others' otherName tells.
func (t *traffic) past(h *recording.Header) bool {
	return len(h.Workload.ForeignServices) > 0 && h.Check.Target.Service == "" && !t.podsNamed && t.otherName == ""
}

// unnamed takes names that are not the workload's for none.
func (t *traffic) unnamed() {
	t.podsNamed = false
	for _, s := range t.streams {
		s.podsNamed = false
	}
}
