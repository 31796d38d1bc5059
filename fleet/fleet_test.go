package fleet

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// whole tells whether a stream's samples are all of its schedule's, but for what each
// sender was late with when it was stopped.
func whole(t *testing.T, end End, samples map[string][]recording.Sample) {
	t.Helper()
	for i, s := range end.Streams {
		var all recording.StreamEnd
		for _, one := range end.Senders {
			all = together(all, one.Streams[i])
			wholeShare(t, one, i, len(end.Senders), samples[s.Name])
		}
		if s.Sent == 0 || s.Scheduled != all.Scheduled || s.Sent != all.Sent || len(samples[s.Name]) != int(s.Sent) {
			t.Errorf("stream %s: %d scheduled, %d sent, %d recorded, and by the senders %d of %d sent", s.Name, s.Scheduled, s.Sent, len(samples[s.Name]), all.Sent, all.Scheduled)
		}
	}
}

// wholeShare tells whether a sender sent the first requests of its share of a stream, each
// once, and tells of all others that were due until it was stopped.
func wholeShare(t *testing.T, one recording.SenderEnd, i, senders int, samples []recording.Sample) {
	t.Helper()
	allDue(t, one, i, senders)
	next := uint64(one.Index)
	for _, sample := range samples {
		if sample.Sender != one.Index {
			continue
		}
		if sample.Seq != next {
			t.Errorf("stream %s: sample %d is where sender %d was to send %d", sample.Stream, sample.Seq, one.Index, next)
			return
		}
		next += uint64(senders)
	}
	if sent := next / uint64(senders); sent != one.Streams[i].Sent {
		t.Errorf("stream %s: sender %d sent %d, and %d are recorded", one.Streams[i].Name, one.Index, one.Streams[i].Sent, sent)
	}
}

// allDue tells whether a sender had scheduled what was due until it was stopped. One that
// is late by then misses what it did not come to, however much that is; but a single
// request may have been due just as the stop came, and counts for nothing.
func allDue(t *testing.T, one recording.SenderEnd, i, senders int) {
	t.Helper()
	s := one.Streams[i]
	if s.Scheduled == s.Sent {
		return
	}
	wanted := shareOf(due(check.Stream{Rate: rates[s.Name]}, s.Stopped.Sub(s.Began)), one.Index, senders)
	if s.Scheduled != wanted || s.Scheduled < s.Sent+2 {
		t.Errorf("stream %s: sender %d sent %d of %d scheduled, %d were due", s.Name, one.Index, s.Sent, s.Scheduled, wanted)
	}
}

