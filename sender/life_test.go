package sender

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Two senders send one schedule: each of its requests once, when it is due, whatever the
// senders' own clocks say.
func TestTwoSendersSendOneSchedule(t *testing.T) {
	t.Parallel()
	web := target(t)
	const skew = time.Hour
	ok := must(t)
	var senders []*running
	var at time.Time
	// One that has begun keeps its time: where the other is refused, both begin anew.
	soon(t, func(lead time.Duration) bool {
		senders = []*running{serveTCP(t, time.Now), serveTCP(t, func() time.Time { return time.Now().Add(skew) })}
		for i, r := range senders {
			if status := ok(r.Assign(t.Context(), assignment(web.URL, i, 2))); status.State != Assigned || len(status.Streams) > 0 {
				t.Errorf("after its assignment: %+v", status)
			}
		}
		at = time.Now().Add(lead).Round(0)
		for i, r := range senders {
			if !r.startedAt(t, Start{At: at, Offset: time.Duration(i) * skew}) {
				return false
			}
		}
		return true
	})
	for _, r := range senders {
		r.until(t, "answered", func(s Status) bool {
			return slices.Equal(s.Answered, []string{"web-1"}) && s.Streams[0].OK >= 20 && s.Streams[1].OK >= 20 && s.Streams[1].Spread["web-1"] == 2
		})
		ok(r.Renew(t.Context()))
	}
	var all []recording.Sample
	sent := map[string]uint64{}
	for i, r := range senders {
		ok(r.Stop(t.Context(), Stop{}))
		status := r.untilEnded(t)
		if status.End == nil || status.End.Problem != "" || status.End.Client.Processors < 1 {
			t.Fatalf("sender %d ended with %+v", i, status.End)
		}
		for _, end := range status.End.Streams {
			sent[end.Name] += end.Sent
			if !end.Began.Equal(at) {
				t.Errorf("sender %d, stream %s began at %s, not %s", i, end.Name, end.Began, at)
			}
		}
		got := samples(t, r.collect(t, status))
		for _, s := range got {
			if s.Sender != i || s.Seq%2 != uint64(i) || s.Outcome != recording.OK {
				t.Errorf("sender %d: %+v", i, s)
			}
		}
		all = append(all, got...)

		// One more request than the one by which it learns of the end.
		ok(r.Poll(t.Context(), Poll{Kept: status.Sealed}))
		if err := <-r.ended; err != nil {
			t.Errorf("sender %d ended with %v", i, err)
		}
		if n := r.dials.Load(); n != 1 {
			t.Errorf("sender %d: its conductor made %d connections", i, n)
		}
	}
	for name, rate := range map[string]float64{"fresh": 100, "kept": 150} {
		seqs := map[uint64]bool{}
		for _, s := range all {
			if s.Stream != name {
				continue
			}
			if seqs[s.Seq] {
				t.Errorf("%s: request %d was sent twice", name, s.Seq)
			}
			seqs[s.Seq] = true
			due := at.Add(time.Duration(float64(s.Seq) / rate * float64(time.Second)))
			if s.Scheduled.Sub(due).Abs() > time.Microsecond {
				t.Errorf("%s: request %d was due at %s, not %s", name, s.Seq, s.Scheduled, due)
			}
		}
		if uint64(len(seqs)) != sent[name] || len(seqs) < 40 {
			t.Errorf("%s: %d samples of %d requests", name, len(seqs), sent[name])
		}
	}
}

