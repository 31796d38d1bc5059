package attack

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// inMemoryAddr is what net.Pipe calls its ends.
const inMemoryAddr = "pipe"

// inMemory lets the stream talk to a service that takes so long for each
// answer. Inside a synctest bubble time passes only when all are waiting, so
// that every time is exact, and the bubble fails if anything outlives Run. The
// service itself has ended when gone returns.
func inMemory(s *Stream, takes time.Duration) (gone func()) {
	var visits sync.WaitGroup
	serviceOf(s).dial = func(context.Context, string, string) (net.Conn, error) {
		client, service := net.Pipe()
		visits.Go(func() {
			defer func() { _ = service.Close() }()
			reader := bufio.NewReader(service)
			for {
				if _, err := http.ReadRequest(reader); err != nil {
					return
				}
				time.Sleep(takes)
				if _, err := io.WriteString(service, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); err != nil {
					return
				}
			}
		})
		return client, nil
	}
	return visits.Wait
}

func TestScheduleIsKept(t *testing.T) {
	for _, tt := range []struct {
		rate float64
		runs time.Duration
		sent uint64
	}{
		{100, 30*time.Second + time.Millisecond, 3001},
		{3, 10*time.Second + time.Millisecond, 31}, // no whole interval
		{0.1, 3 * time.Second, 1},                  // the stop is not the next request's time
	} {
		for _, policy := range []check.Connections{check.New, check.Reused} {
			synctest.Test(t, func(t *testing.T) {
				sink := &samples{}
				s := stream(t, "http://192.0.2.1/", sink, func(c *check.Stream) { c.Rate, c.Connections = tt.rate, policy })
				defer inMemory(s, 0)()
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), tt.runs)
				defer cancel()
				end := runOf(t, ctx, s)

				balanced(t, s, sink, end)
				fine(t, sink.all)
				if end.Sent != tt.sent || end.Scheduled != tt.sent {
					t.Errorf("%v/s: sent %d of %d, want %d", tt.rate, end.Sent, end.Scheduled, tt.sent)
				}
				if !end.Began.Equal(began) || end.Stopped.Sub(began) != tt.runs || time.Since(began) != tt.runs {
					t.Errorf("%v/s: ran %v, returned after %v, want %v", tt.rate, end.Stopped.Sub(end.Began), time.Since(began), tt.runs)
				}
				for i := range sink.all {
					sample := &sink.all[i]
					due := time.Duration(float64(sample.Seq) / tt.rate * float64(time.Second))
					if sample.Scheduled.Sub(began) != due || sample.Sent != 0 || sample.End != 0 {
						t.Fatalf("%v/s: request %d due after %v: %+v", tt.rate, sample.Seq, due, sample)
					}
				}
			})
		}
	}
}

// A service that stalls cannot slow the clock: each request keeps its time, the
// lateness shows, and so does what was never sent.
func TestBusyWorkersShowAsLateness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &samples{}
		s := stream(t, "http://192.0.2.1/", sink, nil)
		s.maxInFlight = 2
		defer inMemory(s, time.Second)()
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		end := runOf(t, ctx, s)

		balanced(t, s, sink, end)
		fine(t, sink.all)
		if end.Scheduled != 250 || end.Sent != 6 || end.PeakInFlight != 2 || end.MaxInFlight != 2 {
			t.Errorf("%+v", end)
		}
		if stopped := end.Stopped.Sub(began); stopped != 2500*time.Millisecond {
			t.Errorf("stopped after %v", stopped)
		}
		// Two workers take turns of a second, begun at 0 and 10 ms.
		for i := range sink.all {
			sample := &sink.all[i]
			round, worker := time.Duration(sample.Seq/2), time.Duration(sample.Seq%2)
			sent := round*time.Second + worker*10*time.Millisecond
			if sample.SentAt().Sub(began) != sent || sample.Scheduled.Sub(began) != time.Duration(sample.Seq)*10*time.Millisecond ||
				sample.End != sample.Sent+time.Second {
				t.Errorf("%+v", sample)
			}
		}
	})
}

