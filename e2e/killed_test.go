//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A run that is killed at any moment, and then `restore`: the cluster is as before,
// whatever the run was at.
func TestKilledAtRandomMoments(t *testing.T) {
	careless := newPlace(t).deploy(t, "careless", hasty(1))
	careless.lossy = true
	seed := uint64(time.Now().UnixNano())
	chance := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	workload := careless.kind + "/" + careless.name
	for round := range *rounds {
		before := careless.state(t)
		check := careless.startCheck(t, "--baseline", "1s", "--settle", "500ms", "--rate", "20",
			"--scale-to", "1", "--env", fmt.Sprintf("E2E=%d", round), "--drain", "of-a-pod", "--evict", "1")
		moment := time.Duration(chance.Int64N(int64(longestRound)))
		time.Sleep(moment) // the moment is the fault, not a wait
		if err := check.cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Logf("round %d: the run was over before %s", round, moment)
		}
		killed := check.wait(t)
		left := careless.state(t)
		t.Logf("round %d: killed after %s with %d replicas and the note %q", round, moment, left.Replicas, left.Annotations[undoKey])

		runTool(t, "restore", workload, "-n", careless.namespace).want(t, 0)
		careless.wantPutBack(t, before)
		after := careless.state(t)
		if !reflect.DeepEqual(after.TemplateAnnotations, before.TemplateAnnotations) {
			t.Errorf("round %d: the template has %v, before it was %v", round, after.TemplateAnnotations, before.TemplateAnnotations)
		}
		careless.wantNoVariable(t, "E2E")
		wantNoCordon(t)
		all := runTool(t, "restore", "--all", "-n", careless.namespace)
		all.want(t, 0)
		if !strings.Contains(all.stdout, "nothing is left") {
			t.Errorf("round %d: %s", round, all.stdout)
		}
		if killed.code == -1 {
			continue
		}
		if killed.code == toolError {
			t.Errorf("round %d: the run ended with %s", round, killed.stderr)
		}
	}
}

// longestRound is about how long a run takes that is not killed.
const longestRound = 20 * time.Second

// wantNoVariable fails the test if the template has the variable.
func (v *victim) wantNoVariable(t *testing.T, name string) {
	t.Helper()
	for _, variable := range v.deployment(t).Spec.Template.Spec.Containers[0].Env {
		if variable.Name == name {
			t.Errorf("%s still has the variable %s", v.name, name)
		}
	}
}
