package attack

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// shop is the host of the URLs, which no lookup finds.
const shop = "shop.invalid:8443"

// backend is a pod with a listener of its own.
type backend struct {
	*httptest.Server
	name     string
	requests atomic.Int64
	// open are its connections.
	open atomic.Int64
	mu   sync.Mutex
	last *http.Request
}

func (b *backend) address() string { return b.Listener.Addr().String() }

// newBackend serves HTTP/1.1 and h2c, or both of them over TLS.
func newBackend(t *testing.T, name string, secured bool) *backend {
	t.Helper()
	b := &backend{name: name}
	b.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.requests.Add(1)
		b.mu.Lock()
		b.last = r
		b.mu.Unlock()
		w.Header().Set("X-Pod", b.name)
	}))
	b.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			b.open.Add(1)
		case http.StateClosed:
			b.open.Add(-1)
		}
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	protocols.SetHTTP2(true)
	b.Config.Protocols = &protocols
	if b.EnableHTTP2 = secured; secured {
		b.StartTLS()
	} else {
		b.Start()
	}
	t.Cleanup(b.Close)
	return b
}

// run is a stream by way of a balancer whose clock the test moves.
type balancedRun struct {
	*Stream
	sink     samples
	backends Backends
	now      atomic.Pointer[time.Time]
}

func balancedStream(t *testing.T, via *check.Via, url string, change func(*check.Stream)) *balancedRun {
	t.Helper()
	r := &balancedRun{}
	origin := time.Now()
	r.now.Store(&origin)
	spec := check.Stream{
		Name: "test", Rate: 100, Connections: check.New,
		URL: url, Protocol: check.HTTP1, Method: http.MethodGet, Timeout: check.Duration(testTimeout),
	}
	change(&spec)
	target := check.Target{URL: url, PodHeader: "X-Pod", Via: via, TLS: &check.TLS{InsecureSkipVerify: true}}
	s, err := New(Config{Stream: spec, Target: target, Now: func() time.Time { return *r.now.Load() }, Backends: &r.backends, Sink: r.sink.take})
	if err != nil {
		t.Fatal(err)
	}
	r.Stream = s
	t.Cleanup(s.sender.carrier.close)
	return r
}

// at moves the clock to a time after the test's beginning.
func (r *balancedRun) at(later time.Duration) {
	now := r.now.Load().Add(later)
	r.now.Store(&now)
}

// ask sends so many requests, one after the other, and gives how many each pod answered,
// under an empty name those without an answer.
func (r *balancedRun) ask(t *testing.T, n int) map[string]int {
	t.Helper()
	pods := map[string]int{}
	for range n {
		before := len(r.sink.all)
		if _, err := r.sender.send(uint64(before), *r.now.Load()); err != nil && context.Cause(r.sender.ctx) != nil {
			t.Fatal(err)
		}
		pods[r.sink.all[before].Pod]++
	}
	return pods
}

func layer(seven bool) *check.Via {
	return &check.Via{Lag: new(check.Duration(0)), CloseOnForget: &seven}
}

func byNew(*check.Stream) {}

func keptOver(protocol check.Protocol, pool int) func(*check.Stream) {
	return func(s *check.Stream) {
		reused(pool)(s)
		s.Protocol = protocol
	}
}

// Requests go to the pods that are known when they are sent, all of them, and to no other;
// the host and the name asked for over TLS stay the URL's.
func TestBackendsAreThoseOfTheTime(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(*check.Stream)
		seven   bool
		secured bool
	}{
		"new":                    {byNew, true, false},
		"new over TLS":           {byNew, false, true},
		"reused on layer 7":      {keptOver(check.HTTP1, 6), true, false},
		"reused on layer 7, TLS": {keptOver(check.HTTP1, 6), true, true},
		"h2c on layer 7":         {keptOver(check.H2C, 6), true, false},
		"h2 on layer 7":          {keptOver(check.HTTP2, 6), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			a, b, c := newBackend(t, "a", test.secured), newBackend(t, "b", test.secured), newBackend(t, "c", test.secured)
			url := "http://" + shop + "/x"
			if test.secured {
				url = "https://" + shop + "/x"
			}
			r := balancedStream(t, layer(test.seven), url, test.change)
			begin := *r.now.Load()
			r.backends.Know(map[string][]Backend{shop: {
				{Address: a.address(), From: begin, Until: begin.Add(8 * time.Second)},
				{Address: b.address(), From: begin},
				{Address: c.address(), From: begin.Add(3 * time.Second)},
			}})
			if got := r.ask(t, 60); got["a"] < 10 || got["b"] < 10 || got["a"]+got["b"] != 60 {
				t.Errorf("at first %v", got)
			}
			r.at(8*time.Second - 1)
			if got := r.ask(t, 90); got["a"] < 10 || got["b"] < 10 || got["c"] < 10 || got["a"]+got["b"]+got["c"] != 90 {
				t.Errorf("until the first is forgotten %v", got)
			}
			r.at(1)
			if got := r.ask(t, 60); got["b"] < 10 || got["c"] < 10 || got["b"]+got["c"] != 60 {
				t.Errorf("from then on %v", got)
			}
			if last := b.last; last.Host != shop || test.secured && last.TLS.ServerName != "shop.invalid" {
				t.Errorf("the pod was asked for %s, by %+v", last.Host, last.TLS)
			}
			for i := range r.sink.all {
				if s := &r.sink.all[i]; s.RemoteAddr != map[string]string{"a": a.address(), "b": b.address(), "c": c.address()}[s.Pod] || s.Resolved != recording.NotReached {
					t.Errorf("%s is not at %s", s.Pod, s.RemoteAddr)
				}
			}
		})
	}
}

