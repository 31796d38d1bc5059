package victim

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestIgnoreGoesOn(t *testing.T) {
	r := start(t, "VICTIM_ON_SIGTERM=ignore")
	kept := r.dial()
	kept.send("/")
	kept.receive()
	r.sigterm()
	r.await(Sigterm)

	kept.send("/")
	if kept.receive().Close {
		t.Error("the end was announced")
	}
	r.wantStatus("/", 200)
	r.wantStatus("/readyz", 200)

	r.kill()
	r.wantCode(137)
	if got := r.log.life(); !slices.Equal(got, []string{Started, Listening, Sigterm}) {
		t.Errorf("log: %q", got)
	}
}

func TestExitCutsRequestsInFlight(t *testing.T) {
	r := start(t, "VICTIM_ON_SIGTERM=exit")
	first, second := r.dial(), r.dial()
	first.send("/slow?for=5m", "X-Vegeta-Attack: slow", "X-Vegeta-Seq: 41")
	r.awaitRequest(RequestStart, "/slow?for=5m")
	second.send("/slow?for=4m", "X-Vegeta-Attack: slow", "X-Vegeta-Seq: 42")
	r.awaitRequest(RequestStart, "/slow?for=4m")

	r.sigterm()
	first.wantCut()
	second.wantCut()
	r.wantCode(2)
	r.wantRefused()

	for _, e := range []Event{r.await(Sigterm), r.await(Exiting)} {
		var seqs []string
		for _, q := range e.InFlight {
			seqs = append(seqs, q.Stream+q.Seq)
		}
		if !slices.Equal(seqs, []string{"slow41", "slow42"}) {
			t.Errorf("%s: in flight: %q", e.Event, seqs)
		}
		if got, want := e.InFlight[0].Remote, first.conn.LocalAddr().String(); got != want {
			t.Errorf("%s: remote %s, want %s", e.Event, got, want)
		}
		if e.Pod != "pod-1" {
			t.Errorf("%s: pod %q", e.Event, e.Pod)
		}
	}
	if got := r.log.life(); !slices.Equal(got, []string{Started, Listening, Sigterm, Exiting}) {
		t.Errorf("log: %q", got)
	}
}

func TestExitCodeAndDelay(t *testing.T) {
	r := start(t, "VICTIM_ON_SIGTERM=exit", "VICTIM_EXIT_CODE=143", "VICTIM_SIGTERM_DELAY=50ms")
	r.addr()
	r.sigterm()
	r.wantCode(143)
	e := r.await(Exiting)
	if e.InFlight == nil || len(e.InFlight) != 0 || *e.Code != 143 {
		t.Errorf("got %+v", e)
	}
	if waited := e.Time.Sub(r.await(Sigterm).Time); waited < 50*time.Millisecond {
		t.Errorf("left after %s", waited)
	}
}

func TestDrainAnswersWhatIsInFlight(t *testing.T) {
	r := start(t, "VICTIM_ON_SIGTERM=drain")
	c := r.dial()
	c.send("/slow?for=1s")
	r.awaitRequest(RequestStart, "/slow?for=1s")
	r.sigterm()
	e := r.await(Draining)
	if len(e.InFlight) != 1 {
		t.Errorf("draining with %+v", e.InFlight)
	}
	r.wantRefused()
	if res := c.receive(); res.StatusCode != 200 || !res.Close {
		t.Errorf("got %d, close announced: %t", res.StatusCode, res.Close)
	}
	r.wantCode(0)
	if in := r.await(Exiting).InFlight; in == nil || len(in) != 0 {
		t.Errorf("left with %+v", in)
	}
	if got := r.log.life(); !slices.Equal(got, []string{Started, Listening, Sigterm, ListenerClosed, Draining, Exiting}) {
		t.Errorf("log: %q", got)
	}
}

func TestDrainWaitsForAnAcceptedConnection(t *testing.T) {
	r := start(t)
	c := r.dial()
	r.get("/") // accepted after c, so c is accepted now
	r.sigterm()
	r.await(Draining)
	c.send("/")
	if got := c.receive().StatusCode; got != 200 {
		t.Errorf("got %d", got)
	}
	r.wantCode(0)
}

func TestDrainDoesNotWaitForASilentConnection(t *testing.T) {
	r := start(t)
	silent := r.dial()
	r.get("/")
	r.sigterm()
	r.wantCode(0)
	silent.wantClosed()
}

func TestSigtermDelayKeepsAccepting(t *testing.T) {
	r := start(t, "VICTIM_SIGTERM_DELAY="+never)
	r.addr()
	r.sigterm()
	r.await(Sigterm)
	r.wantStatus("/", 200)
	r.sigterm() // a second one changes nothing
	r.wantStatus("/", 200)

	r = start(t, "VICTIM_SIGTERM_DELAY=50ms")
	r.addr()
	r.sigterm()
	if waited := r.await(ListenerClosed).Time.Sub(r.await(Sigterm).Time); waited < 50*time.Millisecond {
		t.Errorf("closed after %s", waited)
	}
	r.wantCode(0)
}