// The timeout counts from the send, over all phases.
func TestTimeoutIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &samples{}
		s := stream(t, "http://192.0.2.1/", sink, func(c *check.Stream) { c.Rate, c.Timeout = 10, check.Duration(650*time.Millisecond) })
		defer inMemory(s, time.Second)()
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 950*time.Millisecond)
		defer cancel()
		end := runOf(t, ctx, s)

		balanced(t, s, sink, end)
		if took := time.Since(began); end.Sent != 10 || took != 1550*time.Millisecond {
			t.Errorf("sent %d, returned after %v", end.Sent, took)
		}
		if end.PeakInFlight != 7 || end.MaxInFlight != 8 {
			t.Errorf("%d in flight of %d", end.PeakInFlight, end.MaxInFlight)
		}
		for i := range sink.all {
			if sample := &sink.all[i]; sample.Class != recording.ClassTimeout || sample.End-sample.Sent != 650*time.Millisecond {
				t.Errorf("%+v", sample)
			}
		}
	})
}

// Stages and steps send as many as the area under the rate, each at its time.
func TestStages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &samples{}
		s := stream(t, "http://192.0.2.1/", sink, func(c *check.Stream) {
			c.Rate = 50
			c.Stages = []check.Stage{
				{Over: check.Duration(2 * time.Second), To: 20}, // 20 requests
				{Over: check.Duration(time.Second), To: 20},     // 20
				{To: 10}, {Over: check.Duration(3 * time.Second), To: 10}, // 30
			}
		})
		defer inMemory(s, 0)()
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second-time.Millisecond)
		defer cancel()
		end := runOf(t, ctx, s)

		balanced(t, s, sink, end)
		fine(t, sink.all)
		if end.Sent != 170 || end.Scheduled != 170 {
			t.Errorf("sent %d of %d, want 20 + 20 + 30 + 2s of 50", end.Sent, end.Scheduled)
		}
		due := map[uint64]time.Duration{0: 0, 5: time.Second, 20: 2 * time.Second, 40: 3 * time.Second, 55: 4500 * time.Millisecond, 70: 6 * time.Second, 120: 7 * time.Second}
		for i := range sink.all {
			sample := &sink.all[i]
			if want, ok := due[sample.Seq]; ok && (sample.Scheduled.Sub(began)-want).Abs() > time.Microsecond {
				t.Errorf("request %d after %v, want %v", sample.Seq, sample.Scheduled.Sub(began), want)
			}
			if sample.Sent != 0 {
				t.Errorf("request %d late by %v", sample.Seq, sample.Sent)
			}
		}
	})
}

func TestStagedBefore(t *testing.T) {
	s := newSchedule(time.Unix(1_800_000_000, 123), check.Stream{Rate: 99.9, Stages: []check.Stage{
		{Over: check.Duration(1500 * time.Millisecond), To: 33}, {To: 7}, {Over: check.Duration(2 * time.Second), To: 1}, {Over: check.Duration(time.Second), To: 200},
	}})
	previous := s.began
	for n := range uint64(2000) {
		due := s.at(n)
		if due.Before(previous) {
			t.Fatalf("request %d is due %v before the one before it", n, previous.Sub(due))
		}
		if got := s.before(due.Add(1)); got < n+1 {
			t.Fatalf("%d requests are due by the time of request %d", got, n)
		}
		previous = due
	}
}

func TestScheduledBefore(t *testing.T) {
	for _, rate := range []float64{0.1, 1, 3, 7, 99.9, 1000, 44_100} {
		s := schedule{began: time.Unix(1_800_000_000, 123), rate: rate}
		for _, n := range []uint64{1, 2, 3, 10, 99, 100, 12_345, 10_000_000} {
			due := s.at(n)
			for offset, want := range map[time.Duration]uint64{-1: n, 0: n, 1: n + 1} {
				if got := s.before(due.Add(offset)); got != want {
					t.Errorf("%v/s: %d requests are due before the time of request %d %+d ns, want %d", rate, got, n, offset, want)
				}
			}
		}
		if got := s.before(s.began); got != 0 {
			t.Errorf("%v/s: %d requests are due before the beginning", rate, got)
		}
	}
}
