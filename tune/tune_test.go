package tune

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/experiment"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// scene is a cluster with a service, whose controller does at once what it is asked to.
type scene struct {
	*fakecluster.Cluster
	before *appsv1.Deployment
	cfg    Config
	// reports are the folders of which one was made.
	reports []string
}

func newScene(t *testing.T, change ...func(*appsv1.Deployment)) *scene {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	c := fakecluster.New(t, change...)
	if err := c.Client.Tracker().Add(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: fakecluster.Namespace},
		Spec:       corev1.ServiceSpec{ClusterIP: "10.96.0.10", Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 80}}},
	}); err != nil {
		t.Fatal(err)
	}
	c.Client.Discovery().(*fake.FakeDiscovery).FakedServerVersion = &version.Info{Major: "1", Minor: "35"}
	s := &scene{Cluster: c, before: c.Deployment()}
	runs := 0
	s.cfg = Config{
		Container: "app", LongestSleep: 20 * time.Second, LongestDrain: time.Second, Keep: true,
		Experiment: experiment.Config{
			Observe: c.Observer(), Act: c.Client, Namespace: fakecluster.Namespace, Dir: t.TempDir(), Now: experiment.NewClock(),
			Check: check.Check{
				Workload: check.Workload{Kind: check.Deployment, Name: "web"},
				Target:   check.Target{URL: server.URL},
				Streams:  []check.Stream{{Name: "new", Rate: 50, Connections: check.New, Timeout: check.Duration(time.Second)}},
				Timing:   check.Timing{Baseline: check.Duration(time.Second), Settle: check.Duration(100 * time.Millisecond), Timeout: check.Duration(21 * time.Second)},
			}.WithDefaults(),
		},
		Prepare: func(cfg *experiment.Config) {
			runs++
			cfg.ID = strings.Repeat("r", runs)
		},
		Reported: func(dir string, _ *report.Report) error {
			s.reports = append(s.reports, filepath.Base(dir))
			return nil
		},
	}
	return s
}

func (s *scene) isAsBefore(t *testing.T) {
	t.Helper()
	after := s.Deployment()
	if !apiequality.Semantic.DeepEqual(after.Spec, s.before.Spec) || after.Annotations["shutdowncheck.io/undo"] != "" {
		t.Errorf("left with %+v and annotations %v", after.Spec.Template, after.Annotations)
	}
}

// A run that shows nothing ends the tuning: nothing is computed from it, nothing kept.
func TestATuningOfWhichNothingIsKnown(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r, err := Tune(t.Context(), s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	if r.Outcome != Inconclusive || len(r.Reasons) == 0 || r.Settings != nil || r.Kept || len(r.Runs) != 1 {
		t.Errorf("got %+v", r)
	}
	if len(s.reports) != 1 || s.reports[0] != measuring {
		t.Errorf("reports of %q", s.reports)
	}
	s.isAsBefore(t)
}

// Whatever ends a tuning, the workload ends its pods as it did.
func TestATuningPutsBack(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		prepare func(s *scene, cancel context.CancelFunc)
		want    string
	}{
		"interrupted in a run": {func(s *scene, cancel context.CancelFunc) {
			prepare := s.cfg.Prepare
			s.cfg.Prepare = func(cfg *experiment.Config) {
				prepare(cfg)
				cfg.Progress = func(experiment.Progress) { cancel() }
			}
		}, "interrupted"},
		"a report that cannot be saved": {func(s *scene, _ context.CancelFunc) {
			s.cfg.Reported = func(string, *report.Report) error { return errors.New("no room") }
		}, "no room"},
		"pods that do not come": {func(s *scene, _ context.CancelFunc) {
			s.Obedient, s.cfg.LongestSleep = false, time.Second
			s.cfg.Experiment.Check.Timing.Timeout = check.Duration(1100 * time.Millisecond)
		}, "settings of deployment/web did not come to its end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			tt.prepare(s, cancel)
			_, err := Tune(ctx, s.cfg)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
			journal, _ := os.ReadFile(filepath.Join(s.cfg.Experiment.Dir, measuring, "journal.jsonl"))
			if !strings.Contains(string(journal), `"settings":`) {
				t.Errorf("no settings were rolled out: %s", journal)
			}
			s.isAsBefore(t)
		})
	}
}

