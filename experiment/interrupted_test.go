package experiment

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	kuberuntime "k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Whatever a run is at when it is asked to end, the workload and its annotations are as
// before, and the recording is whole and says that the run was interrupted.
func TestInterruptedInEachPhase(t *testing.T) {
	t.Parallel()
	const scaledDown = "the workload is scaled down"
	for _, moment := range []string{
		"claiming deployment/web",
		"in the phase baseline",
		"doing the scale of deployment/web",
		scaledDown,
		"putting deployment/web back",
		"in the phase settle",
		"waiting for the requests in flight",
		"waiting for the last news of the cluster",
		"putting deployment/web back and releasing it",
		"saving the recording",
	} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, nil)
			s.Obedient = false // nobody carries the scaling out: it is put back when its time is over
			before := s.Deployment()
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			met, refused := false, moment == "claiming deployment/web"
			s.Client.PrependReactor("patch", "deployments", func(action clienttesting.Action) (bool, kuberuntime.Object, error) {
				if met && !refused {
					// Whoever goes by the interrupted context gives up here.
					refused = true
					return true, nil, apierrors.NewConflict(action.GetResource().GroupResource(), "web", nil)
				}
				if moment == scaledDown && strings.Contains(string(action.(clienttesting.PatchAction).GetPatch()), `"replicas":1`) {
					met = true
					interrupt()
				}
				return false, nil, nil
			})
			cfg := s.config(scaleToOne)
			cfg.Check.Timing.Timeout = check.Duration(2 * time.Second)
			cfg.Doing = func(d Doing) {
				if d.What == moment {
					met = true
					interrupt()
				}
			}
			err := Run(ctx, cfg)
			if !met {
				t.Fatalf("that moment did not come; the run ended with %v", err)
			}
			if err != nil && !errors.Is(err, ErrInterrupted) {
				t.Errorf("the run ended with %v", err)
			}
			s.isAsBefore(t, before)
			if end := s.recorded(t).Ending; !end.Interrupted {
				t.Errorf("the recording ends with %+v", end)
			}
		})
	}
}
