//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	victimlog "github.com/shutdowncheck/shutdowncheck/internal/victim"
)

// windowReport is what report.json says of windows.
type windowReport struct {
	Windows struct {
		Unmeasured     string
		Ends, Measured int
		Paths          []struct{ Name, Outcome string }
	}
	Terminations []struct {
		Pod    string
		Window *struct {
			Answers struct{ From, To time.Time }
			Ended   string
		}
	}
}

func (o *outcome) windows(t *testing.T) (r windowReport) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(o.folder, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// Senders tell until when each pod answered on its own address, as the pods' own logs do;
// which is enough for one path, and not for another. The verdict asks for it if the check
// does.
func TestInsideMeasuresWindows(t *testing.T) {
	noHook := func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Lifecycle = nil }
	graceful := newPlace(t).deploy(t, "graceful", env("VICTIM_SIGTERM_DELAY", "4s"), noHook)
	began := time.Now()
	run := graceful.checkInside(t, append(quick, "--restart", "--budget-path", "alb")...)
	run.want(t, failed)
	if told := strings.Join(run.report(t).Reasons, "\n"); !strings.Contains(told, "budget.path wants the 25s that alb needs") {
		t.Errorf("the reasons are %s", told)
	}
	closed := map[string]time.Time{}
	for _, e := range graceful.logged(t, began) {
		if e.Event == victimlog.ListenerClosed {
			closed[e.Pod] = e.Time
		}
	}
	const slack = 300 * time.Millisecond
	r := run.windows(t)
	for _, end := range r.Terminations {
		at, known := closed[end.Pod]
		switch {
		case !known || end.Window == nil:
			t.Errorf("of %s: closed %t, window %v", end.Pod, known, end.Window)
		case end.Window.Ended != "refused" || at.Before(end.Window.Answers.From.Add(-slack)) || at.After(end.Window.Answers.To.Add(slack)):
			t.Errorf("%s closed its listener at %s, and answered until %+v", end.Pod, at, *end.Window)
		}
	}
	outcomes := map[string]string{}
	for _, p := range r.Windows.Paths {
		outcomes[p.Name] = p.Outcome
	}
	if r.Windows.Ends != len(r.Terminations) || r.Windows.Measured != r.Windows.Ends || outcomes["kube-proxy"] != "holds" || outcomes["alb"] != "loses" {
		t.Errorf("%+v", r.Windows)
	}
	run.wantAllRecorded(t)
	graceful.wantNothingInside(t)
}

// Where the pods' network cannot be reached from, that is told, and nothing else.
func TestOutsideMeasuresNoWindow(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	run := graceful.check(t, append(quick, "--scale-to", "1")...)
	run.want(t, passed)
	r := run.windows(t)
	if !strings.Contains(r.Windows.Unmeasured, "--inside asks from within") || len(r.Windows.Paths) > 0 {
		t.Errorf("%+v", r.Windows)
	}
	for _, end := range r.Terminations {
		if end.Window != nil {
			t.Errorf("%s has the window %+v", end.Pod, *end.Window)
		}
	}
}
