package victim

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestHandlerTime(t *testing.T) {
	r := start(t, "VICTIM_HANDLER_TIME=50ms")
	r.addr()
	begin := time.Now()
	res := r.get("/")
	if took := time.Since(begin); took < 50*time.Millisecond {
		t.Errorf("answered after %s", took)
	}
	if res.StatusCode != 200 || res.Header.Get("X-Pod-Name") != "pod-1" || res.Close {
		t.Errorf("got %+v", res)
	}
}

func TestSlow(t *testing.T) {
	r := start(t)
	r.wantStatus("/slow?for=1ms", 200)
	r.wantStatus("/slow?for=5m1s", 400)
	r.wantStatus("/slow?for=-1s", 400)
	r.wantStatus("/slow?for=5", 400)
	r.wantStatus("/slow", 400)
	r.wantStatus("/nothing", 404)
}

func TestStream(t *testing.T) {
	r := start(t)
	r.addr()
	begin := time.Now()
	res := r.get("/stream?for=250ms")
	body, err := io.ReadAll(res.Body)
	if took := time.Since(begin); err != nil || string(body) != "part\npart\npart\n" || took < 200*time.Millisecond {
		t.Errorf("%q after %s, %v", body, took, err)
	}
	r.wantStatus("/stream?for=5m1s", 400)
	r.wantStatus("/stream", 400)
}

// A stream that has begun is a request in flight.
func TestStreamIsDrained(t *testing.T) {
	r := start(t, "VICTIM_LOG_REQUESTS=true")
	r.addr()
	res := r.get("/stream?for=1s") // its header has come
	r.sigterm()
	if body, err := io.ReadAll(res.Body); err != nil || len(body) != 11*len("part\n") {
		t.Errorf("%q, %v", body, err)
	}
	r.awaitThat(RequestEnd, func(e Event) bool { return e.Status == 200 })
}

func TestStatusIsThatOfRootAlone(t *testing.T) {
	r := start(t, "VICTIM_STATUS=500")
	r.wantStatus("/", 500)
	r.wantStatus("/slow?for=0s", 200)
	r.wantStatus("/healthz", 200)
	r.wantStatus("/readyz", 200)
}

func TestStatusWithoutBody(t *testing.T) {
	r := start(t, "VICTIM_STATUS=204")
	r.wantStatus("/", 204)
	r.awaitThat(RequestEnd, func(e Event) bool { return e.Status == 204 })
}

func TestNoPodNameHeaderWithoutPodName(t *testing.T) {
	r := start(t, "POD_NAME=")
	if _, ok := r.get("/").Header["X-Pod-Name"]; ok {
		t.Error("header is there")
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if pod := r.await(Started).Pod; pod != host {
		t.Errorf("logs as %q, want %q", pod, host)
	}
}

func TestNeverReady(t *testing.T) {
	r := start(t, "VICTIM_NEVER_READY=true")
	r.wantStatus("/readyz", 503)
	r.wantStatus("/healthz", 200)
	r.wantStatus("/", 200)
}

func TestReadyFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ready")
	r := start(t, "VICTIM_READY_FILE="+file)
	r.wantStatus("/readyz", 503)
	r.wantStatus("/", 200)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.wantStatus("/readyz", 200)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	r.wantStatus("/readyz", 503)
}

func TestStartDelayWithoutListener(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	_ = free.Close()

	r := start(t, "VICTIM_ADDR="+addr, "VICTIM_START_DELAY="+never)
	r.await(Started)
	if conn, err := net.Dial("tcp", addr); err == nil {
		_ = conn.Close()
		t.Error("it listens before its time")
	}
	r.sigterm()
	r.wantCode(0)

	r = start(t, "VICTIM_START_DELAY=50ms")
	if took := r.await(Listening).Time.Sub(r.await(Started).Time); took < 50*time.Millisecond {
		t.Errorf("listens after %s", took)
	}
	r.wantStatus("/", 200)
}

func TestStartDelayReadyBefore(t *testing.T) {
	r := start(t, "VICTIM_START_DELAY="+never, "VICTIM_START_MODE=ready")
	r.wantStatus("/readyz", 200)
	r.wantStatus("/healthz", 200)
	r.wantStatus("/", 503)
	r.wantStatus("/slow?for=0s", 503)

	r = start(t, "VICTIM_START_DELAY=50ms", "VICTIM_START_MODE=ready")
	for deadline := time.Now().Add(patience); r.get("/").StatusCode != 200; {
		if time.Now().After(deadline) {
			t.Fatal("never starts")
		}
	}
}

func TestWorkersMakeProbesWait(t *testing.T) {
	r := start(t, "VICTIM_WORKERS=1")
	busy := r.dial()
	busy.send("/slow?for=5m")
	r.awaitRequest(RequestStart, "/slow?for=5m")

	probe := r.dial()
	probe.send("/healthz")
	r.awaitRequest(RequestStart, "/healthz")
	_ = probe.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if res, err := probe.tryReceive(); err == nil {
		t.Fatalf("the probe got %s", res.Status)
	}

	waiting := r.dial()
	waiting.send("/healthz")
	_ = busy.conn.Close() // the client goes away, and the worker is free
	if got := waiting.receive().StatusCode; got != 200 {
		t.Errorf("got %d", got)
	}
	if e := r.awaitRequest(RequestEnd, "/slow?for=5m"); e.Status != 0 {
		t.Errorf("the request without a client ended with %d", e.Status)
	}
}

func TestAllocPerRequest(t *testing.T) {
	r := start(t, "VICTIM_ALLOC_PER_REQUEST=8Mi")
	r.wantStatus("/readyz", 200)
	before := heap()
	for range 4 {
		r.wantStatus("/", 200)
		r.wantStatus("/readyz", 200)
	}
	if grown := heap() - before; grown < 28<<20 || grown > 40<<20 {
		t.Errorf("grown by %d bytes", grown)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestExitAfterRequests(t *testing.T) {
	r := start(t, "VICTIM_EXIT_AFTER_REQUESTS=2", "VICTIM_EXIT_CODE=9")
	r.wantStatus("/", 200)
	r.wantStatus("/readyz", 200)
	r.wantStatus("/healthz", 200)
	r.wantStatus("/slow?for=0s", 200)
	c := r.dial()
	c.send("/", "X-Vegeta-Attack: s", "X-Vegeta-Seq: 2")
	c.wantCut()
	r.wantCode(9)
	e := r.await(Exiting)
	if *e.Code != 9 || !strings.Contains(e.Reason, "EXIT_AFTER") || len(e.InFlight) == 0 || e.InFlight[len(e.InFlight)-1].Seq != "2" {
		t.Errorf("got %+v", e)
	}
}

func TestAddressInUse(t *testing.T) {
	r := start(t)
	other := start(t, "VICTIM_ADDR="+r.addr())
	<-other.left
	if other.code != 1 || other.err == nil {
		t.Errorf("left with %d, %v", other.code, other.err)
	}
}
