//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
)

// longestStopped bounds a run of a few seconds' baseline, one scaling and one settling.
const longestStopped = time.Minute

// Pods that answer 200 with another body from SIGTERM on lose requests, as they would by
// an error. The run ends when the budget is gone, long before all of its scalings are done,
// and puts the workload back.
func TestAWrongBodyStopsTheRun(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful", env("VICTIM_SIGTERM_STATUS", "200"), func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].Lifecycle = nil // it is asked after SIGTERM then
	})
	before := graceful.state(t)
	began := time.Now()
	run := graceful.check(t, append(quick, "--scale-to", "1", "--repeat", "100", "--expect-body", "ok", "--stop-on-failure")...)
	run.want(t, failed)
	if took := time.Since(began); took > longestStopped && !strings.Contains(run.stdout, "went out late") {
		t.Errorf("it took %s", took)
	}
	r := run.report(t)
	if len(r.Disruptions) != 1 {
		t.Errorf("%d scalings were done", len(r.Disruptions))
	}
	if !slices.ContainsFunc(r.Reasons, func(reason string) bool {
		return strings.HasPrefix(reason, "the run was ended before its end, as stopOnFailure has it: ")
	}) {
		t.Errorf("reasons %q", r.Reasons)
	}
	if !slices.ContainsFunc(r.Failures, func(f failure) bool { return f.Class == "wrong-body" && f.Cause == "errors-while-draining" }) {
		t.Errorf("no answer of another body is laid to a pod that drains, of %d failures", len(r.Failures))
	}
	graceful.wantPutBack(t, before)
}
