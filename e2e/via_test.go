//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// What a service loses behind a balancer that forgets its pods after 8 s is really lost, and
// the patch that is printed saves it. The two senders play that balancer.
func TestViaFailsUntilPatched(t *testing.T) {
	v := newPlace(t).deploy(t, "graceful", env("VICTIM_SIGTERM_DELAY", "0s"))
	args := append(slices.Clone(quick), "--senders", "2", "--restart", "--via", "8s")
	run := v.checkInside(t, args...)
	if strings.Contains(run.stdout, late) {
		t.Logf("the machine was too busy to measure a sleep: once more\n%s", run.stdout)
		run = v.checkInside(t, args...)
	}
	run.want(t, failed)
	r := run.report(t)
	run.wantSameReport(t)
	findings, _, _ := strings.Cut(run.stdout, "What that is enough for") // where all paths are listed
	if !strings.Contains(findings, "\n  via: a balancer was played (lag 8s)") || strings.Contains(findings, "kube-proxy") {
		t.Error(run.stdout)
	}
	f := r.Findings[0]
	if f.Cause != "listener-closed-early" || !strings.Contains(f.Fix.Text, "(lag 8s)") || f.Fix.Patch == "" {
		t.Fatalf("%s: %s\n%s", f.Cause, f.Fix.Text, f.Fix.Patch)
	}
	if r.Via == nil || r.Via.Forgot == nil {
		t.Fatalf("via %+v", r.Via)
	}
	for _, forgot := range []string{r.Via.Forgot.From, r.Via.Forgot.To} {
		// Each pod gets some 30 new connections a second of both senders together.
		if after, err := time.ParseDuration(forgot); err != nil || after < 7*time.Second || after > 8*time.Second+100*time.Millisecond {
			t.Errorf("a pod was last dialled %s after it had left its EndpointSlice, want just before 8s", forgot)
		}
	}
	for i := range r.Failures {
		if lost := &r.Failures[i]; len(lost.Pods) != 1 {
			t.Errorf("%s #%d is laid to %v", lost.Stream, lost.Seq, lost.Pods)
		}
	}
	if _, err := client.AppsV1().Deployments(v.namespace).Patch(t.Context(), v.name, types.StrategicMergePatchType, []byte(f.Fix.Patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	v.waitSteady(t)
	v.checkInside(t, args...).wantSafe(t, 3)
	v.wantNothingInside(t)
}
