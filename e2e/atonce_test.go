//go:build e2e

package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/experiment"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// rounds is how often what depends on chance is tried.
var rounds = flag.Int("rounds", 3, "how often to try two runs at once, and a kill at a random moment")

// Of two runs that are begun at once on one workload one is refused, before it has
// written anything, and the other one's is not touched: neither by the refused run's
// end nor while it is at work.
func TestTwoRunsAtOnce(t *testing.T) {
	for name, disruption := range map[string]check.Disruption{
		"restart": {Restart: &check.Restart{}},
		"scale":   {Scale: &check.Scale{To: 1}},
		"delete":  {Delete: &check.Delete{}},
		"evict":   {Evict: &check.Evict{}},
		"drain":   {Drain: &check.Drain{Node: check.OfAPod}},
		"kill":    {Kill: &check.Kill{Via: check.ViaEphemeral, HelperImage: "shutdowncheck:dev"}},
		"image":   {Image: &check.Image{Env: []check.EnvVar{{Name: "E2E", Value: check.NewValue("1")}}}},
		"command": {Command: check.NewValues("sleep", "2")},
	} {
		t.Run(name, func(t *testing.T) {
			careless := newPlace(t).deploy(t, "careless", hasty(1))
			for round := range *rounds {
				careless.atOnce(t, fmt.Sprintf("%s-%d", name, round), disruption)
				if disruption.Kill != nil {
					// A container that is killed again and again is started later each time.
					careless.replacePods(t)
				}
				careless.waitSteady(t)
			}
			wantNoCordon(t)
		})
	}
}

// replacePods ends all pods; their replacements come by themselves.
func (v *victim) replacePods(t *testing.T) {
	t.Helper()
	err := client.CoreV1().Pods(v.namespace).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "app=" + v.name})
	if err != nil {
		t.Fatal(err)
	}
}

// atOnce begins two runs, and stops the one that was not refused when the other one has
// been.
func (v *victim) atOnce(t *testing.T, id string, disruption check.Disruption) {
	t.Helper()
	before := v.state(t)
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	var running sync.WaitGroup
	var errs, releases [2]error
	for i := range errs {
		workload, err := chaos.Open(t.Context(), client, v.namespace, check.Workload{Kind: check.Deployment, Name: v.name}, experiment.NewClock()(), chaos.ByHand{})
		if err != nil {
			t.Fatal(err)
		}
		d := &chaos.Driver{
			Workload: workload, Run: fmt.Sprintf("%s-%d", id, i), Journal: filepath.Join(t.TempDir(), "journal.jsonl"),
			Record: func(recording.Action) {}, Now: experiment.NewClock(),
		}
		running.Go(func() {
			errs[i] = d.Do(ctx, 0, disruption)
			if _, refused := errors.AsType[*chaos.ClaimedError](errs[i]); refused {
				stop(errors.New("the other one was refused"))
			}
			releases[i] = d.Release(t.Context())
		})
	}
	running.Wait()
	refused := 0
	for i, err := range errs {
		if _, claimed := errors.AsType[*chaos.ClaimedError](err); claimed {
			refused++
		} else if _, stopped := errors.AsType[*chaos.NotSteadyError](err); err != nil && !stopped && context.Cause(ctx) == nil {
			t.Errorf("%s: run %d ended with %v", id, i, err)
		}
		if releases[i] != nil {
			t.Errorf("%s: run %d could not be put back: %v", id, i, releases[i])
		}
	}
	if refused != 1 {
		t.Errorf("%s: %d runs were refused, want one: %v", id, refused, errs)
	}
	after := v.state(t)
	if disruption.Restart != nil {
		// Where it came to its end before it could be stopped it stays.
		after.TemplateAnnotations = before.TemplateAnnotations
	}
	if after.Replicas != before.Replicas || after.Annotations[undoKey] != "" || !reflect.DeepEqual(after.TemplateAnnotations, before.TemplateAnnotations) {
		t.Errorf("%s: left as %+v, before it was %+v", id, after, before)
	}
}
