//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
)

// Two rounds of a restart end six pods: five ends without a loss prove that at most half of
// them lose something.
func TestGracefulIsProven(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	run := graceful.check(t, append(slices.Clone(quick), "--restart", "--prove", "50%", "--prove-within", "5m")...)
	run.want(t, passed)
	r := run.report(t)
	wantNothingLost(t, r)
	wantEnds(t, r, 3, 3)
	if said := strings.Join(r.Reasons, "\n"); !strings.Contains(said, "proven that at most 50% of such ends lose a request") {
		t.Errorf("the report says %s", said)
	}
	if !strings.Contains(run.stderr, "3 of 5 ends, 0 lossy") || !strings.Contains(run.stderr, "enough ends for a proof, unless the report has doubts: 0 of 6 ends lost a request") {
		t.Errorf("the progress does not say how far it is:\n%s", run.stderr)
	}
	run.wantSameReport(t)
	graceful.wantPutBack(t, state{Replicas: 3})
}
