package chaos

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// What others end while it is watched counts, pods that came meanwhile
// included.
func TestObserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		r := c.begin("run-1")
		done := make(chan error)
		began := time.Now()
		go func() {
			done <- r.Do(t.Context(), 0, check.Disruption{Observe: &check.Observe{For: check.Duration(10 * time.Minute)}})
		}()
		time.Sleep(time.Minute)
		for _, name := range []string{"web-h7-1", "web-h7-4"} {
			c.MakePod(c.Deployment())
			synctest.Wait()
			c.must(c.Client.Tracker().Delete(fakecluster.Pods, namespace, name))
			synctest.Wait()
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 10*time.Minute || took > 11*time.Minute {
			t.Errorf("took %v", took)
		}
		want(t, "actions", r.kinds(), recording.Steady)
		want(t, "doomed", r.actions[0].Doomed, "web-h7-1", "web-h7-4")
		want(t, "writes", c.Writes())
	})
}

func TestObserveUntilSteady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		r := c.begin("run-1")
		ctx, cancel := contextEnding(t, 2*time.Minute)
		defer cancel()
		c.must(c.Client.Tracker().Delete(fakecluster.Pods, namespace, "web-h7-2"))
		err := r.Do(ctx, 0, check.Disruption{Observe: &check.Observe{For: check.Duration(time.Minute)}})
		const told = "observe of deployment/web did not come to its end (time is up): 2 pods there of the 3 wanted"
		if _, ok := errors.AsType[*NotSteadyError](err); !ok || err.Error() != told {
			t.Errorf("got  %v\nwant %s", err, told)
		}
	})
}
