//go:build e2e

package e2e

import (
	"slices"
	"testing"
)

// overHTTP2 has both streams speak HTTP/2 to the pods: one with a single request
// on each connection, one with many. A kept connection sticks to the pod to which
// the Service brought it, so that it takes the whole pool for each pod to have
// some; the new pods get theirs as the old ones end.
var overHTTP2 = append(slices.Clone(quick), "--protocol", "h2c", "--restart")

// The pods take along their connections and all that these carry.
func TestCarelessFailsOverHTTP2(t *testing.T) {
	careless := newPlace(t).deploy(t, "careless", env("VICTIM_HANDLER_TIME", "200ms"))
	run := careless.check(t, overHTTP2...)
	run.want(t, failed)
	r := run.report(t)
	wantEnds(t, r, 3)

	truth := careless.readDeaths(t, r.Began)
	cut, refused, wrong := truth.compare(r)
	for _, w := range wrong {
		t.Error(w)
	}
	if cut == 0 || refused == 0 {
		t.Errorf("%d requests were in flight when their pod exited, %d refused, want some", cut, refused)
	}
	cutOf := map[string]int{}
	for _, f := range r.Failures {
		if !slices.Contains([]string{"no-drain", "listener-closed-early"}, f.Cause) {
			t.Errorf("%s #%d (%s at %s): cause %s", f.Stream, f.Seq, f.Class, f.Phase, f.Cause)
		}
		if _, inFlight := truth.inFlight[request{f.Stream, f.Seq}]; !inFlight {
			continue
		}
		cutOf[f.Stream]++
		if f.Cause != "no-drain" && !f.likeRefused() || f.Class != "eof" && f.Class != "reset" {
			t.Errorf("%s #%d was in flight at an exit: %s, %s at %s", f.Stream, f.Seq, f.Cause, f.Class, f.Phase)
		}
	}
	for _, s := range r.Streams {
		if cutOf[s.Name] == 0 {
			t.Errorf("%s: of %d failed requests none was in flight at an exit", s.Name, s.Failed)
		}
	}
	t.Logf("%d failed: %v in flight at an exit, %d refused", len(r.Failures), cutOf, refused)
	run.wantSameReport(t)
}

// Every request reaches one pod, once.
func TestGracefulPassesOverHTTP2(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful", env("VICTIM_LOG_REQUESTS", "true"))
	run := graceful.check(t, overHTTP2...)
	r := run.wantSafe(t, 3)
	sent := 0
	for _, s := range r.Streams {
		sent += s.Sent
	}
	if read := graceful.requests(t, r.Began); read != sent {
		t.Errorf("the pods read %d requests, %d were sent", read, sent)
	}
	run.wantSameReport(t)
}
