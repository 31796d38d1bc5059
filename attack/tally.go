package attack

import (
	"sync/atomic"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Counts is how far a stream has come. While it runs the numbers are of
// slightly different moments; after Run, Sent = OK + Failed + Client +
// Unfinished and InFlight is 0.
type Counts struct {
	Sent       uint64
	OK         uint64
	Failed     uint64
	Client     uint64
	Unfinished uint64
	InFlight   int
	// Redirected tells that there were answers, and each was a redirect that named no pod.
	Redirected bool
}

// tally counts a stream's requests.
type tally struct {
	sent, ok, failed, client, unfinished atomic.Uint64
	inFlight, peak                       atomic.Int64
	// direct is set before the first answer that is no redirect is counted.
	direct atomic.Bool
}

func (t *tally) begin() {
	t.sent.Add(1)
	inFlight := t.inFlight.Add(1)
	for peak := t.peak.Load(); inFlight > peak; peak = t.peak.Load() {
		if t.peak.CompareAndSwap(peak, inFlight) {
			return
		}
	}
}

func (t *tally) end(outcome recording.Outcome) {
	t.inFlight.Add(-1)
	switch outcome {
	case recording.OK:
		t.ok.Add(1)
	case recording.Failed:
		t.failed.Add(1)
	case recording.ClientFault:
		t.client.Add(1)
	case recording.Unfinished:
		t.unfinished.Add(1)
	}
}

func (t *tally) counts() Counts {
	ok := t.ok.Load()
	return Counts{
		Sent:       t.sent.Load(),
		OK:         ok,
		Failed:     t.failed.Load(),
		Client:     t.client.Load(),
		Unfinished: t.unfinished.Load(),
		InFlight:   int(t.inFlight.Load()),
		Redirected: ok > 0 && !t.direct.Load(),
	}
}