// What somebody puts back while it is tuned cannot be, and that is told in one line.
func TestATuningThatIsTakenBack(t *testing.T) {
	t.Parallel()
	s := newScene(t, func(d *appsv1.Deployment) { d.Labels = map[string]string{"kustomize.toolkit.fluxcd.io/name": "shop"} })
	done := false
	s.Client.PrependReactor("patch", "deployments", func(action clienttesting.Action) (bool, runtime.Object, error) {
		handled, object, err := s.Patch(action)
		if d := s.Deployment(); d.Spec.Template.Spec.Containers[0].Lifecycle != nil && !done {
			done = true
			s.Set(func(d *appsv1.Deployment) { d.Spec.Template = s.before.Spec.Template })
		}
		return handled, object, err
	})
	r, err := Tune(t.Context(), s.cfg)
	if err != nil || r.Outcome != Untunable || len(r.Reasons) != 1 || !strings.HasPrefix(r.Reasons[0], "deployment/web does not keep its settings: Flux has put others in their place") {
		t.Errorf("got %+v, %v", r, err)
	}
	s.isAsBefore(t)
}

// Where the workload could not be put back that is the error, whatever else went wrong: it
// tells how to do that by hand.
func TestATuningThatIsTakenBackAndLeavesSomething(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	reverted := false
	s.Client.PrependReactor("patch", "deployments", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if reverted {
			return true, nil, apierrors.NewForbidden(fakecluster.Deployments.GroupResource(), "web", errors.New("frozen"))
		}
		handled, object, err := s.Patch(action)
		if d := s.Deployment(); d.Spec.Template.Spec.Containers[0].Lifecycle != nil {
			reverted = true
			s.Set(func(d *appsv1.Deployment) { d.Spec.Template = s.before.Spec.Template })
		}
		return handled, object, err
	})
	_, err := Tune(t.Context(), s.cfg)
	if _, ok := errors.AsType[*chaos.LeftError](err); !ok {
		t.Errorf("got %v", err)
	}
}

// What goes wrong after settings were confirmed takes nothing from them.
func TestATuningThatFailsAfterwards(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	u, err := look(t.Context(), s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.Client.PrependReactor("patch", "deployments", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(fakecluster.Deployments.GroupResource(), "web", errors.New("frozen"))
	})
	r, err := u.conclude(t.Context(), u.confirmed(t.Context(), &report.Report{}, &Measured{}, with(u.before, u.action, 5, 30)))
	if !apierrors.IsForbidden(err) || r.Outcome != Found || !r.Confirmed || r.Kept {
		t.Errorf("got %+v, %v", r, err)
	}
}

// What a tuning tells of the workload in the end is what became of it.
func TestWhatATuningLeaves(t *testing.T) {
	t.Parallel()
	reverted := &chaos.RevertedError{Object: "deployment/web"}
	changed := &chaos.ChangedError{Object: "deployment/web", Problem: "was given another grace period, and is left so"}
	released := &chaos.ChangedError{Object: "deployment/web", Problem: "was put back", Released: true}
	free := &chaos.ChangedError{Object: "deployment/web", Problem: "was given free, and is left as it is", Released: true}
	left := &chaos.LeftError{Object: "deployment/web", What: "the pods have this run's grace period", Restore: "shutdowncheck restore", Err: errors.New("frozen")}
	const putBack = "The workload's own settings were put back."
	for name, tt := range map[string]struct {
		confirmed bool
		err       error
		outcome   Outcome
		fails     bool
		want      string
	}{
		"put back":                   {false, reverted, Untunable, false, putBack},
		"others' settings":           {false, errors.Join(reverted, &experiment.RestoreError{Err: changed}), Untunable, false, "not put back: deployment/web was given another"},
		"put back by others":         {false, errors.Join(reverted, &experiment.RestoreError{Err: released}), Untunable, false, putBack},
		"given free with the run's":  {true, &experiment.RestoreError{Err: free}, Found, true, "not put back: deployment/web was given free"},
		"left":                       {false, errors.Join(reverted, &experiment.RestoreError{Err: left}), "", true, "not put back: deployment/web is left changed"},
		"confirmed, then taken away": {true, reverted, Found, true, putBack},
	} {
		s := newScene(t)
		u, err := look(t.Context(), s.cfg)
		if err != nil {
			t.Fatal(err)
		}
		u.result = &Result{Confirmed: tt.confirmed, Runs: []Run{{}}}
		if tt.confirmed {
			u.end(Found)
		}
		if strings.HasPrefix(name, "given free") {
			s.Set(func(d *appsv1.Deployment) { d.Spec.Template.Spec.TerminationGracePeriodSeconds = new(int64(77)) })
		}
		r, err := u.conclude(t.Context(), tt.err)
		var said strings.Builder
		if err := Text(&said, r); err != nil {
			t.Fatal(err)
		}
		if words := strings.Join(strings.Fields(said.String()), " "); r.Outcome != tt.outcome || (err != nil) != tt.fails || !strings.Contains(words, tt.want) {
			t.Errorf("%s: %v\n%s", name, err, words)
		}
	}
}