// A balancer of layer 7 closes its connections to a pod that it forgets; on layer 4 they
// stay, and go on carrying requests.
func TestForgottenConnections(t *testing.T) {
	for _, protocol := range []check.Protocol{check.HTTP1, check.H2C} {
		for _, seven := range []bool{true, false} {
			a, b := newBackend(t, "a", false), newBackend(t, "b", false)
			r := balancedStream(t, layer(seven), "http://"+shop, keptOver(protocol, 12))
			begin := *r.now.Load()
			r.backends.Know(map[string][]Backend{shop: {{Address: a.address(), From: begin, Until: begin.Add(time.Second)}, {Address: b.address(), From: begin}}})
			if got := r.ask(t, 100); got["a"] == 0 || got["b"] == 0 {
				t.Fatalf("at first %v", got)
			}
			if open := a.open.Load() + b.open.Load(); open != 12 {
				t.Errorf("%s, layer 7 %v: %d connections, want the pool's 12", protocol, seven, open)
			}
			r.at(time.Second)
			got := r.ask(t, 100)
			if seven {
				waitFor(t, func() bool { return a.open.Load() == 0 })
			} else if a.open.Load() == 0 {
				t.Errorf("%s, layer 4: its connections are closed", protocol)
			}
			if goesOn := got["a"] > 0; goesOn == seven {
				t.Errorf("%s, layer 7 %v: then %v", protocol, seven, got)
			}
		}
	}
}

// Where no pod is known nobody is asked, and the request is lost all the same.
func TestNoBackend(t *testing.T) {
	for name, change := range map[string]func(*check.Stream){"new": byNew, "reused": keptOver(check.HTTP1, 4), "h2c": keptOver(check.H2C, 4)} {
		for _, seven := range []bool{true, false} {
			r := balancedStream(t, layer(seven), "http://"+shop, change)
			for _, known := range []map[string][]Backend{nil, {}, {"other": {{Address: "127.0.0.1:1"}}}, {shop: {{Address: "127.0.0.1:1", From: r.now.Load().Add(1)}}}} {
				if known != nil {
					r.backends.Know(known)
				}
				r.ask(t, 1)
				s := r.sink.all[len(r.sink.all)-1]
				if s.Outcome != recording.Failed || s.Class != recording.ClassNoBackend || s.Phase != recording.PhaseDial || s.Maskable || s.Error != "the played balancer knew no pod" {
					t.Errorf("%s: %+v", name, s)
				}
			}
		}
	}
}

// A request that is under way to a pod which is forgotten meanwhile is answered.
func TestForgottenWhileUnderWay(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	pod := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(begun)
		<-finish
	}))
	t.Cleanup(pod.Close)
	other := newBackend(t, "other", false)
	r := balancedStream(t, layer(true), "http://"+shop, keptOver(check.HTTP1, 4))
	begin := *r.now.Load()
	r.backends.Know(map[string][]Backend{shop: {{Address: pod.Listener.Addr().String(), From: begin}}})
	done := make(chan map[string]int, 1)
	go func() { done <- r.ask(t, 1) }()
	<-begun
	r.backends.Know(map[string][]Backend{shop: {{Address: other.address(), From: begin}}})
	if _, err := r.sender.send(7, begin); err != nil {
		t.Error(err)
	}
	close(finish)
	<-done
	for i := range r.sink.all {
		if s := &r.sink.all[i]; s.Outcome != recording.OK {
			t.Errorf("%+v", s)
		}
	}
	carrier := r.sender.carrier.(*balancedCarrier)
	if len(carrier.forgotten) != 0 || len(carrier.pods) != 1 {
		t.Errorf("left are %v and %v", carrier.pods, carrier.forgotten)
	}
}

// waitFor waits for what another side has yet to see.
func waitFor(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(testTimeout); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come about")
		}
	}
}
