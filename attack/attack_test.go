package attack

import (
	"context"
	"crypto/tls"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// samples is a sink that keeps everything.
type samples struct {
	mu   sync.Mutex
	all  []recording.Sample
	done func(n int) // called with the number so far
}

func (s *samples) take(sample recording.Sample) {
	s.mu.Lock()
	s.all = append(s.all, sample)
	n := len(s.all)
	s.mu.Unlock()
	if s.done != nil {
		s.done(n)
	}
}

// stream makes a valid stream at 100/s to url, changed by change.
func stream(t *testing.T, url string, sink *samples, change func(*check.Stream)) *Stream {
	t.Helper()
	spec := check.Stream{
		Name: "test", Rate: 100, Connections: check.New, Pool: 1,
		URL: url, Protocol: check.HTTP1, Method: http.MethodGet, Timeout: check.Duration(testTimeout),
	}
	if change != nil {
		change(&spec)
	}
	return made(t, spec, check.Target{}, sink)
}

// made makes a stream whose answers name their pod in X-Pod.
func made(t *testing.T, spec check.Stream, target check.Target, sink *samples) *Stream {
	t.Helper()
	target.PodHeader = "x-pod"
	origin := time.Now()
	s, err := New(Config{
		Stream: spec,
		Target: target,
		Now:    func() time.Time { return origin.Add(time.Since(origin)) },
		Sink:   sink.take,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// streamTo makes a stream to server and trusts it.
func streamTo(t *testing.T, server *faultServer, sink *samples, change func(*check.Stream)) *Stream {
	t.Helper()
	s := stream(t, server.url, sink, change)
	if server.roots != nil {
		serviceOf(s).tls.RootCAs = server.roots
	}
	return s
}

// http1Of gives the carrier of a stream over HTTP/1.1.
func http1Of(s *Stream) *http1Carrier { return s.sender.carrier.(*http1Carrier) }

func serviceOf(s *Stream) *service {
	if c, ok := s.sender.carrier.(*http2Carrier); ok {
		return c.service
	}
	return http1Of(s).service
}

func reused(pool int) func(*check.Stream) {
	return func(s *check.Stream) { s.Connections, s.Pool = check.Reused, pool }
}

// send sends n requests one after the other, past vegeta, and gives their samples.
func send(t *testing.T, s *Stream, sink *samples, n int) []recording.Sample {
	t.Helper()
	before := len(sink.all)
	for i := range n {
		_ = sendOne(t, s, before+i)
		if got := len(sink.all) - before; got != i+1 {
			t.Fatalf("request %d gave %d samples in all", i, got)
		}
	}
	for i := range sink.all {
		wellFormed(t, &sink.all[i])
	}
	t.Cleanup(s.sender.carrier.close)
	return sink.all[before:]
}

// loaded is before any test.
var loaded = time.Now()

// sendOne has the transport send a request as vegeta does.
func sendOne(t *testing.T, s *Stream, seq int) error {
	t.Helper()
	req, err := (&vegeta.Target{Method: http.MethodGet, URL: s.spec.URL, Header: http.Header{sequenceHeader: {strconv.Itoa(seq)}}}).Request()
	if err != nil {
		t.Error(err)
		return err
	}
	resp, err := (&transport{s.sender, schedule{began: loaded, rate: 1e6}}).RoundTrip(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	return err
}

// runOf runs a stream that nothing is wrong with.
func runOf(t *testing.T, ctx context.Context, s *Stream) recording.StreamEnd { //nolint:revive // the test comes first
	t.Helper()
	end, err := s.Run(ctx)
	if err != nil {
		t.Error(err)
	}
	return end
}

// runFor runs the stream until n samples have come.
func runFor(t *testing.T, s *Stream, sink *samples, n int) recording.StreamEnd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	sink.done = func(got int) {
		if got >= n {
			cancel()
		}
	}
	end := runOf(t, ctx, s)
	if len(sink.all) < n {
		t.Fatalf("%d samples after %v, want %d", len(sink.all), testTimeout, n)
	}
	balanced(t, s, sink, end)
	return end
}

// balanced checks what holds for each stream that has ended.
func balanced(t *testing.T, s *Stream, sink *samples, end recording.StreamEnd) {
	t.Helper()
	c := s.Counts()
	if c.Sent != c.OK+c.Failed+c.Client+c.Unfinished || c.InFlight != 0 {
		t.Errorf("the counts do not add up: %+v", c)
	}
	if uint64(len(sink.all)) != c.Sent || end.Sent != c.Sent {
		t.Errorf("%d samples, %d counted, %d at the end", len(sink.all), c.Sent, end.Sent)
	}
	if end.Scheduled < end.Sent {
		t.Errorf("sent %d of %d scheduled", end.Sent, end.Scheduled)
	}
	if end.PeakInFlight > end.MaxInFlight {
		t.Errorf("%d requests in flight of %d allowed", end.PeakInFlight, end.MaxInFlight)
	}
	seen := map[uint64]bool{}
	for i := range sink.all {
		sample := &sink.all[i]
		wellFormed(t, sample)
		if seen[sample.Seq] || sample.Seq >= c.Sent {
			t.Errorf("sequence number %d of %d, twice or too large", sample.Seq, c.Sent)
		}
		seen[sample.Seq] = true
	}
	if c, ok := s.sender.carrier.(*http1Carrier); ok && (len(c.pool.live) != 0 || c.pool.reserved != 0) {
		t.Errorf("%d connections and %d places left", len(c.pool.live), c.pool.reserved)
	}
}

// wellFormed checks what holds for each sample.
func wellFormed(t *testing.T, s *recording.Sample) {
	t.Helper()
	points := []time.Duration{s.Sent, s.Acquired, s.Written, s.FirstByte, s.End}
	latest, missed := time.Duration(0), false
	for i, point := range points {
		last := i == len(points)-1
		switch {
		case point == recording.NotReached && !last && i > 0:
			missed = true
		case point < latest, missed && !last:
			t.Errorf("points out of order: %v", points)
		default:
			latest = point
		}
	}
	if ok := s.Outcome == recording.OK; ok != (s.Phase == "") || ok != (s.Class == "") || ok != (s.Error == "") {
		t.Errorf("outcome %q with phase %q, class %q, error %q", s.Outcome, s.Phase, s.Class, s.Error)
	}
	if s.Outcome == recording.OK && missed {
		t.Errorf("ok, but points were not reached: %v", points)
	}
	unprocessed := s.Class == recording.ClassGoAway || s.Class == recording.ClassRefusedStream
	if s.Maskable && (s.Outcome != recording.Failed || s.Fresh() && !unprocessed) {
		t.Errorf("maskable: %+v", s)
	}
	// A dial that failed from a port of our own tells it.
	if (s.Conn == 0) != (s.LocalPort == 0) && s.RemoteAddr != inMemoryAddr && s.Phase != recording.PhaseDial {
		t.Errorf("connection %d from port %d", s.Conn, s.LocalPort)
	}
}

func written(all []recording.Sample) (n int64) {
	for i := range all {
		if all[i].Written != recording.NotReached {
			n++
		}
	}
	return n
}

func overTLS(secured bool) string {
	if secured {
		return "tls"
	}
	return "plain"
}

func handshakeOnly(v *visit) bool { return v.Conn.(*tls.Conn).Handshake() == nil }
