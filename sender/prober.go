package sender

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/shutdowncheck/shutdowncheck/attack"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

const (
	// mostProbed is how many requests a second all pods together get that end at once:
	// a tenth of what a sender is made for, so that the streams keep their schedule.
	mostProbed = 200.0
	// mostUnderWay bounds those of one pod that are not answered yet.
	mostUnderWay = 32
	// longestWindow is when a pod is given up that goes on answering: one that is out of
	// its slice and never ends.
	longestWindow = 15 * time.Minute
	// hangs are how many requests without an answer say that none will come. One may be a
	// lost packet.
	hangs = 2
	// tries are those of Window.Try.
	tries = 2
)

// ProberConfig is what a Prober needs.
type ProberConfig struct {
	// Streams and Target are the check's, with their defaults.
	Streams []check.Stream
	Target  check.Target
	// Types are as in attack.Config, by the streams' names.
	Types map[string]*attack.Types
	Share attack.Share
	// ReadFile is as in attack.Config.
	ReadFile func(name string) ([]byte, error)
	Now      attack.Clock
	// Sink takes each sample, from many goroutines at once.
	Sink func(recording.Sample)
	// Fail is told of a panic.
	Fail func(error)
}

// Prober asks pods that end on their own addresses, as the last Window has it.
type Prober struct {
	cfg     ProberConfig
	running sync.WaitGroup

	mu     sync.Mutex
	closed bool
	number uint64
	pods   map[string]*probed
	tried  *Tried
}

// probed is one pod that is asked.
type probed struct {
	ProbedPod
	probe  *attack.Probe
	cancel context.CancelFunc

	mu sync.Mutex
	// underWay are its requests without an answer, undialled and unanswered those that
	// never got one, since the last that got further.
	underWay, undialled, unanswered int
	over                            bool
}

// NewProber gives one that asks nobody yet.
func NewProber(cfg ProberConfig) *Prober { return &Prober{cfg: cfg, pods: map[string]*probed{}} }

// stream is what a pod is asked, in the way of the first stream of short requests.
func (p *Prober) stream(uid string, w Window) (check.Stream, error) {
	like := ProbedLike(p.cfg.Streams)
	s := check.Stream{
		Name: recording.WindowStream(uid), Rate: w.Rate, Connections: check.New, Protocol: like.Protocol,
		Method: check.DefaultMethod, Headers: like.Headers, Timeout: like.Timeout, ExpectStatus: like.ExpectStatus,
	}
	if like.Kind == check.GRPCCalls && w.Path == "" {
		s.Kind, s.GRPC, s.Method, s.URL = like.Kind, like.GRPC, like.Method, like.URL
		return s, nil
	}
	base, err := url.Parse(like.URL)
	if err != nil {
		return s, fmt.Errorf("the URL of stream %s: %w", like.Name, err)
	}
	path, err := base.Parse(cmp.Or(w.Path, base.RequestURI()))
	if err != nil {
		return s, fmt.Errorf("the path of the window: %w", err)
	}
	s.URL = path.String()
	return s, nil
}

// ProbedLike is the stream in whose way pods are asked: the first of short requests, or
// of calls if there is none, or else the first.
func ProbedLike(streams []check.Stream) check.Stream {
	calls := func(s check.Stream) bool { return s.Kind == check.GRPCCalls }
	if i := slices.IndexFunc(streams, func(s check.Stream) bool { return !s.Kind.Long() && !calls(s) }); i >= 0 {
		return streams[i]
	}
	if i := slices.IndexFunc(streams, calls); i >= 0 {
		return streams[i]
	}
	return streams[0]
}

func (p *Prober) probe(pod ProbedPod, w Window) (*attack.Probe, error) {
	stream, err := p.stream(pod.UID, w)
	if err != nil {
		return nil, err
	}
	return attack.NewProbe(attack.Config{
		Stream: stream, Target: p.cfg.Target, Types: p.cfg.Types[ProbedLike(p.cfg.Streams).Name], Share: p.cfg.Share, ReadFile: p.cfg.ReadFile, Now: p.cfg.Now, Sink: p.cfg.Sink,
	}, pod.Address)
}

