package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

var errLost = &url.Error{Op: "Patch", URL: "https://api", Err: errors.New("EOF")}

// everyChange are the disruptions that change an object.
var everyChange = map[string]check.Disruption{"restart": aRestart, "scale": scaleToOne, "scale up": scaleToFive, "image": anImage, "drain": aDrain}

// losing loses the answer to the nth patch of any object, whether or not the server
// has carried it out by then; a late one is carried out at the next write.
func (c *cluster) losing(nth int, fate string, lost func()) (late func()) {
	patches := 0
	var pending func()
	carryOut := func(action clienttesting.Action) {
		// One that comes too late is refused as a conflict.
		if action.GetResource() == fakecluster.Deployments {
			_, _, _ = c.Patch(action)
		} else {
			_, _, _ = c.PatchNode(action)
		}
	}
	c.Client.PrependReactor("patch", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		patches++
		switch {
		case patches != nth:
			return false, nil, nil
		case fate == "carried out":
			carryOut(action)
		case fate == "late":
			pending = func() { carryOut(action) }
		}
		lost()
		return true, nil, errLost
	})
	return func() {
		if pending != nil {
			pending()
			pending = nil
		}
	}
}

// Whichever write's answer is lost, and whether or not it was carried out, the
// disruption goes on from what became of it, and nothing is left at the end.
func TestLostAnswers(t *testing.T) {
	for name, disruption := range everyChange {
		for _, fate := range []string{"carried out", "dropped"} {
			for nth := 1; nth <= 6; nth++ {
				t.Run(fmt.Sprintf("%s, write %d %s", name, nth, fate), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						c := newCluster(t)
						c.OnNodes("n1", "n2")
						c.losing(nth, fate, func() {})
						r := c.begin("run-1")
						if err := r.Do(t.Context(), 0, disruption); err != nil {
							t.Fatal(err)
						}
						c.must(r.Release(t.Context()))
						c.isUndone("n1")
						if requested := r.actions[0]; requested.Kind != recording.Requested || !requested.Done.After(requested.At) {
							t.Errorf("got %+v", requested)
						}
						if d := c.Deployment(); name != "restart" && (!fakecluster.SameTemplate(d, fakecluster.NewDeployment()) || *d.Spec.Replicas != 3) {
							t.Errorf("left with %d replicas, %+v", *d.Spec.Replicas, d.Spec.Template)
						}
					})
				})
			}
		}
	}
}

// A write that was under way when the run was stopped is carried out by the server
// before the putting back, in the midst of it, or after it, if it still can be. In
// the end nothing is left.
func TestStoppedWhileAWriteIsUnderWay(t *testing.T) {
	for name, disruption := range everyChange {
		for nth := 1; nth <= 3; nth++ {
			for _, when := range []string{"before", "at the first read", "at the first write", "after"} {
				t.Run(fmt.Sprintf("%s, write %d carried out %s", name, nth, when), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						c := newCluster(t)
						c.OnNodes("n1", "n2")
						c.Obedient = false
						ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("a minute is over"))
						defer cancel()
						late := c.losing(nth, "late", cancel)
						r := c.begin("run-1")
						if err := r.Do(ctx, 0, disruption); err == nil {
							t.Fatal("it came to its end")
						}
						hooked := false
						verb := map[string]string{"at the first read": "get", "at the first write": "patch"}[when]
						c.Client.PrependReactor("*", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
							if verb == action.GetVerb() && !hooked {
								hooked = true
								late()
							}
							return false, nil, nil
						})
						if when == "before" {
							late()
						}
						c.must(r.Release(t.Context()))
						late()
						c.isUndone("n1")
						if d := c.Deployment(); !fakecluster.SameTemplate(d, fakecluster.NewDeployment()) || *d.Spec.Replicas != 3 {
							t.Errorf("left with %d replicas, %+v", *d.Spec.Replicas, d.Spec.Template)
						}
					})
				})
			}
		}
	}
}

// Of two runs that were begun at once one is refused, whichever write comes first,
// and touches nothing of the other one's.
func TestTheRefusedRunWritesNothing(t *testing.T) {
	for name, disruption := range everyChange {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			c.OnNodes("n1", "n2")
			winner, loser := c.begin("run-1"), c.begin("run-2")
			// The winner takes over between the loser's first reading and its writing, and
			// is in the midst of its disruption then.
			get, taken := loser.Workload.api.get, false
			loser.Workload.api.get = func(ctx context.Context) (state, error) {
				s, err := get(ctx)
				if taken {
					return s, err
				}
				taken = true
				if name == "drain" {
					_ = c.stuck(winner)
				} else if err := c.interrupt(winner, disruption); err == nil {
					t.Error("the winner came to its end")
				}
				return s, err
			}
			err := loser.Do(t.Context(), 0, disruption)
			claimed, ok := errors.AsType[*ClaimedError](err)
			if _, cordoned := errors.AsType[*PlanError](err); !cordoned && (!ok || claimed.Run != "run-1") {
				t.Fatalf("got %v", err)
			}
			before := c.Deployment()
			c.Client.ClearActions()
			c.must(loser.Release(t.Context()))
			want(t, "writes of the refused", c.Writes())
			if after := c.Deployment(); after.ResourceVersion != before.ResourceVersion || c.note().Run != "run-1" {
				t.Errorf("got %+v", after)
			}
			if name == "drain" && !c.Node("n1").Spec.Unschedulable {
				t.Error("the winner's node is uncordoned")
			}
		})
	}
}

// A person who releases the workload in the midst of a run, and a third run that then
// takes it, are left alone.
func TestReleasedByAPerson(t *testing.T) {
	for name, disruption := range everyChange {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			c.OnNodes("n1", "n2")
			r := c.begin("run-1")
			var err error
			if name == "drain" {
				err = c.stuck(r)
			} else {
				err = c.interrupt(r, disruption)
			}
			if err == nil {
				t.Fatal("it came to its end")
			}
			if _, err := putBackLeft(t, c.Client, web); err != nil {
				t.Fatal(err)
			}
			third := c.begin("run-3")
			c.must(third.Claim(t.Context()))
			before := c.Deployment()
			err = r.Release(t.Context())
			if name != "drain" && !isChanged(err) {
				t.Errorf("got %v", err)
			}
			if after := c.Deployment(); after.ResourceVersion != before.ResourceVersion || c.note().Run != "run-3" {
				t.Errorf("the third run's is touched: %+v", after)
			}
		})
	}
}

// What somebody else has changed and changed back by the time of the write is no reason
// to leave anything.
func TestChangedAndBackIsPutBack(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	if err := c.interrupt(r, scaleToOne); err == nil {
		t.Fatal("it came to its end")
	}
	get, read := r.Workload.api.get, false
	r.Workload.api.get = func(ctx context.Context) (state, error) {
		if read {
			return get(ctx)
		}
		read = true
		c.Set(func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(5)) })
		s, err := get(ctx)
		c.Set(func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(1)) })
		return s, err
	}
	c.must(r.Release(t.Context()))
	if n := *c.Deployment().Spec.Replicas; n != 3 {
		t.Errorf("it wants %d pods", n)
	}
}
