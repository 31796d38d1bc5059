package chaos

import (
	"fmt"
	"os"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

const (
	oldSecret = "canary-of-the-cluster"
	newSecret = "canary-of-the-check"
)

// told is all that a disruption with secrets says: its plan, its actions, its
// error, and what it leaves on the disk.
func told(t *testing.T, show bool, disruption check.Disruption) string {
	t.Helper()
	c := newCluster(t, func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "TOKEN", Value: oldSecret}}
	})
	r := c.begin("run-1")
	r.Workload.ShowValues = show
	plan, err := r.Workload.Plan(t.Context(), []check.Disruption{disruption})
	if err != nil {
		t.Fatal(err)
	}
	err = r.Do(t.Context(), 0, disruption)
	journal, _ := os.ReadFile(r.Journal) // a command has none
	if info, statErr := os.Stat(r.Journal); statErr == nil && info.Mode().Perm() != 0o600 {
		t.Errorf("the journal has mode %o", info.Mode().Perm())
	}
	if strings.Contains(string(journal), "canary") {
		t.Errorf("the journal holds a value:\n%s", journal)
	}
	return fmt.Sprintf("%s\n%+v\n%v", strings.Join(plan, "\n"), r.actions, err)
}

func TestValuesAreToldOnlyWhereAskedFor(t *testing.T) {
	tests := map[string]struct {
		disruption check.Disruption
		want       []string
	}{
		"variables": {check.Disruption{Image: &check.Image{Env: []check.EnvVar{{Name: "TOKEN", Value: check.NewValue(newSecret)}}}}, []string{oldSecret, newSecret}},
		"command":   {commandOf("echo " + newSecret), []string{newSecret}},
		"a failure": {commandOf("echo " + newSecret + " >&2; exit 3"), []string{newSecret}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if text := told(t, false, test.disruption); strings.Contains(text, "canary") || !strings.Contains(text, "hidden") {
				t.Errorf("a value is told, or nothing of it:\n%s", text)
			}
			text := told(t, true, test.disruption)
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("%s is not told in\n%s", want, text)
				}
			}
		})
	}
}

// Who looks on sees what a command says although it is not recorded.
func TestACommandsOutputGoesOnWhileItRuns(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	var seen strings.Builder
	r.Output = &seen
	_ = r.Do(t.Context(), 0, commandOf("echo no such chart; exit 3"))
	if seen.String() != "no such chart\n" {
		t.Errorf("got %q", seen.String())
	}
	if ran := r.actions[0]; ran.Kind != recording.Commanded || ran.Output != "" {
		t.Errorf("got %+v", ran)
	}
}