// Set has the pods of the list asked from now on, and no others.
func (p *Prober) Set(w Window) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || w.Number <= p.number {
		return nil
	}
	if !(w.Rate > 0 && w.Rate <= mostProbed) {
		return fmt.Errorf("a rate of %g; want more than 0 and at most %g", w.Rate, mostProbed)
	}
	ending := map[string]*probed{}
	for _, pod := range w.Ending {
		if known := p.pods[pod.UID]; known != nil && known.Address == pod.Address {
			ending[pod.UID] = known
			continue
		}
		probe, err := p.probe(pod, w)
		if err != nil {
			return err
		}
		ending[pod.UID] = &probed{ProbedPod: pod, probe: probe}
	}
	if w.Try != nil && (p.tried == nil || p.tried.UID != w.Try.UID) {
		probe, err := p.probe(*w.Try, w)
		if err != nil {
			return err
		}
		p.run("trying a pod's own address", func() { p.try(*w.Try, probe) })
	}
	for uid, pod := range p.pods {
		if ending[uid] != pod {
			pod.end()
		}
	}
	p.number, p.pods = w.Number, ending
	for _, pod := range ending {
		if pod.cancel == nil {
			var ctx context.Context
			ctx, pod.cancel = context.WithCancel(context.Background())
			p.run("asking a pod that ends", func() { p.follow(ctx, pod, w.Rate) })
		}
	}
	return nil
}

// run does what is done beside, under the lock.
func (p *Prober) run(doing string, do func()) {
	p.running.Go(func() {
		if err := guard.Call(doing, func() error { do(); return nil }); err != nil {
			p.cfg.Fail(err)
		}
	})
}

// try asks once, and once more where that came to nothing.
func (p *Prober) try(pod ProbedPod, probe *attack.Probe) {
	tried := Tried{UID: pod.UID}
	for range tries {
		s := probe.Ask()
		tried.Pod, tried.Problem, tried.Status = s.Pod, problem(&s), s.Class.Answered()
		if tried.Problem == "" {
			break
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tried = &tried
}

// problem says why a sample is no answer as expected; empty if it is one.
func problem(s *recording.Sample) string {
	switch {
	case s.Outcome == recording.OK:
		return ""
	case s.Class == recording.ClassWrongBody:
		return "it answered, but " + s.Error
	case s.Phase == recording.PhaseDone:
		return "it answered with " + s.Error
	default:
		return s.Error
	}
}

// follow asks a pod until it is over, or ctx ends.
func (p *Prober) follow(ctx context.Context, pod *probed, rate float64) {
	began := p.cfg.Now()
	for {
		if pod.begin() {
			p.ask(pod)
		}
		timer := time.NewTimer(p.pause(rate))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		if pod.isOver() || p.cfg.Now().Sub(began) > longestWindow {
			return
		}
	}
}

// ask makes one request beside.
func (p *Prober) ask(pod *probed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.run("asking a pod that ends", func() {
		s := pod.probe.Ask()
		pod.take(&s)
	})
}

// pause is the time between two requests to one pod.
func (p *Prober) pause(rate float64) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := 0
	for _, pod := range p.pods {
		if !pod.isOver() {
			asked++
		}
	}
	return time.Duration(float64(time.Second) * max(1/rate, float64(asked)/mostProbed))
}

// Status tells how far it is.
func (p *Prober) Status() *WindowStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.number == 0 {
		return nil
	}
	return &WindowStatus{Number: p.number, Tried: p.tried}
}

// Close ends it: nobody is asked any more, and what is under way is cut. When it returns
// the Sink is not called any more.
func (p *Prober) Close() {
	p.mu.Lock()
	p.closed = true
	for _, pod := range p.pods {
		pod.end()
	}
	p.mu.Unlock()
	p.running.Wait()
}

// end cuts what is under way.
func (pod *probed) end() {
	if pod.cancel != nil {
		pod.cancel()
	}
	pod.probe.Abort()
}

// begin tells whether there is room for one more request, and takes it.
func (pod *probed) begin() bool {
	pod.mu.Lock()
	defer pod.mu.Unlock()
	if pod.over || pod.underWay >= mostUnderWay {
		return false
	}
	pod.underWay++
	return true
}

func (pod *probed) isOver() bool {
	pod.mu.Lock()
	defer pod.mu.Unlock()
	return pod.over
}

// take notes what came of a request. A pod is over that refuses, that cannot be reached, of
// which two requests were not answered at all, or whose address another one has.
func (pod *probed) take(s *recording.Sample) {
	pod.mu.Lock()
	defer pod.mu.Unlock()
	pod.underWay--
	hung := s.Class == recording.ClassTimeout
	switch {
	case s.Outcome == recording.ClientFault || s.Outcome == recording.Unfinished:
	case s.Phase == recording.PhaseDial && hung:
		pod.undialled++
	case s.Phase == recording.PhaseDial && s.Class != recording.ClassReset:
		// A connection that waits in the queue of a listener as that closes is reset, and
		// the next one is refused.
		pod.over = true
	case hung:
		pod.undialled = 0
		pod.unanswered++
	default:
		pod.undialled, pod.unanswered = 0, 0
	}
	strange := s.Pod != "" && len(pod.Names) > 0 && !slices.Contains(pod.Names, s.Pod)
	pod.over = pod.over || strange || pod.undialled >= hangs || pod.unanswered >= hangs
}