// Two senders whose clocks are wrong send one schedule together, and their samples have
// the run's times.
func TestRun(t *testing.T) {
	c := newCluster(t)
	c.ahead = []time.Duration{3 * time.Hour, -7 * time.Second}
	cfg, got := config(t, c, target(t, 0).URL, 2)
	launching := time.Now()
	f := launched(t, cfg)
	if senders := f.Senders(); len(senders) != 2 || senders[1] != (recording.Sender{Index: 1, Pod: podName(1), UID: "uid-1", Node: "node-1"}) {
		t.Errorf("got senders %+v", senders)
	}
	until(t, "an answer", func() bool { return len(f.Answered()) > 0 })
	if err := f.Renew(t.Context()); err != nil {
		t.Error(err)
	}
	until(t, "traffic", func() bool { return f.Counts(t.Context())[0].OK >= 50 })
	if counts := f.Counts(t.Context()); len(counts) != 2 || counts[1].Name != "kept" || counts[1].Failed > 0 || counts[1].Sent < 50 {
		t.Errorf("got %+v", counts)
	}
	until(t, "a spread of the whole pool", func() bool { return f.Spread(t.Context())["kept"]["web-1"] == 4 })
	end, err := f.Stop(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	samples := got.samples(t, end)
	whole(t, end, samples)
	for _, s := range samples["fresh"] {
		if s.Sender != int(s.Seq%2) {
			t.Errorf("sample %d is of sender %d", s.Seq, s.Sender)
		}
		if s.Scheduled.Before(launching) || s.Scheduled.After(time.Now()) {
			t.Errorf("sample %d was due at %s, which is not within the run", s.Seq, s.Scheduled)
		}
	}
	if end.Client == nil || end.Client.Processors < 2 || len(end.Senders) != 2 || end.Senders[0].Lost != "" || end.Senders[0].Client == nil {
		t.Errorf("got %+v", end)
	}
	measured := got.of(recording.ClockMeasured)
	if len(measured) < 2 {
		t.Errorf("the clocks were measured %d times", len(measured))
	}
	for _, a := range measured {
		if a.Clock.From > 0 || a.Clock.To < 0 || a.Clock.To-a.Clock.From > check.Duration(time.Second) || a.Disruption != recording.NoDisruption {
			t.Errorf("got clock %+v of sender %d", *a.Clock, a.Sender)
		}
	}
	if err := f.Remove(t.Context()); err != nil {
		t.Error(err)
	}
	if jobs, err := c.BatchV1().Jobs("").List(t.Context(), metav1.ListOptions{}); err != nil || len(jobs.Items) > 0 {
		t.Errorf("%d jobs are left, %v", len(jobs.Items), err)
	}
	if len(got.lost) > 0 || len(got.failed) > 0 {
		t.Errorf("lost %v, failed %v", got.lost, got.failed)
	}
}

// While the API server is away the senders go on, and nothing of it is missing.
func TestReconnect(t *testing.T) {
	c := newCluster(t)
	cfg, got := config(t, c, target(t, 0).URL, 2)
	var segments atomic.Int64
	cfg.Segment = func(s recording.Segment) error {
		segments.Add(1)
		return got.writer.Segment(s)
	}
	f := launched(t, cfg)
	until(t, "traffic", func() bool { return f.Counts(t.Context())[0].Sent > 10 })
	before := f.Counts(t.Context())[0].Sent
	c.away(true)
	if f.Counts(t.Context())[0].Sent < before {
		t.Error("what was known of them is forgotten")
	}
	time.Sleep(3 * time.Second)
	c.away(false)
	until(t, "traffic", func() bool { return f.Counts(t.Context())[0].Sent > before+100 })
	until(t, "a segment of each", func() bool { return segments.Load() >= 2 })
	end, err := f.Stop(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	whole(t, end, got.samples(t, end))
	if len(got.lost) > 0 || segments.Load() < 4 {
		t.Errorf("lost %v, %d segments", got.lost, segments.Load())
	}
}

// A sender that is killed is lost; what it had sealed stays, and the load that it would
// have sent is missing from what was scheduled.
func TestKilledSender(t *testing.T) {
	c := newCluster(t)
	cfg, got := config(t, c, target(t, 0).URL, 2)
	f := launched(t, cfg)
	until(t, "traffic", func() bool { return f.Counts(t.Context())[0].Sent > 20 })
	c.mu.Lock()
	c.remove(podName(1))
	c.mu.Unlock()
	until(t, "the loss", func() bool { return len(got.of(recording.SenderLost)) > 0 })
	lost := got.of(recording.SenderLost)[0]
	if lost.Sender != 1 || lost.Detail != "its pod is gone" || got.lost[1] != lost.Detail {
		t.Errorf("got %+v", lost)
	}
	time.Sleep(time.Second)
	end, err := f.Stop(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	one, all := end.Senders[1], end.Streams[0]
	if one.Lost != lost.Detail || one.LostAt.IsZero() || one.Client != nil || one.Streams[0].Sent == 0 {
		t.Errorf("got %+v", one)
	}
	// Each sends half of 50 per second, and one did not for a second at least.
	if one.Streams[0].Scheduled < one.Streams[0].Sent+20 || all.Scheduled-all.Sent < 20 {
		t.Errorf("%d of %d sent by the lost one, %d of %d by all: no load is missing", one.Streams[0].Sent, one.Streams[0].Scheduled, all.Sent, all.Scheduled)
	}
	other := end.Senders[0]
	if other.Lost != "" {
		t.Errorf("got %+v", other)
	}
	allDue(t, other, 0, len(end.Senders))
}

// What is in flight is cut if so wanted, and when the time is over.
func TestStopCuts(t *testing.T) {
	for name, test := range map[string]struct {
		abort  bool
		within time.Duration
	}{"at once": {true, time.Minute}, "in the end": {false, 500 * time.Millisecond}} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			cfg, got := config(t, c, target(t, time.Minute).URL, 1)
			f := launched(t, cfg)
			until(t, "traffic", func() bool { return f.Counts(t.Context())[0].Sent > 5 })
			ctx, cancel := context.WithTimeout(t.Context(), test.within)
			defer cancel()
			began := time.Now()
			end, err := f.Stop(ctx, test.abort)
			if err != nil || time.Since(began) > 8*time.Second {
				t.Fatalf("after %s: %v", time.Since(began), err)
			}
			whole(t, end, got.samples(t, end))
		})
	}
}

