//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
)

// long adds requests that take longer than a pod does to go.
var long = append(slices.Clone(quick), "--restart", "--slow", "/slow?for=3s", "--streaming", "/stream?for=3s")

// What is under way is cut: requests before their answer, and answers in the midst.
func TestCarelessCutsLongRequests(t *testing.T) {
	careless := newPlace(t).deploy(t, "careless")
	run := careless.check(t, long...)
	run.want(t, failed)
	r := run.report(t)
	wantUnderWay(t, r)
	truth := careless.readDeaths(t, r.Began)
	_, _, wrong := truth.compare(r)
	for _, w := range wrong {
		t.Error(w)
	}
	cut := map[string]int{}
	for _, f := range r.Failures {
		if _, inFlight := truth.inFlight[request{f.Stream, f.Seq}]; !inFlight {
			continue
		}
		cut[f.Stream]++
		phase := map[string]string{"slow": "first-byte", "streaming": "body"}[f.Stream]
		if phase != "" && !f.likeRefused() && (f.Phase != phase || f.Cause != "no-drain" || (f.BytesIn > 0) != (f.Stream == "streaming")) {
			t.Errorf("%s #%d was in flight at an exit: %+v", f.Stream, f.Seq, f)
		}
	}
	if cut["slow"] == 0 || cut["streaming"] == 0 {
		t.Errorf("in flight at an exit: %v", cut)
	}
	if !strings.Contains(run.stdout, " cut in the body, after ") {
		t.Errorf("the report does not say how far answers came:\n%s", run.stdout)
	}
	t.Logf("%d failed: %v in flight at an exit", len(r.Failures), cut)
	run.wantSameReport(t)
}

// A pod that drains brings its answers to their end.
func TestGracefulEndsLongRequests(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	run := graceful.check(t, long...)
	wantUnderWay(t, run.wantSafe(t, 3))
	run.wantSameReport(t)
}

// A stream that is there to show what becomes of long requests, and has none,
// shows nothing.
func TestLongRequestsThatAreShort(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	run := graceful.check(t, append(slices.Clone(quick), "--restart", "--streaming", "/")...)
	run.want(t, inconclusive)
	wantNothingLost(t, run.report(t))
	if reasons := strings.Join(run.report(t).Reasons, "; "); !strings.Contains(reasons, "stream streaming had no answer on its way from ") {
		t.Errorf("reasons: %s", reasons)
	}
}

// wantUnderWay fails the test unless each pod that ended had some of each kind.
func wantUnderWay(t *testing.T, r *report) {
	t.Helper()
	for _, ended := range r.Terminations {
		if ended.UnderWay["slow"] == 0 || ended.UnderWay["streaming"] == 0 {
			t.Errorf("%s had under way when its end began: %v", ended.Pod, ended.UnderWay)
		}
	}
}
