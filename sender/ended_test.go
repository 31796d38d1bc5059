package sender

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A pod that is ended sends no more, and what it has sent can be collected still.
func TestPodIsEnded(t *testing.T) {
	t.Parallel()
	web := target(t)
	r := serveTCP(t, time.Now)
	ok := must(t)
	ok(r.Assign(t.Context(), assignment(web.URL, 0, 1)))
	r.started(t)
	r.until(t, "sending", func(s Status) bool { return s.Streams[0].OK > 5 })
	r.end()
	status := r.untilEnded(t)
	if want := "its pod was ended (SIGTERM)"; status.End.Problem != want {
		t.Errorf("%q, want %q", status.End.Problem, want)
	}
	if got := len(samples(t, r.collect(t, status))); got == 0 || uint64(got) != status.Streams[0].Sent+status.Streams[1].Sent {
		t.Errorf("%d samples of %+v", got, status.Streams)
	}
	ok(r.Poll(t.Context(), Poll{Kept: status.Sealed}))
	if err := <-r.ended; err == nil || err.Error() != status.End.Problem {
		t.Error(err)
	}
}

// It leaves within the time that its spec gives it, also where its conductor lives and
// collects nothing.
func TestPodIsEndedAndLeavesInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := servePipes(t)
		ok := must(t)
		ok(r.Assign(t.Context(), assignment(nowhere, 0, 1)))
		// A segment that nobody comes for.
		if err := r.server.held.add(recording.Segment{Data: []byte("samples")}); err != nil {
			t.Fatal(err)
		}
		ok(r.Start(t.Context(), Start{At: time.Now().Add(time.Hour)}))
		began := time.Now()
		r.end()
		for range 3 {
			time.Sleep(5 * time.Second)
			if status := ok(r.Poll(t.Context(), Poll{})); status.State != Ended {
				t.Errorf("%+v", status)
			}
		}
		if err := <-r.ended; err == nil || !strings.Contains(err.Error(), "SIGTERM") || !strings.Contains(err.Error(), "did not collect") {
			t.Error(err)
		}
		if took := time.Since(began); took < collecting || took > collecting+leaving {
			t.Errorf("it left after %s", took)
		}
	})
}

func TestPodIsEndedBeforeItsAssignment(t *testing.T) {
	t.Parallel()
	r := serveTCP(t, time.Now)
	r.end()
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

// What hangs is cut when the conductor says so.
func TestAbortCutsWhatIsInFlight(t *testing.T) {
	t.Parallel()
	leave := make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-leave }))
	t.Cleanup(web.Close)
	defer close(leave)
	r := serveTCP(t, time.Now)
	ok := must(t)
	ok(r.Assign(t.Context(), assignment(web.URL, 0, 1)))
	r.started(t)
	r.until(t, "sending", func(s Status) bool { return s.Streams[0].Sent > 5 })
	if status := ok(r.Stop(t.Context(), Stop{})); status.State != Stopping {
		t.Errorf("%+v", status)
	}
	ok(r.Stop(t.Context(), Stop{Abort: true}))
	status := r.untilEnded(t)
	for _, s := range samples(t, r.collect(t, status)) {
		if s.Outcome != recording.Unfinished {
			t.Errorf("%+v", s)
		}
	}
	if status.End.Problem != "" {
		t.Error(status.End.Problem)
	}
}

// A pod that is ended does not wait for those for long: it is killed otherwise, with all
// that it holds.
func TestPodIsEndedWithRequestsThatHang(t *testing.T) {
	t.Parallel()
	leave := make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-leave }))
	t.Cleanup(web.Close)
	defer close(leave)
	r := serveTCP(t, time.Now)
	ok := must(t)
	a := assignment(web.URL, 0, 1)
	for i := range a.Streams {
		a.Streams[i].Timeout = check.Duration(time.Minute)
	}
	ok(r.Assign(t.Context(), a))
	r.started(t)
	r.until(t, "sending", func(s Status) bool { return s.Streams[0].Sent > 5 })
	began := time.Now()
	r.end()
	status := r.untilEnded(t)
	if took := time.Since(began); took < finishing || len(samples(t, r.collect(t, status))) == 0 {
		t.Errorf("after %s: %+v", took, status)
	}
}

// A panic of a stream ends the load, and the conductor is told.
func TestPanicEndsTheLoad(t *testing.T) {
	t.Parallel()
	web := target(t)
	var faulty atomic.Bool
	r := serveTCP(t, func() time.Time {
		if faulty.Load() && within("attack.(*pacer).Pace") {
			panic("out of order")
		}
		return time.Now()
	})
	ok := must(t)
	ok(r.Assign(t.Context(), assignment(web.URL, 0, 1)))
	r.started(t)
	r.until(t, "sending", func(s Status) bool { return s.Streams[0].OK > 5 })
	faulty.Store(true)
	status := r.untilEnded(t)
	if p := status.End.Problem; !strings.Contains(p, "panicked: out of order") || strings.Contains(p, "\n") {
		t.Error(p)
	}
	if len(samples(t, r.collect(t, status))) == 0 {
		t.Error("nothing was sealed")
	}
	ok(r.Poll(t.Context(), Poll{Kept: status.Sealed}))
	if err := <-r.ended; err == nil || !strings.Contains(err.Error(), "ended_test.go") {
		t.Errorf("where it was is not told: %v", err)
	}
}

// Where nobody collects, the load ends before the samples take up all memory.
func TestNoRoomForSegmentsEndsTheLoad(t *testing.T) {
	t.Parallel()
	web := target(t)
	r := serveTCP(t, time.Now)
	ok := must(t)
	ok(r.Assign(t.Context(), assignment(web.URL, 0, 1)))
	if err := r.server.held.add(recording.Segment{Data: make([]byte, 2<<20)}); err != nil {
		t.Fatal(err)
	}
	r.server.held.most = 2 << 20
	r.started(t)
	status := r.untilEnded(t) // at the first segment's age
	if p := status.End.Problem; !strings.Contains(p, "2 MiB of samples uncollected") || status.Sealed != 1 {
		t.Errorf("%q, with %d segments sealed", p, status.Sealed)
	}
}

// within tells whether a function of this name is being called.
func within(function string) bool {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for {
		frame, more := frames.Next()
		if strings.Contains(frame.Function, function) {
			return true
		}
		if !more {
			return false
		}
	}
}

// A channel that cannot be served is no reason to go on for nobody.
func TestListenerFails(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	if err := New(Config{Now: time.Now}).Serve(context.Background(), l); err == nil || !strings.Contains(err.Error(), "serve the channel") {
		t.Error(err)
	}
}