// A workload that cannot be tuned is told so before anything is done.
func TestATuningThatIsRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*appsv1.Deployment)
		want   string
	}{
		"a hook that does more": {func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Containers[0].Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/"}}}
		}, "container: the preStop hook of container app does more than sleep"},
		"one replica": {func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(1)) }, "workload: a rollout of deployment/web ends its last pod"},
	} {
		s := newScene(t, tt.change)
		for what, do := range map[string]func() error{
			"tune": func() error { _, err := Tune(t.Context(), s.cfg); return err },
			"plan": func() error { _, err := Plan(t.Context(), s.cfg); return err },
		} {
			err := do()
			if _, ok := errors.AsType[*chaos.PlanError](err); !ok || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("%s, %s: got %v", name, what, err)
			}
		}
		if writes := s.Writes(); len(writes) > 0 {
			t.Errorf("%s: wrote %q", name, writes)
		}
	}
}

func TestThePlanOfATuning(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	steps, err := Plan(t.Context(), s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(steps, "\n")
	for _, want := range []string{
		"roll deployment/web out with container app with a preStop sleep of 20 s, and a grace period of 50 s, and put it back at the end of the run (it has container app with no preStop hook, and a grace period of 30 s)",
		"restart deployment/web: ends 3 of its 3 pods", "to confirm them", "too short", "and leave them",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in\n%s", want, all)
		}
	}
	for _, write := range s.Writes() {
		if !strings.Contains(write, "selfsubjectaccessreviews") {
			t.Errorf("it wrote: %s", write)
		}
	}
	s.isAsBefore(t)
}

// What a check cannot show is said before anything is done.
func TestATuningThatCouldNotMeasure(t *testing.T) {
	for field, spoil := range map[string]func(*check.Check){
		"streams":          func(c *check.Check) { c.Streams[0].Connections = check.Reused },
		"timing.timeout":   func(c *check.Check) { c.Timing.Timeout = check.Duration(20 * time.Second) },
		"target.podHeader": func(c *check.Check) { c.Target.PodHeader = "" },
	} {
		s := newScene(t)
		spoil(&s.cfg.Experiment.Check)
		_, err := Tune(t.Context(), s.cfg)
		if plan, ok := errors.AsType[*chaos.PlanError](err); !ok || plan.Field.Field != field {
			t.Errorf("%s: %v", field, err)
		}
		s.isAsBefore(t)
	}
}

// The run that measures has time for all pods that end one after the other.
func TestTheTimeOfTheRunThatMeasures(t *testing.T) {
	for name, tt := range map[string]struct {
		timeout time.Duration
		turns   int
		want    string
	}{
		"one turn":                {31 * time.Second, 1, ""},
		"just as long":            {30 * time.Second, 1, "timing.timeout: 30s, and each pod that ends in the run that measures sleeps for 30s (--longest-sleep); want more than 30s"},
		"ten turns":               {5*time.Minute + time.Second, 10, ""},
		"ten turns, just so long": {5 * time.Minute, 10, "timing.timeout: 5m0s, and each pod that ends in the run that measures sleeps for 30s (--longest-sleep), and its rollout ends them in 10 turns, each of which waits until the one before is over: they take more than 5m0s; want more than 5m0s"},
	} {
		got := ""
		if problem := tooLong(check.Duration(tt.timeout), 30*time.Second, tt.turns); problem != nil {
			got = problem.Error()
		}
		if got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tt.want)
		}
	}
}
