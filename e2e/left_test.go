//go:build e2e

package e2e

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// deployment gives the victim's Deployment.
func (v *victim) deployment(t *testing.T) *appsv1.Deployment {
	t.Helper()
	d, err := client.AppsV1().Deployments(v.namespace).Get(t.Context(), v.name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// killScaledDown gives a victim whose run was killed in a scale-down.
func killScaledDown(t *testing.T, p *place) (v *victim, note string) {
	t.Helper()
	v = p.deploy(t, "graceful")
	check := v.startCheck(t, append(quick, "--scale-to", "1")...)
	v.waitScaledTo(t, 1)
	if err := check.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	check.wait(t).want(t, -1)
	note = v.state(t).Annotations[undoKey]
	if note == "" {
		t.Fatal("the killed run has left no note")
	}
	return v, note
}

func kubectl(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "kubectl", args...).CombinedOutput(); err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// A note that `kubectl rollout undo` brings back long after the run, to a workload
// whose owner has scaled it since, keeps no run away and is not acted upon unless
// somebody says so.
func TestNoteThatARollbackBroughtBack(t *testing.T) {
	graceful, note := killScaledDown(t, newPlace(t))
	workload := graceful.kind + "/" + graceful.name
	runTool(t, "restore", workload, "-n", graceful.namespace).want(t, 0)
	graceful.waitSteady(t)

	// The copy that the ReplicaSet had while the note stood.
	list, err := client.AppsV1().ReplicaSets(graceful.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app=" + graceful.name})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("%d ReplicaSets, %v", len(list.Items), err)
	}
	kubectl(t, "annotate", "--overwrite", "replicaset/"+list.Items[0].Name, "-n", graceful.namespace, undoKey+"="+note)
	kubectl(t, "set", "env", workload, "-n", graceful.namespace, "RELEASE=2")
	kubectl(t, "scale", workload, "-n", graceful.namespace, "--replicas=1") // which is what the run had scaled to
	graceful.waitSteady(t)
	kubectl(t, "rollout", "undo", workload, "-n", graceful.namespace)
	graceful.waitSteady(t)
	if back := graceful.state(t).Annotations[undoKey]; back != note {
		t.Fatalf("the rollback has not brought the note back, but %q", back)
	}

	refused := runTool(t, "restore", workload, "-n", graceful.namespace)
	refused.want(t, toolError)
	if !strings.Contains(refused.stderr, "in doubt") || !strings.Contains(refused.stderr, "--yes") {
		t.Errorf("want a line that says why it was not put back, have\n%s", refused.stderr)
	}
	if now := graceful.state(t); now.Replicas != 1 {
		t.Errorf("it was scaled to an old number, %d", now.Replicas)
	}
	// A restart keeps the one replica.
	graceful.check(t, append(quick, "--restart")...).want(t, passed)
	if now := graceful.state(t); now.Replicas != 1 || now.Annotations[undoKey] != "" {
		t.Errorf("after another run it wants %d, and bears %q", now.Replicas, now.Annotations[undoKey])
	}
}

// restore --all finds whatever a run has left, shows it, and puts it back when told to.
func TestRestoreAll(t *testing.T) {
	graceful, note := killScaledDown(t, newPlace(t))
	pod := []byte(`{"metadata":{"labels":{"app.kubernetes.io/managed-by":"shutdowncheck","shutdowncheck.io/run":"old"}}}`)
	kubectl(t, "run", "left-helper", "-n", graceful.namespace, "--image", "shutdowncheck:dev", "--restart", "Never", "--", "careless")
	if _, err := client.CoreV1().Pods(graceful.namespace).Patch(t.Context(), "left-helper", types.MergePatchType, pod, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}

	shown := runTool(t, "restore", "--all", "-n", graceful.namespace)
	shown.want(t, 0)
	for _, want := range []string{"deployment/graceful in namespace " + graceful.namespace, "replicas set back from 1 to 3", "pod/left-helper", "--yes"} {
		if !strings.Contains(shown.stdout, want) {
			t.Errorf("%q is not in\n%s", want, shown.stdout)
		}
	}
	if now := graceful.state(t); now.Replicas != 1 || now.Annotations[undoKey] != note {
		t.Errorf("showing has changed it: %+v", now)
	}

	runTool(t, "restore", "--all", "--yes", "-n", graceful.namespace).want(t, 0)
	graceful.wantPutBack(t, state{Replicas: 3})
	nothing := runTool(t, "restore", "--all", "-n", graceful.namespace)
	nothing.want(t, 0)
	if !strings.Contains(nothing.stdout, "nothing is left") {
		t.Errorf("still left:\n%s", nothing.stdout)
	}
}
