package experiment

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
)

// withSettings is a run of a restart under settings of its own.
func (s *scene) withSettings() Config {
	cfg := s.config(check.Disruption{Restart: &check.Restart{}})
	cfg.Settings = &chaos.Settings{Container: "app", PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 9}}, Grace: 40}
	return cfg
}

// slept tells whether the pods of a state of the workload sleep.
func slept(d *appsv1.Deployment) bool { return d.Spec.Template.Spec.Containers[0].Lifecycle != nil }

// endsAsBefore looks whether the pods end as they did, and nothing of the run is left.
func (s *scene) endsAsBefore(t *testing.T, before *appsv1.Deployment) {
	t.Helper()
	after := s.Deployment()
	if !apiequality.Semantic.DeepEqual(after.Spec, before.Spec) || after.Annotations["shutdowncheck.io/undo"] != "" {
		t.Errorf("left with %+v and annotations %v", after.Spec.Template, after.Annotations)
	}
}

// They are there when the first request is sent, and gone when the run is over.
func TestSettingsStandForTheRun(t *testing.T) {
	t.Parallel()
	var s *scene
	without := 0
	s = newScene(t, func(http.ResponseWriter, *http.Request) {
		if !slept(s.Deployment()) {
			without++
		}
	})
	before := s.Deployment()
	if err := Run(t.Context(), s.withSettings()); err != nil {
		t.Fatal(err)
	}
	r := s.recorded(t)
	wantPhases(t, r, "baseline", "disrupt restart", "steady", "settle restart", "restored")
	if without > 0 {
		t.Errorf("%d requests came while the pods had other settings", without)
	}
	if !slices.ContainsFunc(r.Header.Workload.Warnings, func(w string) bool { return strings.Contains(w, "a preStop sleep of 9 s") }) {
		t.Errorf("the report does not tell of them: %q", r.Header.Workload.Warnings)
	}
	s.endsAsBefore(t, before)
}

// Whatever ends the run, the workload's own settings come back.
func TestSettingsAreUndoneWhateverHappens(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		prepare func(s *scene, cfg *Config, cancel context.CancelFunc)
		// never tells that it does not come to a rollout.
		never bool
	}{
		"interrupted at their rollout": {func(s *scene, _ *Config, cancel context.CancelFunc) {
			s.OnWrite = func(clienttesting.Action) {
				if slept(s.Deployment()) {
					cancel()
				}
			}
			s.Obedient = false
		}, false},
		"interrupted in the baseline": {func(_ *scene, cfg *Config, cancel context.CancelFunc) {
			cfg.Progress = func(Progress) { cancel() }
		}, false},
		"pods that do not come": {func(s *scene, cfg *Config, _ context.CancelFunc) {
			s.Obedient = false
			cfg.Check.Timing.Timeout = check.Duration(time.Second)
		}, false},
		"no folder for the recording": {func(_ *scene, cfg *Config, _ context.CancelFunc) {
			if err := os.WriteFile(filepath.Join(filepath.Dir(cfg.Dir), "file"), nil, 0o600); err != nil {
				panic(err)
			}
			cfg.Dir = filepath.Join(filepath.Dir(cfg.Dir), "file")
		}, true},
		"a restart that is refused": {func(s *scene, _ *Config, _ context.CancelFunc) {
			s.OnWrite = nil
			s.Client.PrependReactor("patch", "deployments", refuseRestarts(s))
		}, false},
		"a panic": {func(_ *scene, cfg *Config, _ context.CancelFunc) {
			cfg.Doing = func(now Doing) {
				if strings.HasPrefix(now.What, "in the phase disrupt") {
					panic("a fault")
				}
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, nil)
			before := s.Deployment()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			cfg := s.withSettings()
			tt.prepare(s, &cfg, cancel)
			if err := Run(ctx, cfg); err == nil {
				ended, _ := os.ReadFile(filepath.Join(cfg.Dir, "actions.jsonl"))
				t.Errorf("no error\n%s", ended)
			}
			journal, _ := os.ReadFile(filepath.Join(cfg.Dir, journalFile))
			if rolledOut := strings.Contains(string(journal), `"step":"restored","change":`) && strings.Contains(string(journal), `"settings":`); rolledOut == tt.never {
				t.Errorf("rolled out and put back: %t\n%s", rolledOut, journal)
			}
			s.endsAsBefore(t, before)
		})
	}
}

// What a GitOps tool puts back at once is told in one line.
func TestSettingsThatDoNotStay(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	before := s.Deployment()
	cfg := s.withSettings()
	done := false
	s.Client.PrependReactor("patch", "deployments", func(action clienttesting.Action) (bool, runtime.Object, error) {
		handled, object, err := s.Patch(action)
		if d := s.Deployment(); slept(d) && !done {
			done = true
			s.Set(func(d *appsv1.Deployment) { d.Spec.Template = before.Spec.Template })
		}
		return handled, object, err
	})
	err := Run(t.Context(), cfg)
	if _, ok := errors.AsType[*chaos.RevertedError](err); !ok || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	s.endsAsBefore(t, before)
}

func TestApplyLeavesTheSettings(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	cfg := s.withSettings()
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Apply(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if d := s.Deployment(); !slept(d) || d.Annotations["shutdowncheck.io/undo"] != "" {
		t.Errorf("left as %+v", d)
	}
}

// refuseRestarts answers patches that restart the pods as a policy would.
func refuseRestarts(s *scene) clienttesting.ReactionFunc {
	return func(action clienttesting.Action) (bool, runtime.Object, error) {
		patch := string(action.(clienttesting.PatchAction).GetPatch())
		if strings.Contains(patch, `restartedAt":"2`) {
			return true, nil, apierrors.NewForbidden(fakecluster.Deployments.GroupResource(), "web", errors.New("no restarts today"))
		}
		return s.Patch(action)
	}
}
