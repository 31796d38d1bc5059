//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
)

// quick keeps a run short where nothing depends on its length, and its load light, as two
// tests share the machine with the cluster: what is late says nothing of the tool.
var quick = []string{"--baseline", "4s", "--settle", "5s", "--rate", "50"}

// `kubectl rollout status` does not wait for the end of the old pods; a run right after it
// does, and passes.
func TestRightAfterARollout(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	kubectl(t, "rollout", "restart", "deployment/graceful", "-n", graceful.namespace)
	kubectl(t, "rollout", "status", "deployment/graceful", "-n", graceful.namespace)
	run := graceful.check(t, append(quick, "--delete", "1")...)
	run.want(t, 0)
	if !strings.Contains(run.stderr, "waiting until nothing is left of ") {
		t.Errorf("it does not say that it waited:\n%s", run.stderr)
	}
}

// Its failures must be those of the pods that died, by their own account.
func TestCarelessFails(t *testing.T) {
	for _, c := range []struct {
		name  string
		edits []edit
		// cut is the least number of requests that the pods take along.
		cut int
	}{
		{"as given", nil, 0},
		{"with many in flight", []edit{env("VICTIM_HANDLER_TIME", "200ms")}, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			careless := newPlace(t).deploy(t, "careless", c.edits...)
			const secret = "f3a5c0ffee"
			run := careless.check(t, append(quick, "--restart", "--scale-to", "1",
				"-H", "Authorization: Bearer "+secret, "-H", "Cookie: session="+secret, "-H", "X-Api-Key: "+secret)...)
			run.want(t, failed)
			run.wantNoTrace(t, secret)
			r := run.report(t)
			for _, s := range r.Streams {
				if s.Failed == 0 {
					t.Errorf("%s: nothing failed of %d", s.Name, s.Sent)
				}
			}
			wantEnds(t, r, 3, 2)
			truth := careless.readDeaths(t, r.Began)
			if len(truth.exited) != 5 {
				t.Errorf("%d pods logged their exit, want 5", len(truth.exited))
			}
			cut, refused, wrong := truth.compare(r)
			for _, w := range wrong {
				t.Error(w)
			}
			if cut < c.cut || refused == 0 {
				t.Errorf("%d requests were in flight when their pod exited (want at least %d), %d refused (want some)", cut, c.cut, refused)
			}
			t.Logf("%d failed: %d in flight at an exit, %d refused", len(r.Failures), cut, refused)
			run.wantSameReport(t)
		})
	}
}

func TestGracefulPasses(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	run := graceful.check(t, append(quick, "--restart", "--scale-to", "1")...)
	run.wantSafe(t, 3, 2)
	run.wantSameReport(t)
	graceful.wantPutBack(t, state{Replicas: 3})
}

// A StatefulSet's pods come back under their names, one after the other.
func TestGracefulStatefulSetPasses(t *testing.T) {
	graceful := newPlace(t).deploySet(t, "graceful", replicas(2))
	run := graceful.check(t, append(quick, "--restart")...)
	run.wantSafe(t, 2)
}

// Its requests take five seconds, and the streams 20 a second each.
var flaskTraffic = []string{"--rate", "20", "--stream-timeout", "30s", "--baseline", "8s", "--settle", "10s", "--restart"}

func TestFlaskPasses(t *testing.T) {
	flask := newPlace(t).deploy(t, "flask")
	run := flask.check(t, flaskTraffic...)
	run.wantSafe(t, 2)
}

func TestFlaskWithoutGraceFails(t *testing.T) {
	flask := newPlace(t).deploy(t, "flask", hasty(3))
	run := flask.check(t, flaskTraffic...)
	run.want(t, failed)
	r := run.report(t)
	if r.Findings[0].Cause != "grace-too-short" {
		t.Errorf("leading cause %s, want grace-too-short\n%s", r.Findings[0].Cause, run.stdout)
	}
	for _, ended := range r.Terminations {
		if ended.ExitCode == nil || *ended.ExitCode != 137 {
			t.Errorf("%s was not seen to be killed", ended.Pod)
		}
	}
	t.Logf("%d failed, %d of them %s", len(r.Failures), r.Findings[0].Failed, r.Findings[0].Cause)
}

// A service that was broken before proves nothing and is left in peace.
func TestBrokenServiceIsInconclusive(t *testing.T) {
	broken := newPlace(t).deploy(t, "careless", env("VICTIM_STATUS", "500"))
	before := broken.state(t)
	run := broken.check(t, append(quick, "--restart", "--scale-to", "1")...)
	run.want(t, inconclusive)
	r := run.report(t)
	if r.Verdict != "inconclusive" || len(r.Disruptions) != 0 || len(r.Terminations) != 0 {
		t.Errorf("verdict %s after %d disruptions and %d terminations", r.Verdict, len(r.Disruptions), len(r.Terminations))
	}
	broken.wantAsBefore(t, before)
	if at, restarted := before.TemplateAnnotations[restartedAtKey]; restarted {
		t.Errorf("restarted at %s", at)
	}
}

// wantSafe fails the test unless the run passed and lost nothing, although its
// disruptions ended so many pods, each.
func (o *outcome) wantSafe(t *testing.T, pods ...int) *report {
	t.Helper()
	o.want(t, passed)
	r := o.report(t)
	wantNothingLost(t, r)
	wantEnds(t, r, pods...)
	return r
}

func wantNothingLost(t *testing.T, r *report) {
	t.Helper()
	for _, s := range r.Streams {
		if s.Sent == 0 || s.OK != s.Sent {
			t.Errorf("%s: %d ok of %d sent", s.Name, s.OK, s.Sent)
		}
	}
}

// wantEnds fails the test unless the disruptions ended so many pods, each, and
// the report knows that it was they who did.
func wantEnds(t *testing.T, r *report, pods ...int) {
	t.Helper()
	enders := map[string]string{"restart": "rollout", "scale": "scale-down"}
	endedBy := map[string]string{}
	for _, ended := range r.Terminations {
		endedBy[ended.Pod] = ended.EndedBy
	}
	ended := []int{}
	for _, d := range r.Disruptions {
		ended = append(ended, len(d.Terminated))
		for _, pod := range d.Terminated {
			if endedBy[pod] != enders[d.Kind] {
				t.Errorf("%s of the %s was ended by %s", pod, d.Kind, endedBy[pod])
			}
		}
	}
	if !slices.Equal(ended, pods) {
		t.Errorf("the disruptions ended %v pods, want %v", ended, pods)
	}
}
