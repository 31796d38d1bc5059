//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tuning is the part of tuning.json that the tests look at.
type tuning struct {
	Outcome   string
	Reasons   []string
	Action    string
	Confirmed bool
	Measured  struct {
		Ends []struct{ Pod, Lag string }
		Of   int
	}
	Settings struct {
		PreStop string
		Grace   int64 `json:"terminationGracePeriodSeconds"`
	}
	Patch     string
	Obstacles []struct{ Cause string }
	Runs      []struct{ Name, Verdict, Says string }
}

// startTuning begins one with a sleep that is not longer than it has to be here.
func (v *victim) startTuning(t *testing.T, args ...string) *call {
	t.Helper()
	folder := filepath.Join("..", "out", "e2e", strings.ReplaceAll(t.Name(), "/", "-"))
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	c := startTool(t, append([]string{
		"tune", v.kind + "/" + v.name, "-n", v.namespace, "--url", v.url, "--out", folder,
		"--baseline", "5s", "--settle", "5s", "--longest-sleep", "8s",
	}, args...)...)
	c.folder = folder
	c.runFirst(t)
	return c
}

func (o *outcome) tuning(t *testing.T) (r tuning) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(o.folder, "tuning.json"))
	if err != nil {
		t.Fatalf("%v\n%s%s", err, o.stdout, o.stderr)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// Settings that are found hold in a run of their own, and the workload is as it was.
func TestTune(t *testing.T) {
	for name, args := range map[string][]string{
		"graceful": nil,
		// What it cuts on kept connections no sleep mends: see below.
		"careless": {"--stream", "name=new,connections=new"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newPlace(t).deploy(t, name)
			before := v.spec(t)
			run := v.startTuning(t, args...).wait(t)
			run.want(t, passed)
			r := run.tuning(t)
			if r.Outcome != "found" || !r.Confirmed || r.Action != "sleep" || r.Measured.Of < 3 || len(r.Measured.Ends) == 0 {
				t.Errorf("got %+v\n%s", r, run.stdout)
			}
			if len(r.Runs) < 2 || r.Runs[1].Name != "confirm" || r.Runs[1].Verdict != "passed" {
				t.Errorf("runs %+v", r.Runs)
			}
			v.waitSteady(t)
			v.wantSpec(t, before)
			// The API server takes the patch.
			kubectl(t, "patch", v.kind+"/"+v.name, "-n", v.namespace, "--dry-run=server", "--patch", r.Patch)
		})
	}
}

// What exits with requests in flight does so however long its hook has slept.
func TestTuneTellsWhatNoSettingMends(t *testing.T) {
	careless := newPlace(t).deploy(t, "careless")
	before := careless.spec(t)
	run := careless.startTuning(t).wait(t)
	run.want(t, failed)
	if r := run.tuning(t); r.Outcome != "untunable" || len(r.Obstacles) == 0 || len(r.Runs) != 1 {
		t.Errorf("got %+v\n%s", r, run.stdout)
	}
	careless.waitSteady(t)
	careless.wantSpec(t, before)
}

// After a kill -9 the annotation brings the workload's own settings back.
func TestTuneThatIsKilled(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	before := graceful.spec(t)
	c := graceful.startTuning(t)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Second) {
		if !reflect.DeepEqual(graceful.spec(t), before) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no settings are rolled out")
		}
	}
	if err := c.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = c.cmd.Wait()
	runTool(t, "restore", graceful.kind+"/"+graceful.name, "-n", graceful.namespace).want(t, passed)
	graceful.waitSteady(t)
	graceful.wantSpec(t, before)
}

// spec is what the workload wants.
func (v *victim) spec(t *testing.T) (spec map[string]any) {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), "kubectl", "get", v.kind+"/"+v.name, "-n", v.namespace, "-o", "jsonpath={.spec}").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &spec); err != nil {
		t.Fatal(err)
	}
	return spec
}

func (v *victim) wantSpec(t *testing.T, before map[string]any) {
	t.Helper()
	if after := v.spec(t); !reflect.DeepEqual(after, before) {
		t.Errorf("the workload is left with %v", after)
	}
}