func TestReadyzAtSigterm(t *testing.T) {
	for unready, want := range map[string]int{"true": 503, "false": 200} {
		r := start(t, "VICTIM_SIGTERM_DELAY="+never, "VICTIM_SIGTERM_UNREADY="+unready)
		r.wantStatus("/readyz", 200)
		r.sigterm()
		r.await(Sigterm)
		r.wantStatus("/readyz", want)
		r.wantStatus("/healthz", 200)
	}
}

func TestSigtermStatus(t *testing.T) {
	r := start(t, "VICTIM_SIGTERM_DELAY="+never, "VICTIM_SIGTERM_STATUS=503")
	r.wantStatus("/", 200)
	c := r.dial()
	c.send("/slow?for=1s")
	r.awaitRequest(RequestStart, "/slow?for=1s")
	r.sigterm()
	r.await(Sigterm)
	for _, path := range []string{"/", "/slow?for=0s", "/healthz", "/readyz"} {
		r.wantStatus(path, 503)
	}
	if got := c.receive().StatusCode; got != 503 {
		t.Errorf("in flight at SIGTERM: got %d", got)
	}
}

func TestKeepAliveAnnounce(t *testing.T) {
	r := start(t, "VICTIM_SIGTERM_DELAY="+never, "VICTIM_KEEPALIVE=announce")
	idle := r.dial()
	idle.send("/")
	if idle.receive().Close {
		t.Error("announced too early")
	}
	r.sigterm()
	r.await(Sigterm)
	idle.send("/")
	if res := idle.receive(); res.StatusCode != 200 || !res.Close {
		t.Errorf("got %d, close announced: %t", res.StatusCode, res.Close)
	}
	idle.wantClosed()
}

func TestKeepAliveKeep(t *testing.T) {
	r := start(t, "VICTIM_KEEPALIVE=keep")
	idle, busy := r.dial(), r.dial()
	idle.send("/")
	idle.receive()
	busy.send("/slow?for=1s")
	r.awaitRequest(RequestStart, "/slow?for=1s")
	r.sigterm()
	r.await(Draining)
	idle.send("/") // the listener is closed, the connection is not
	if res := idle.receive(); res.StatusCode != 200 || res.Close {
		t.Errorf("idle: got %d, close announced: %t", res.StatusCode, res.Close)
	}
	if res := busy.receive(); res.StatusCode != 200 || res.Close {
		t.Errorf("busy: got %d, close announced: %t", res.StatusCode, res.Close)
	}
	r.wantCode(0)
	idle.wantClosed()
}

func TestKeepAliveClose(t *testing.T) {
	r := start(t, "VICTIM_SIGTERM_DELAY="+never, "VICTIM_KEEPALIVE=close")
	idle, busy, fresh := r.dial(), r.dial(), r.dial()
	idle.send("/")
	idle.receive()
	busy.send("/slow?for=1s")
	r.awaitRequest(RequestStart, "/slow?for=1s")
	r.sigterm()
	idle.wantClosed()
	if res := busy.receive(); res.StatusCode != 200 || res.Close {
		t.Errorf("busy: got %d, close announced: %t", res.StatusCode, res.Close)
	}
	busy.wantClosed()
	fresh.send("/") // never carried a request: spared
	if res := fresh.receive(); res.StatusCode != 200 || res.Close {
		t.Errorf("fresh: got %d, close announced: %t", res.StatusCode, res.Close)
	}
}

func TestKeepAliveCut(t *testing.T) {
	r := start(t, "VICTIM_SIGTERM_DELAY="+never, "VICTIM_KEEPALIVE=cut")
	idle, busy, fresh := r.dial(), r.dial(), r.dial()
	idle.send("/")
	idle.receive()
	busy.send("/slow?for=1s")
	r.awaitRequest(RequestStart, "/slow?for=1s")
	r.sigtermDone()
	idle.send("/")
	idle.wantCut()
	for _, c := range []*client{busy, fresh} {
		if c == fresh {
			c.send("/")
		}
		if res := c.receive(); res.StatusCode != 200 || res.Close {
			t.Errorf("got %d, close announced: %t", res.StatusCode, res.Close)
		}
		c.send("/")
		c.wantCut()
	}
}

func TestKilledSaysNothing(t *testing.T) {
	r := start(t)
	c := r.dial()
	c.send("/slow?for=5m")
	r.awaitRequest(RequestStart, "/slow?for=5m")
	r.kill()
	c.wantCut()
	r.wantCode(137)
	if got := strings.Join(r.log.life(), " "); got != "started listening" {
		t.Errorf("log: %q", got)
	}
}
