package experiment

import (
	"errors"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	kuberuntime "k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// Where the workload cannot be put back the run says so, once, and what is left; the
// recording is whole all the same.
func TestFailedRestore(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		// scaledDown is called once the workload is.
		scaledDown func(*scene) error
		is         []func(error) bool
		says       string
		// changed tells that the workload may be left changed when the recording is saved.
		changed bool
	}{
		"the rights are gone": {
			func(*scene) error {
				return apierrors.NewForbidden(fakecluster.Deployments.GroupResource(), "web", errors.New("no such right"))
			},
			[]func(error) bool{is[*chaos.LeftError]},
			"deployment/web is left changed: the replicas are 1 instead of 3 (the right to put it back is gone, which was there when the run began: ", true,
		},
		"the putting back panics": {
			func(*scene) error { panic("out of order") },
			[]func(error) bool{is[*chaos.LeftError], is[*guard.PanicError]},
			"deployment/web is left changed: what the run did last (the putting back panicked); put it back with: ", true,
		},
		"the workload is deleted": {
			func(s *scene) error {
				if err := s.Client.Tracker().Delete(fakecluster.Deployments, fakecluster.Namespace, "web"); err != nil {
					return err
				}
				return apierrors.NewNotFound(fakecluster.Deployments.GroupResource(), "web")
			},
			[]func(error) bool{is[*chaos.ChangedError]},
			"deployment/web does not exist any more, so nothing can be put back", false,
		},
		"somebody else has scaled it": {
			func(s *scene) error {
				if *s.Deployment().Spec.Replicas == 1 {
					s.Set(func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(5)) })
				}
				return nil
			},
			[]func(error) bool{is[*chaos.ChangedError]},
			"deployment/web wants 5 pods, not the 1 of this run", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timesOut(t, func(timeout time.Duration) (scaled bool) {
				s := newScene(t, nil)
				s.Obedient = false
				scaledDown := false
				s.Client.PrependReactor("patch", "deployments", func(action clienttesting.Action) (bool, kuberuntime.Object, error) {
					if scaledDown {
						if err := tt.scaledDown(s); err != nil {
							return true, nil, err
						}
					}
					scaledDown = scaledDown || scalesDown(action)
					return false, nil, nil
				})
				cfg := s.config(scaleToOne)
				cfg.Check.Timing.Timeout = check.Duration(timeout)
				cfg.ByHand.Flags = []string{"--context", "test"}
				var last Doing
				cfg.Doing = func(d Doing) { last = d }
				err := Run(t.Context(), cfg)
				if !scaledDown {
					return false
				}
				if !is[*RestoreError](err) || strings.Count(err.Error(), tt.says) != 1 {
					t.Fatalf("the run ended with %v", err)
				}
				const command = "put it back with: shutdowncheck restore deployment/web -n shop --context test"
				if is[*chaos.LeftError](err) != strings.Contains(err.Error(), command) {
					t.Errorf("it does not tell how to put it back: %v", err)
				}
				for _, is := range tt.is {
					if !is(err) {
						t.Errorf("the run ended with %v", err)
					}
				}
				if last.What != "saving the recording" || last.Changed != tt.changed {
					t.Errorf("at last it was at %+v", last)
				}
				if end := s.recorded(t).Ending; end.Error != err.Error() || end.Interrupted {
					t.Errorf("the recording ends with %q, the run with %v", end.Error, err)
				}
				return true
			})
		})
	}
}