// A segment that is damaged on its way is fetched once more, and one that was sealed so
// ends the run.
func TestDamagedSegment(t *testing.T) {
	for name, test := range map[string]struct {
		times int
		whole bool
	}{"once": {1, true}, "for good": {1 << 20, false}} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			cfg, got := config(t, c, target(t, 0).URL, 1)
			plain := cfg.Dial
			cfg.Dial = func(ctx context.Context, namespace, pod string) (net.Conn, error) {
				conn, err := plain(ctx, namespace, pod)
				return &damaging{Conn: conn, left: &test.times}, err
			}
			f := launched(t, cfg)
			until(t, "traffic", func() bool { return f.Counts(t.Context())[0].Sent > 20 })
			end, err := f.Stop(t.Context(), false)
			if (err == nil) != test.whole || (len(got.failed) == 0) != test.whole {
				t.Fatalf("got %v, failed %v", err, got.failed)
			}
			if test.whole {
				whole(t, end, got.samples(t, end))
			}
		})
	}
}

// damaging changes a byte of Parquet files that it reads, so many times.
type damaging struct {
	net.Conn
	left *int
}

func (d *damaging) Read(p []byte) (int, error) {
	n, err := d.Conn.Read(p)
	if at := bytes.Index(p[:n], []byte("PAR1")); at >= 0 && *d.left > 0 {
		*d.left--
		p[at] ^= 1
	}
	return n, err
}

// A segment that cannot be written ends the run, and is not forgotten by its sender.
func TestSegmentNotWritten(t *testing.T) {
	c := newCluster(t)
	cfg, got := config(t, c, target(t, 0).URL, 1)
	full := errors.New("no space left on device")
	cfg.Segment = func(recording.Segment) error { return full }
	f := launched(t, cfg)
	end, err := f.Stop(t.Context(), false)
	if !errors.Is(err, full) || len(got.failed) != 1 || !errors.Is(got.failed[0], full) {
		t.Errorf("got %v, failed %v", err, got.failed)
	}
	if !strings.Contains(end.Senders[0].Lost, full.Error()) {
		t.Errorf("got %+v", end.Senders[0])
	}
}

// A place in the check that a sender cannot carry out is told as one, and nothing stays.
func TestLaunchTellsTheField(t *testing.T) {
	c := newCluster(t)
	cfg, _ := config(t, c, target(t, 0).URL, 1)
	cfg.Assignment.Streams[1].Body = &check.Body{File: "missing.json"}
	_, err := Launch(t.Context(), cfg)
	field, ok := errors.AsType[*check.FieldError](err)
	if !ok || !strings.HasPrefix(field.Field, "streams[1].body") {
		t.Errorf("got %v", err)
	}
	if jobs, err := c.BatchV1().Jobs("").List(t.Context(), metav1.ListOptions{}); err != nil || len(jobs.Items) > 0 {
		t.Errorf("%d jobs are left, %v", len(jobs.Items), err)
	}
}

// That one of the senders will never take its share is told without waiting for others.
func TestLaunchTellsTheFirstFailure(t *testing.T) {
	c := newCluster(t)
	cfg, _ := config(t, c, target(t, 0).URL, 2)
	cfg.Dial = func(_ context.Context, _, name string) (net.Conn, error) {
		if name == podName(1) {
			ended := pod(1, podLabels(runID))
			ended.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 2, Reason: "Error"}}
			if err := c.Tracker().Update(corev1.SchemeGroupVersion.WithResource("pods"), ended, namespace); err != nil {
				t.Error(err)
			}
		}
		return nil, errors.New("unable to upgrade connection")
	}
	told := 0
	cfg.Removing = func(why error) {
		told++
		jobs, err := c.BatchV1().Jobs("").List(t.Context(), metav1.ListOptions{})
		if err != nil || len(jobs.Items) != 1 || !strings.HasPrefix(why.Error(), "the senders do not run: ") {
			t.Errorf("%v is told with %d jobs there, %v", why, len(jobs.Items), err)
		}
	}
	began := time.Now()
	_, err := Launch(t.Context(), cfg)
	if told != 1 {
		t.Errorf("why the senders are removed is told %d times", told)
	}
	if want := "the senders do not run: pod/" + podName(1) + ": ended with exit code 2 (Error); is tool:v1"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	if after := time.Since(began); after > assignTimeout/2 {
		t.Errorf("it was told after %s", after)
	}
}

// Senders that are removed without a word have ended before: one that has something to
// collect would keep its pod.
func TestRemoveStops(t *testing.T) {
	c := newCluster(t)
	cfg, _ := config(t, c, target(t, 0).URL, 2)
	f, err := Launch(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	senders := maps.Clone(c.senders)
	if err := f.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	for pod, sender := range senders {
		select {
		case <-sender.ended:
		case <-time.After(5 * time.Second):
			t.Errorf("the sender in %s is still there", pod)
		}
	}
}
