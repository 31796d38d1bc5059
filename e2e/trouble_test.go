//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// What only the cluster can tell to be wrong is told in one line, before
// anything is sent or changed.
func TestUnknownNodeIsRefused(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	before := graceful.state(t)
	graceful.check(t, "--drain", "nowhere").wantError(t, toolError, "--drain", "nowhere", "shutdowncheck-worker")
	graceful.wantUnchanged(t, before)
}

// An eviction that a PodDisruptionBudget forbids for ever is given up in time.
func TestForbiddenEvictionIsInconclusive(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	all := intstr.FromInt32(3)
	_, err := client.PolicyV1().PodDisruptionBudgets(graceful.namespace).Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "nobody-leaves"},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &all, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "graceful"}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	before := graceful.state(t)
	run := graceful.check(t, append(quick, "--evict", "1", "--timeout", "12s")...)
	run.want(t, inconclusive)
	if text := strings.Join(run.report(t).Reasons, "\n"); !strings.Contains(text, "nobody-leaves") {
		t.Errorf("the budget is not named in\n%s", text)
	}
	graceful.wantAsBefore(t, before)
}

// A drain that a PodDisruptionBudget forbids leaves no node cordoned.
func TestForbiddenDrainUncordons(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	none := intstr.FromInt32(0)
	_, err := client.PolicyV1().PodDisruptionBudgets(graceful.namespace).Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "nobody-leaves"},
		Spec:       policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &none, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "graceful"}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	run := graceful.check(t, append(quick, "--drain", "of-a-pod", "--timeout", "12s")...)
	run.want(t, inconclusive)
	if text := strings.Join(run.report(t).Reasons, "\n"); !strings.Contains(text, "nobody-leaves") {
		t.Errorf("the budget is not named in\n%s", text)
	}
	graceful.wantPutBack(t, state{Replicas: 3})
	wantNoCordon(t)
}

func wantNoCordon(t *testing.T) {
	t.Helper()
	nodes, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range nodes.Items {
		if node.Spec.Unschedulable {
			t.Errorf("node %s is left cordoned", node.Name)
		}
	}
}

func TestWorkloadDeletedInTheMiddle(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	check := graceful.startCheck(t, append(quick, "--scale-to", "1")...)
	graceful.waitScaledTo(t, 1)
	if err := client.AppsV1().Deployments(graceful.namespace).Delete(t.Context(), graceful.name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	run := check.wait(t)
	run.want(t, toolError)
	if !strings.Contains(run.stderr, "deployment/graceful does not exist any more") {
		t.Errorf("want a line that says so, have\n%s", run.stderr)
	}
	if r := run.report(t); r.Verdict == "passed" {
		t.Errorf("verdict %s", r.Verdict)
	}
}

// A pod that something keeps from going is named when the time is up.
func TestPodStuckInTerminating(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	pods, err := graceful.pods(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var stuck string
	for _, pod := range pods {
		stuck = pod.Name
	}
	setFinalizers := func(ctx context.Context, value string) {
		patch := fmt.Appendf(nil, `{"metadata":{"finalizers":%s}}`, value)
		if _, err := client.CoreV1().Pods(graceful.namespace).Patch(ctx, stuck, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			t.Error(err)
		}
	}
	setFinalizers(t.Context(), `["shutdowncheck.io/stuck"]`)
	t.Cleanup(func() { setFinalizers(context.Background(), "null") })

	run := graceful.check(t, append(quick, "--delete", "3", "--timeout", "25s")...)
	run.want(t, inconclusive)
	if text := strings.Join(run.report(t).Reasons, "\n"); !strings.Contains(text, stuck+" is terminating") {
		t.Errorf("%s is not named in\n%s", stuck, text)
	}
}

// The victim's image holds nothing but the victim.
func TestImageWithoutKill(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	before := graceful.state(t)
	run := graceful.check(t, append(quick, "--kill", "SIGTERM")...)
	run.want(t, toolError)
	for _, word := range []string{"kill", "ephemeral", "node"} {
		if !strings.Contains(run.stderr, word) {
			t.Errorf("%q is not in\n%s", word, run.stderr)
		}
	}
	graceful.wantAsBefore(t, before)
}

// The API server goes away for some seconds while two workloads are scaled down, one of
// them by a run that sends from inside the cluster: its senders go on, and nothing of what
// they sent is lost. It runs before the tests that run side by side, because all share one server.
func TestAPIServerRestarts(t *testing.T) {
	outside := newSolePlace(t).deploy(t, "graceful")
	inside := outside.clone(t, "graceful-inside")
	before := outside.state(t)
	scale := slices.Concat(quick, []string{"--scale-to", "1"})
	check := outside.startCheck(t, scale...)
	// The clone has no service: what is asked meanwhile is the other one's, on purpose.
	conducted := inside.startInside(t, append(append(scale, localImage...), "--service", outside.name)...)
	outside.waitScaledTo(t, 1)
	inside.waitScaledTo(t, 1)
	stop := exec.CommandContext(t.Context(), "docker", "exec", "shutdowncheck-control-plane",
		"sh", "-c", `pkill -x kube-apiserver || pkill -f '^kube-apiserver '`)
	if out, err := stop.CombinedOutput(); err != nil {
		t.Fatalf("ending the API server: %v\n%s", err, out)
	}
	runs := []*outcome{check.wait(t), conducted.wait(t)}
	waitFor(t, "the API server to be back", func(ctx context.Context) (string, error) {
		if _, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx); err != nil {
			return err.Error(), nil
		}
		return "", nil
	})
	outside.wantPutBack(t, before)
	inside.wantPutBack(t, before)
	inside.wantNothingInside(t)
	for _, run := range runs {
		if !slices.Contains([]int{passed, inconclusive}, run.code) {
			t.Errorf("exit code %d\n%s%s", run.code, run.stdout, run.stderr)
			continue
		}
		run.wantAllRecorded(t)
		r := run.report(t)
		for _, s := range r.Streams {
			if s.Failed > 0 {
				t.Errorf("%s lost %d requests to an API server that no request goes through", s.Name, s.Failed)
			}
		}
		if len(r.Validity.Gaps) == 0 {
			t.Error("no gap of the watch is told")
		}
	}
}
