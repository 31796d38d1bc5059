//go:build e2e

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// The ways to end pods that the sensitivity matrix does not go.

func TestRolloutOfAVariable(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	before := graceful.state(t)
	run := graceful.check(t, append(quick, "--env", "COLOUR=blue")...)
	run.want(t, passed)
	r := run.report(t)
	wantNothingLost(t, r)
	wantEndedBy(t, r, "rollout", 3)
	graceful.wantPutBack(t, before)
}

func TestSoak(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	run := graceful.check(t, append(quick, "--delete", "1", "--soak-every", "20s", "--soak-for", "30s")...)
	run.want(t, passed)
	r := run.report(t)
	wantNothingLost(t, r)
	wantEndedBy(t, r, "delete", 2)
	if len(r.Disruptions) != 2 {
		t.Errorf("%d disruptions, want 2", len(r.Disruptions))
	}
}

// As real maintenance does, this evicts everybody's pods from the node.
func TestDrainOfEverybody(t *testing.T) {
	graceful := newSolePlace(t).deploy(t, "graceful")
	run := graceful.check(t, append(quick, "--drain", "of-a-pod", "--drain-pods", "all")...)
	run.want(t, passed)
	r := run.report(t)
	wantNothingLost(t, r)
	wantEndedBy(t, r, "drain", 1)
	wantNoCordon(t)
}

// One worker after the other, as an upgrade of the cluster drains them; the control plane's
// node takes no pod of it.
func TestDrainOfEachNode(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	run := graceful.check(t, append(quick, "--drain", "each")...)
	run.want(t, passed)
	r := run.report(t)
	wantNothingLost(t, r)
	wantEndedBy(t, r, "drain", 3)
	var nodes []string
	for _, d := range r.Disruptions {
		nodes = append(nodes, d.Detail)
		if len(d.Terminated) == 0 {
			t.Errorf("the drain of %s ended nothing", d.Detail)
		}
	}
	if len(nodes) != 2 || nodes[0] == nodes[1] || strings.Contains(strings.Join(nodes, " "), "control-plane") {
		t.Errorf("drained %q", nodes)
	}
	wantNoCordon(t)
}

// The victim's image has no kill, so that the signal needs a container that has.
func TestKillThroughAnEphemeralContainer(t *testing.T) {
	careless := newPlace(t).deploy(t, "careless")
	run := careless.check(t, append(quick, "--kill", "SIGTERM", "--kill-via", "ephemeral", "--helper-image", "shutdowncheck:dev")...)
	run.want(t, failed)
	r := run.report(t)
	wantEndedBy(t, r, "kill", 1)
	if r.Findings[0].Cause != "killed" {
		t.Errorf("leading cause %s, want killed\n%s", r.Findings[0].Cause, run.stdout)
	}
}

// The kubelet evicts a pod whose scratch volume outgrows its limit, gives it no
// time, and goes on calling it ready until it has gone.
func TestNodeEvictsAPod(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful", func(d *appsv1.Deployment) {
		limit := resource.MustParse("1Mi")
		d.Spec.Template.Spec.Volumes = append(d.Spec.Template.Spec.Volumes, corev1.Volume{
			Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &limit}},
		})
		container := &d.Spec.Template.Spec.Containers[0]
		container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{Name: "scratch", MountPath: "/scratch"})
	})
	run, evicted := graceful.checkEviction(t)
	if run.wasLate() {
		t.Logf("the machine was too busy: once more\n%s", run.stdout)
		kubectl(t, "delete", "pod/"+evicted, "-n", graceful.namespace) // its object outlives it
		graceful.waitSteady(t)
		run, _ = graceful.checkEviction(t)
	}
	graceful.lossy = graceful.lossy || run.code == failed
	r := run.report(t)
	wantEndedBy(t, r, "node-pressure", 1)
	if run.code == failed && r.Findings[0].Cause != "node" {
		t.Errorf("leading cause %s, want node\n%s", r.Findings[0].Cause, run.stdout)
	}
	if run.code != failed && run.code != passed {
		t.Errorf("exit code %d\n%s%s", run.code, run.stdout, run.stderr)
	}
	t.Logf("exit code %d, %d failed", run.code, len(r.Failures))
}

// How long a kubelet takes at the most to evict a pod whose volume is too large.
const (
	// volumeLook is between two looks at a volume: volumeStatsAggPeriod, and as much again
	// by chance (kubernetes pkg/kubelet/server/stats, volumeStatCalculator).
	volumeLook = 2 * time.Minute
	// limitLook is between two comparisons of what was seen with the limits (kubernetes
	// pkg/kubelet, evictionMonitoringPeriod).
	limitLook = 10 * time.Second
	// looking is for the looks themselves, and for the writing.
	looking = 20 * time.Second
)

// checkEviction watches while the scratch volume of a pod outgrows its limit.
func (v *victim) checkEviction(t *testing.T) (run *outcome, evicted string) {
	t.Helper()
	pods, err := v.pods(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var doomed corev1.Pod
	for _, pod := range pods {
		doomed = pod
	}
	check := v.startCheck(t, append(quick, "--observe", (volumeLook+limitLook+looking).String())...)
	waitFor(t, "the watching to begin", func(context.Context) (string, error) {
		actions, err := os.ReadFile(filepath.Join(check.folder, "actions.jsonl"))
		if err != nil || !strings.Contains(string(actions), `"observe"`) {
			return "it is not among the actions", nil
		}
		return "", nil
	})
	file := "/var/lib/kubelet/pods/" + string(doomed.UID) + "/volumes/kubernetes.io~empty-dir/scratch/much"
	write := exec.CommandContext(t.Context(), "docker", "exec", doomed.Spec.NodeName, "dd", "if=/dev/zero", "of="+file, "bs=1M", "count=3")
	if out, err := write.CombinedOutput(); err != nil {
		t.Fatalf("writing into the volume: %v\n%s", err, out)
	}
	return check.wait(t), doomed.Name
}

// wantEndedBy fails the test unless so many pods or more ended, all in that way.
func wantEndedBy(t *testing.T, r *report, way string, least int) {
	t.Helper()
	for _, ended := range r.Terminations {
		if ended.EndedBy != way {
			t.Errorf("%s was ended by %s, want %s", ended.Pod, ended.EndedBy, way)
		}
	}
	if len(r.Terminations) < least {
		t.Errorf("%d pods ended, want %d or more", len(r.Terminations), least)
	}
}
