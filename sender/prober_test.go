package sender

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// probes is a prober's sink.
type probes struct {
	mu  sync.Mutex
	all []recording.Sample
}

func (p *probes) take(s recording.Sample) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, s)
}

func (p *probes) seen() []recording.Sample {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]recording.Sample(nil), p.all...)
}

func newTestProber(t *testing.T, timeout time.Duration) (*Prober, *probes) {
	t.Helper()
	sink := &probes{}
	p := NewProber(ProberConfig{
		Streams: []check.Stream{
			{Name: "slow", Kind: check.Slow, URL: "http://web.invalid/slow"},
			{Name: "short", URL: "http://web.invalid/short", Protocol: check.HTTP1, Timeout: check.Duration(timeout)},
		},
		Target: check.Target{PodHeader: "X-Pod-Name"},
		Now:    time.Now, Sink: sink.take, Fail: func(err error) { t.Error(err) },
	})
	t.Cleanup(p.Close)
	return p, sink
}

func ending(number uint64, pods ...ProbedPod) Window {
	return Window{Number: number, Rate: 50, Ending: pods}
}

// set gives the prober a list.
func (p *Prober) set(t *testing.T, w Window) {
	t.Helper()
	if err := p.Set(w); err != nil {
		t.Fatal(err)
	}
}

// over tells whether nothing more is sent to the pod.
func (p *Prober) over(uid string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pods[uid] == nil || p.pods[uid].isOver()
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%s did not come about", what)
		}
	}
}

func namedServer(name string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Pod-Name", name) }))
}

func address(s *httptest.Server) string { return s.Listener.Addr().String() }

// A pod is asked, in the way of the first short stream, until it refuses.
func TestAPodIsAskedUntilItRefuses(t *testing.T) {
	var mu sync.Mutex
	path := ""
	pod := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		path = r.URL.Path
	}))
	p, sink := newTestProber(t, 5*time.Second)
	p.set(t, ending(1, ProbedPod{UID: "u", Address: address(pod)}))
	time.Sleep(300 * time.Millisecond)
	closed := time.Now()
	pod.Close()
	eventually(t, "the end of the asking", func() bool { return p.over("u") })
	p.Close()
	var last, refused time.Time
	for _, s := range sink.seen() {
		switch {
		case s.Stream != "window/u":
			t.Errorf("a sample of %q", s.Stream)
		case s.Outcome == recording.OK:
			last = s.SentAt()
		case s.Class == recording.ClassRefused && refused.IsZero():
			refused = s.SentAt()
		}
	}
	if path != "/short" || closed.Sub(last).Abs() > 200*time.Millisecond || refused.Sub(closed).Abs() > 200*time.Millisecond {
		t.Errorf("%s: closed at %s, last answer %s, refused %s of %+v", path, closed, last, refused, sink.seen())
	}
	if n := len(sink.seen()); n < 2 || n > 30 {
		t.Errorf("%d requests in 300 ms, want about 15", n)
	}
}

// A kernel takes connections that no program accepts. Two without an answer are the end.
func TestAPodThatNeverAnswersIsGivenUp(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	p, sink := newTestProber(t, 200*time.Millisecond)
	p.set(t, ending(1, ProbedPod{UID: "u", Address: listener.Addr().String()}))
	eventually(t, "the end of the asking", func() bool { return p.over("u") })
	p.Close()
	for _, s := range sink.seen() {
		if s.Outcome != recording.Unfinished && (s.Class != recording.ClassTimeout || s.Phase != recording.PhaseFirstByte) {
			t.Errorf("%+v", s)
		}
	}
}

// An address may be another pod's by now.
func TestAnotherPodsAnswerEndsTheAsking(t *testing.T) {
	stranger := namedServer("web-2")
	defer stranger.Close()
	p, _ := newTestProber(t, 5*time.Second)
	p.set(t, ending(1, ProbedPod{UID: "u", Address: address(stranger), Names: []string{"web-1"}}))
	eventually(t, "the end of the asking", func() bool { return p.over("u") })
	p.set(t, ending(2, ProbedPod{UID: "v", Address: address(stranger), Names: []string{"web-2"}}))
	time.Sleep(100 * time.Millisecond)
	if p.over("v") {
		t.Error("a pod that answers by its own name was given up")
	}
}

// A pod that is on the list no more is not asked any more; one that comes back is. An older
// list changes nothing.
func TestTheLastListCounts(t *testing.T) {
	pod := namedServer("web-1")
	defer pod.Close()
	p, sink := newTestProber(t, 5*time.Second)
	one := ProbedPod{UID: "u", Address: address(pod)}
	p.set(t, ending(2, one))
	time.Sleep(100 * time.Millisecond)
	p.set(t, ending(3))
	p.set(t, ending(2, one))
	time.Sleep(50 * time.Millisecond)
	before := len(sink.seen())
	time.Sleep(100 * time.Millisecond)
	if after := len(sink.seen()); before == 0 || after != before {
		t.Errorf("%d requests, and %d later", before, after)
	}
	p.set(t, ending(4, one))
	eventually(t, "another request", func() bool { return len(sink.seen()) > before })
	if status := p.Status(); status.Number != 4 || status.Tried != nil {
		t.Errorf("%+v", status)
	}
}

// What comes of the try is told in the words of whoever found it.
func TestATryTellsWhyThereIsNoAnswer(t *testing.T) {
	well := namedServer("web-1")
	defer well.Close()
	ill := httptest.NewServer(http.NotFoundHandler())
	defer ill.Close()
	gone := namedServer("")
	gone.Close()
	for want, at := range map[string]string{"": address(well), "it answered with 404 Not Found": address(ill), "connection refused": address(gone)} {
		p, _ := newTestProber(t, 5*time.Second)
		p.set(t, Window{Number: 1, Rate: 10, Try: &ProbedPod{UID: "u", Address: at}})
		eventually(t, "the try", func() bool { return p.Status().Tried != nil })
		tried := p.Status().Tried
		if tried.UID != "u" || !strings.Contains(tried.Problem, want) || (want == "") != (tried.Problem == "") || (want == "") != (tried.Pod == "web-1") || tried.Status != (at == address(ill)) {
			t.Errorf("%+v, want %q", tried, want)
		}
	}
}
