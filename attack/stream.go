// Package attack sends a check's streams and tells what became of each request.
//
// vegeta's Attacker drives a stream: it asks our pacer when the next request
// is due and hands it to a worker. Under vegeta sits our own HTTP/1.1
// transport, which dials, writes and reads in the worker's goroutine. Nothing
// is replayed, followed or pooled behind our back, so the step at which a
// request failed is the step that the code was at. HTTP/2 is spoken by a library,
// on connections that are ours in the same way.
package attack

import (
	"context"
	"math"
	"net/http"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// inFlightCap bounds the requests of one stream that are under way at once, and
// with them its goroutines and descriptors: more could use up those of the
// service and so make the outage that is being looked for. It is reached where
// a service is silent and rate x timeout exceeds it (1,000/s at 10 s).
const inFlightCap = 10_000

// Clock gives the run's time. In production it counts from one monotonic
// origin, so that the differences of its times are exact.
type Clock func() time.Time

// Config is what a stream needs.
type Config struct {
	// Stream has its defaults and is valid.
	Stream check.Stream
	// Target is the check's, with what all its streams have in common.
	Target check.Target
	Now    Clock
	// Sink takes the sample of each request that was sent, exactly once, when
	// it has ended. It is called from many goroutines at once.
	Sink func(recording.Sample)
}

// Stream is one kind of traffic, sent once.
type Stream struct {
	name        string
	now         Clock
	spec        check.Stream
	maxInFlight int
	transport   *transport

	// looking guards what Spread looks at from being closed under its eyes.
	looking    sync.Mutex
	ended      bool
	lastSpread map[string]int
}

// New makes a stream. It reads the files that the check names and touches no
// network. What is wrong with them is a check.FieldError, whose field is seen from
// the stream ("body.file") or, where it begins with "target.", from the check.
func New(cfg Config) (*Stream, error) {
	messages, err := newMessages(cfg.Target, cfg.Stream)
	if err != nil {
		return nil, err
	}
	transport, err := newTransport(cfg, messages)
	if err != nil {
		return nil, err
	}
	return &Stream{
		name:        cfg.Stream.Name,
		now:         cfg.Now,
		spec:        cfg.Stream,
		maxInFlight: maxInFlight(cfg.Stream),
		transport:   transport,
	}, nil
}

// maxInFlight is how many requests are under way if the service is silent until
// each times out, and one more for the request that is due just then. No request
// has more than one connection, so that it bounds those too.
func maxInFlight(s check.Stream) int {
	most := int(min(math.Ceil(s.Rate*time.Duration(s.Timeout).Seconds())+1, inFlightCap))
	if s.MaxConnections > 0 {
		most = min(most, s.MaxConnections)
	}
	return most
}

// Run sends until ctx ends, then waits for the requests in flight, each of
// which is bounded by the stream's timeout. When it returns, everything it
// started has ended. A stream runs once. Its error is a panic of this program,
// which cuts what is in flight; the end then tells how far the stream had come.
func (s *Stream) Run(ctx context.Context) (recording.StreamEnd, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(s.transport.cut, stop)()

	schedule := newSchedule(s.now(), s.spec)
	s.transport.schedule = schedule
	pacer := newPacer(ctx, s.transport)
	attacker := vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: s.transport}),
		vegeta.MaxWorkers(uint64(s.maxInFlight)),
	)

	// The pacer stops the attack only when it is asked for the next request.
	// While all workers are busy nobody asks it.
	var stopped time.Time
	told := make(chan struct{})
	go func() {
		defer close(told)
		defer attacker.Stop()
		defer guard.Catch(s.transport.doing, s.transport.fail)
		<-ctx.Done()
		stopped = s.now()
	}()
	// The transport has the messages; vegeta numbers them and knows where they go.
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: s.spec.URL})
	for range attacker.Attack(target, pacer, 0, "") {
		// The transport has told the sink all there is to know.
	}
	stop()
	<-told
	s.endSpread()
	s.transport.close()

	return recording.StreamEnd{
		Name:         s.name,
		Scheduled:    pacer.scheduled(stopped),
		Sent:         s.transport.tally.sent.Load(),
		Began:        schedule.began,
		Stopped:      stopped,
		PeakInFlight: int(s.transport.tally.peak.Load()),
		MaxInFlight:  s.maxInFlight,
		Spread:       s.lastSpread,
	}, s.transport.failed()
}

// Renew lets the stream replace each connection that it keeps when its turn
// comes. A pool that was made while a pod was not yet known to the proxies holds
// no connection to it for as long as nothing is renewed.
func (s *Stream) Renew() { s.transport.renew() }

// Abort ends the stream at once: nothing more is sent, and what is in flight is
// cut and becomes recording.Unfinished. It may be called at any time, more than
// once.
func (s *Stream) Abort() { s.transport.abort() }

// Counts tells how far the stream has come.
func (s *Stream) Counts() Counts { return s.transport.tally.counts() }