// What was done already is answered as if it were done, and nothing is done twice.
func TestRepeatedRequestsAreHarmless(t *testing.T) {
	t.Parallel()
	web := target(t)
	r := serveTCP(t, time.Now)
	ok := must(t)
	ctx := t.Context()
	a := assignment(web.URL, 0, 1)
	ok(r.Assign(ctx, a))
	ok(r.Assign(ctx, a))
	start := r.started(t)
	ok(r.Start(ctx, start))
	ok(r.Assign(ctx, a))
	r.until(t, "sending", func(s Status) bool { return s.Streams[0].OK > 0 })
	ok(r.Start(ctx, start)) // long after its time
	ok(r.Renew(ctx))
	ok(r.Renew(ctx))
	ok(r.Stop(ctx, Stop{}))
	ok(r.Stop(ctx, Stop{Abort: true}))
	ended := r.untilEnded(t)
	again := ok(r.Assign(ctx, a)) // which is no farewell: it may be one that was on its way
	if again.End == nil || again.Sealed != ended.Sealed {
		t.Errorf("%+v", again)
	}
	if first, second := r.collect(t, ended), r.collect(t, ended); len(first) == 0 || !slices.EqualFunc(first, second, func(a, b recording.Segment) bool { return slices.Equal(a.Data, b.Data) }) {
		t.Error("a segment changed")
	}
	ok(r.Stop(ctx, Stop{})) // not all is kept yet
	if status := ok(r.Poll(ctx, Poll{Kept: ended.Sealed})); status.End == nil || len(status.Segments) > 0 {
		t.Errorf("%+v", status)
	}
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

// What does not fit is refused with what is wrong.
func TestUnfitRequestsAreRefused(t *testing.T) {
	t.Parallel()
	web := target(t)
	r := serveTCP(t, time.Now)
	ok := must(t)
	ctx := t.Context()
	refused := func(status int, words string) func(Status, error) {
		return func(_ Status, err error) {
			t.Helper()
			refusal, ok := errors.AsType[*RefusedError](err)
			if !ok || refusal.Status != status || !strings.Contains(refusal.Error(), words) {
				t.Errorf("%v; want %d and %q", err, status, words)
			}
		}
	}
	a := assignment(web.URL, 0, 1)
	refused(409, "nothing was assigned")(r.Poll(ctx, Poll{}))
	refused(403, "at least 16 bytes")(NewClient(r.dial, "").Assign(ctx, a))
	refused(400, "sender 1 of 1")(r.Assign(ctx, assignment(web.URL, 1, 1)))
	refused(400, "no streams")(r.Assign(ctx, Assignment{Version: Version, Senders: 1}))
	newer := a
	newer.Version++
	refused(400, "the same release on both sides")(r.Assign(ctx, newer))

	ok(r.Assign(ctx, a))
	refused(409, "another assignment")(r.Assign(ctx, assignment(web.URL, 0, 2)))
	refused(409, "not begun")(r.Renew(ctx))
	refused(409, "ago")(r.Start(ctx, Start{At: time.Now().Add(-time.Second)}))
	refused(400, "never sealed")(r.Poll(ctx, Poll{Kept: 1}))
	at := time.Now().Add(time.Hour)
	ok(r.Start(ctx, Start{At: at}))
	refused(409, "another time")(r.Start(ctx, Start{At: at.Add(1)}))
	for _, number := range []int{-1, 0, 1} {
		_, err := r.Segment(ctx, Segment{Number: number})
		refused(404, "no such segment")(Status{}, err)
	}

	other := NewClient(r.dial, "another-token-of-somebody")
	defer other.Close()
	const taken = "has another conductor"
	refused(403, taken)(other.Assign(ctx, a))
	refused(403, taken)(other.Poll(ctx, Poll{}))
	refused(403, taken)(other.Start(ctx, Start{At: at}))
	refused(403, taken)(other.Renew(ctx))
	refused(403, taken)(other.Stop(ctx, Stop{Abort: true}))
	_, err := other.Segment(ctx, Segment{Number: 1})
	refused(403, taken)(Status{}, err)
	if status := ok(r.Poll(ctx, Poll{})); status.State != Sending {
		t.Errorf("a stranger has brought it to %s", status.State)
	}
}

// A sender that is told to stop before it began has an end all the same.
func TestStopBeforeTheStart(t *testing.T) {
	t.Parallel()
	web := target(t)
	ok := must(t)
	for name, begin := range map[string]func(*running){
		"assigned": func(*running) {},
		"waiting":  func(r *running) { ok(r.Start(t.Context(), Start{At: time.Now().Add(time.Hour)})) },
	} {
		r := serveTCP(t, time.Now)
		ok(r.Assign(t.Context(), assignment(web.URL, 0, 1)))
		begin(r)
		ok(r.Stop(t.Context(), Stop{}))
		end := r.untilEnded(t).End
		if len(end.Streams) != 2 || end.Streams[1].Name != "kept" || end.Streams[0].Sent+end.Streams[1].Sent > 0 || end.Problem != "" {
			t.Errorf("%s: %+v", name, end)
		}
		_, _ = r.Stop(t.Context(), Stop{}) // it may have gone with the last poll
		if err := <-r.ended; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
