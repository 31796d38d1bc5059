//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A restart that cannot come to its end is given up, and the former pods stay.
func TestRestartThatHangsIsPutBack(t *testing.T) {
	place := newPlace(t)
	const variable = "VICTIM_NEVER_READY"
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "behaviour"}, Data: map[string]string{variable: "false"}}
	config, err := client.CoreV1().ConfigMaps(place.namespace).Create(t.Context(), config, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	graceful := place.deploy(t, "graceful", envFrom("behaviour", variable))
	config.Data[variable] = "true"
	if _, err := client.CoreV1().ConfigMaps(place.namespace).Update(t.Context(), config, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	before := graceful.state(t)

	run := graceful.check(t, append(quick, "--restart", "--timeout", "20s")...)
	run.want(t, inconclusive)
	wantNothingLost(t, run.report(t))
	graceful.wantPutBack(t, before)
	if after := graceful.state(t); fmt.Sprint(after.Pods) != fmt.Sprint(before.Pods) {
		t.Errorf("pods %v, before it were %v", after.Pods, before.Pods)
	}
}

func TestInterruptPutsBack(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	before := graceful.state(t)
	check := graceful.startCheck(t, append(quick, "--scale-to", "1")...)
	graceful.waitScaledTo(t, 1)
	if err := check.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	run := check.wait(t)
	graceful.wantPutBack(t, before)
	run.want(t, interrupted)
	if r := run.report(t); r.Verdict == "passed" || len(r.Disruptions) != 1 {
		t.Errorf("verdict %s after %d disruptions", r.Verdict, len(r.Disruptions))
	}
}

func TestRestoreAfterKill(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	before := graceful.state(t)
	check := graceful.startCheck(t, append(quick, "--scale-to", "1")...)
	graceful.waitScaledTo(t, 1)
	if err := check.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	killed := check.wait(t)
	killed.want(t, -1)
	left := graceful.state(t)
	if left.Replicas != 1 || left.Annotations[undoKey] == "" {
		t.Fatalf("after the kill it wants %d replicas and bears %q", left.Replicas, left.Annotations)
	}

	workload := graceful.kind + "/" + graceful.name
	graceful.check(t, quick...).wantError(t, toolError, workload, "shutdowncheck restore "+workload+" -n "+graceful.namespace)
	if now := graceful.state(t); now.Replicas != 1 || now.Annotations[undoKey] != left.Annotations[undoKey] {
		t.Errorf("the refused run changed %d replicas and %q", now.Replicas, now.Annotations)
	}

	runTool(t, "restore", workload, "-n", graceful.namespace).want(t, 0)
	graceful.wantPutBack(t, before)
	again := graceful.state(t)
	runTool(t, "restore", workload, "-n", graceful.namespace).want(t, 0)
	graceful.wantUnchanged(t, again)
	// What was recorded until then is a report, but no verdict.
	runTool(t, "report", killed.folder).want(t, inconclusive)
}

// waitScaledTo waits until the run has changed the workload: from then on it is
// in the middle of it, because graceful pods take ten seconds to leave.
func (v *victim) waitScaledTo(t *testing.T, n int32) {
	t.Helper()
	waitFor(t, v.name+" to be scaled down", func(ctx context.Context) (string, error) {
		s, _, err := v.read(ctx)
		if err != nil || s.Replicas == n {
			return "", err
		}
		return fmt.Sprintf("it wants %d", s.Replicas), nil
	})
}
