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

// since is the time since the request was due.
func (now Clock) since(s *recording.Sample) time.Duration { return now().Sub(s.Scheduled) }

// Config is what a stream needs.
type Config struct {
	// Stream has its defaults and is valid.
	Stream check.Stream
	// Target is the check's, with what all its streams have in common.
	Target check.Target
	// Share is the part of Stream that is sent; the zero value is all of it.
	Share Share
	// Begin is when the schedule begins, by Now; zero for as soon as Run is called. What
	// is due before Run can send it is late, and is sent all the same.
	Begin time.Time
	// ReadFile gives the content of a file that Stream or Target names; nil reads it from
	// this machine.
	ReadFile func(name string) ([]byte, error)
	// Types are those of what Stream calls, as its server told them; nil where the check
	// tells them or nobody does.
	Types *Types
	// Names are what hosts of URLs are called in the cluster's DNS, below its Domain, where
	// they are short for that: they are looked up so, and stay in the requests as they are.
	// Without a Domain hosts are looked up as they stand.
	Names  map[string]string
	Domain string
	Now    Clock
	// TraceBase is what the requests' trace ids are made from, where the target wants
	// them traced.
	TraceBase recording.TraceBase
	// Ports lends the ports that connections are made from; nil has the kernel choose.
	Ports *Ports
	// Backends are what the balancer knows that Target has played (Via); nil where it has
	// none, or where the stream is never run.
	Backends *Backends
	// only has connections made to one address; its zero value to those of the URL's host.
	only only
	// Sink takes the sample of each request that was sent, exactly once, when
	// it has ended. It is called from many goroutines at once.
	Sink func(recording.Sample)
}

// Stream is one kind of traffic, sent once.
type Stream struct {
	now         Clock
	spec        check.Stream
	begin       time.Time
	maxInFlight int
	sender      *sender

	// mu keeps the connections from being closed while Spread looks at them.
	mu         sync.Mutex
	ended      bool
	lastSpread map[string]int
}

// New makes a stream. It reads the files that the check names and touches no
// network. What is wrong with them is a [check.FieldError], whose field is seen from
// the stream ("body.file") or, where it begins with "target.", from the check.
func New(cfg Config) (*Stream, error) {
	sender, err := newSender(cfg)
	if err != nil {
		return nil, err
	}
	return &Stream{
		now:         cfg.Now,
		spec:        cfg.Stream,
		begin:       cfg.Begin,
		maxInFlight: InFlight(cfg.Share.Stream(cfg.Stream)),
		sender:      sender,
	}, nil
}

// InFlight is how many requests of a stream are under way at the most: if the service is
// silent until each times out, and one more for the request that is due just then. No
// request has more than one connection, so that it bounds those too.
func InFlight(s check.Stream) int {
	most := int(min(math.Ceil(s.Rate*time.Duration(s.Timeout).Seconds())+1, inFlightCap))
	if s.MaxConnections > 0 {
		most = min(most, s.MaxConnections)
	}
	return most
}

// Run waits until the schedule begins and sends until ctx ends, then waits for the
// requests in flight, each of which is bounded by the stream's timeout. When it returns, everything it
// started has ended. A stream runs once. Its error is a panic of this program,
// which cuts what is in flight; the end then tells how far the stream had come.
func (s *Stream) Run(ctx context.Context) (recording.StreamEnd, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(s.sender.ctx, stop)()

	began := s.begin
	if began.IsZero() {
		began = s.now()
	}
	schedule := newSchedule(began, s.spec)
	pacer := newPacer(ctx, s.sender, schedule)
	attacker := vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: &transport{s.sender, schedule}}),
		vegeta.MaxWorkers(uint64(s.maxInFlight)),
	)

	// The pacer stops the attack only when it is asked for the next request.
	// While all workers are busy nobody asks it.
	var stopped time.Time
	stopping := make(chan struct{})
	go func() {
		defer close(stopping)
		defer attacker.Stop()
		defer guard.Catch(s.sender.task, s.sender.fail)
		<-ctx.Done()
		stopped = s.now()
	}()
	// The sender has the messages; vegeta numbers them and knows where they go.
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: s.spec.URL})
	for range attacker.Attack(target, pacer, 0, "") {
		// The sink has all there is to know.
	}
	stop()
	<-stopping
	s.endSpread()
	s.sender.carrier.close()

	sent := s.sender.tally.sent.Load()
	return recording.StreamEnd{
		Name:         s.spec.Name,
		Scheduled:    pacer.scheduled(stopped, sent),
		Sent:         sent,
		Began:        schedule.began,
		Stopped:      stopped,
		PeakInFlight: int(s.sender.tally.peak.Load()),
		MaxInFlight:  s.maxInFlight,
		Spread:       s.lastSpread,
		GRPC:         s.sender.grpc.Load(),
	}, s.sender.failed()
}

// Renew lets the stream replace each connection that it keeps when its turn
// comes. A pool that was made while a pod was not yet known to the proxies holds
// no connection to it for as long as nothing is renewed.
func (s *Stream) Renew() { s.sender.carrier.renew() }

// Abort ends the stream at once: nothing more is sent, and what is in flight is
// cut and becomes [recording.Unfinished]. It may be called at any time, more than
// once.
func (s *Stream) Abort() { s.sender.end(errAborted) }

// Counts tells how far the stream has come.
func (s *Stream) Counts() Counts { return s.sender.tally.counts() }

// Spread tells how many of the connections that a reused stream has open were last
// answered by which pod, under an empty name those that no pod has named itself on
// yet. It is nil for a stream of new connections. It may be called at any time; once
// the stream has ended it tells how it was then.
func (s *Stream) Spread() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return s.lastSpread
	}
	return s.sender.carrier.spread()
}

// endSpread keeps the last spread. From then on nobody looks at the connections, so
// that they can be closed.
func (s *Stream) endSpread() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended, s.lastSpread = true, s.sender.carrier.spread()
}
