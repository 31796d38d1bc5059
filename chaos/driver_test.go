package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

var (
	aRestart    = check.Disruption{Restart: &check.Restart{}}
	scaleToOne  = check.Disruption{Scale: &check.Scale{To: 1}}
	scaleToFive = check.Disruption{Scale: &check.Scale{To: 5}}
	anImage     = check.Disruption{Image: &check.Image{Image: "web:2", Env: []check.EnvVar{
		{Name: "NEW", Value: check.NewValue("x")}, {Name: "MODE", Value: check.NewValue("slow")},
	}}}
)

func TestRestart(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	if err := r.Do(t.Context(), 2, aRestart); err != nil {
		t.Fatal(err)
	}
	want(t, "actions", r.kinds(), recording.Requested, recording.Steady)
	requested := r.actions[0]
	want(t, "doomed", requested.Doomed, "web-h7-1", "web-h7-2", "web-h7-3")
	if requested.Disruption != 2 || requested.Phase != recording.Disrupt || requested.Name != "restart" || requested.Object != "deployment/web" {
		t.Errorf("got %+v", requested)
	}
	if !requested.Done.After(requested.At) {
		t.Errorf("the request took from %v to %v", requested.At, requested.Done)
	}
	want(t, "journal", r.steps(t), stepBegun, stepKept)
	want(t, "writes", c.Writes(), "patch deployments/", "patch deployments/", "patch deployments/")
	if n := c.note(); n.Run != "run-1" || n.Change != nil {
		t.Errorf("it is not held any more, or something is to be undone: %+v", n)
	}
	c.must(r.Release(t.Context()))
	if _, there := c.Deployment().Annotations[undoKey]; there {
		t.Error("the annotation is still there")
	}

	// It was asked for, so it stays.
	if err := r.Restore(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stamp(c.Deployment()) == nil {
		t.Error("Restore rolled the restart back")
	}
}

func TestScaleGoesThereAndBack(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	if err := r.Do(t.Context(), 0, scaleToOne); err != nil {
		t.Fatal(err)
	}
	want(t, "actions", r.kinds(), recording.Requested, recording.Restored, recording.Steady)
	want(t, "doomed", r.actions[0].Doomed, "web-h7-2", "web-h7-3")
	want(t, "details", []string{r.actions[0].Detail, r.actions[1].Detail}, "replicas set from 3 to 1", "replicas set back from 1 to 3")
	want(t, "journal", r.steps(t), stepBegun, stepRestored)
	want(t, "writes", c.Writes(), "patch deployments/", "patch deployments/", "patch deployments/")
	c.must(r.Release(t.Context()))
	if _, there := c.Deployment().Annotations[undoKey]; there {
		t.Error("the annotation is still there")
	}
}

func TestScaleStaysWhereAsked(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	if err := r.Do(t.Context(), 0, check.Disruption{Scale: &check.Scale{To: 1, Restore: new(false)}}); err != nil {
		t.Fatal(err)
	}
	if err := r.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, "actions", r.kinds(), recording.Requested, recording.Steady)
	want(t, "replicas", []int32{*c.Deployment().Spec.Replicas}, 1)
	if _, there := c.Deployment().Annotations[undoKey]; there {
		t.Error("the annotation is still there")
	}
}

// An autoscaler or an operator may be quicker than the controller that ends pods: then
// nothing is waited for.
func TestScaleThatIsTakenBack(t *testing.T) {
	for name, test := range map[string]struct {
		ended []string
		noted []metav1.ManagedFieldsEntry
		want  string
	}{
		"before any pod was asked to end": {nil, nil, "somebody else set the replicas to 3 when 0 of 2 pods had been asked to end"},
		"when one was":                    {[]string{"web-h7-3"}, nil, "somebody else set the replicas to 3 when 1 of 2 pods had been asked to end"},
		"by an autoscaler":                {nil, byAutoscaler, "HorizontalPodAutoscaler web set the replicas to 3 when 0 of 2 pods had been asked to end"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			c.autoscaler("web", "Deployment", "web")
			c.Obedient = false
			c.Client.PrependReactor("patch", "deployments", func(action clienttesting.Action) (bool, runtime.Object, error) {
				handled, after, err := c.Patch(action)
				if *c.Deployment().Spec.Replicas == 1 {
					c.Set(func(d *appsv1.Deployment) {
						d.Spec.Replicas = new(int32(3))
						d.Generation++
					})
					// What a write changes the API takes from whoever managed it.
					c.Set(func(d *appsv1.Deployment) {
						d.Status.ObservedGeneration, d.ManagedFields = d.Generation, test.noted
					})
					for _, pod := range test.ended {
						c.must(c.Client.Tracker().Delete(fakecluster.Pods, namespace, pod))
					}
				}
				return handled, after, err
			})
			r := c.begin("run-1")
			ctx, cancel := contextEnding(t, time.Minute)
			defer cancel()
			err := r.Do(ctx, 0, scaleToOne)
			if !errors.Is(err, errForestalled) || !strings.HasSuffix(text(err), test.want) {
				t.Fatalf("got %v, want %s", err, test.want)
			}
			want(t, "actions", r.kinds(), recording.Requested, recording.NotSteady)
			want(t, "doomed", r.actions[1].Doomed, test.ended...)
			c.must(r.Restore(t.Context()))
			want(t, "actions", r.kinds()[2:], recording.TakenBack)
			want(t, "replicas", []int32{*c.Deployment().Spec.Replicas}, 3)
		})
	}
}

// managed is an entry of managedFields.
func managed(manager, subresource, fields string) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{
		Manager: manager, Subresource: subresource, Operation: metav1.ManagedFieldsOperationUpdate,
		APIVersion: "apps/v1", FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fields),
	}
}

// What the API server notes of a Deployment.
const (
	itsTemplate = `{"f:spec":{"f:template":{}}}`
	itsReplicas = `{"f:spec":{"f:replicas":{}}}`
	itsStatus   = `{"f:status":{"f:observedGeneration":{},"f:replicas":{}}}`
)

// byAutoscaler is what it notes of a scale by a HorizontalPodAutoscaler.
var byAutoscaler = []metav1.ManagedFieldsEntry{managed("kube-controller-manager", "scale", itsReplicas), managed("kube-controller-manager", "status", itsStatus)}

// autoscaler adds a HorizontalPodAutoscaler.
func (c *cluster) autoscaler(name, kind, target string) {
	c.t.Helper()
	c.must(c.Client.Tracker().Add(&autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec:       autoscalingv2.HorizontalPodAutoscalerSpec{ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{Kind: kind, Name: target}},
	}))
}

func TestWhoScaled(t *testing.T) {
	const controllers = "kube-controller-manager"
	mine := managed("kubectl", "", itsTemplate)
	status := managed(controllers, "status", itsStatus)
	scaled := managed(controllers, "scale", itsReplicas)
	for name, test := range map[string]struct {
		noted   []metav1.ManagedFieldsEntry
		targets []string // of HorizontalPodAutoscalers, by their names
		want    string
	}{
		"nobody":                       {[]metav1.ManagedFieldsEntry{mine, status}, []string{"web"}, "somebody else"},
		"an autoscaler":                {[]metav1.ManagedFieldsEntry{mine, status, scaled}, []string{"db", "web"}, "HorizontalPodAutoscaler hpa-1"},
		"one of two autoscalers":       {[]metav1.ManagedFieldsEntry{mine, status, scaled}, []string{"web", "web"}, "HorizontalPodAutoscaler hpa-0 or hpa-1"},
		"none that targets it":         {[]metav1.ManagedFieldsEntry{mine, status, scaled}, []string{"db"}, controllers},
		"k3s is all in one":            {[]metav1.ManagedFieldsEntry{managed("k3s", "scale", itsReplicas), managed("k3s", "status", itsStatus)}, []string{"web"}, "HorizontalPodAutoscaler hpa-0"},
		"kubectl scale":                {[]metav1.ManagedFieldsEntry{mine, status, managed("kubectl", "scale", itsReplicas)}, []string{"web"}, "kubectl"},
		"keda, from none":              {[]metav1.ManagedFieldsEntry{mine, status, managed("keda", "scale", itsReplicas)}, []string{"web"}, "keda"},
		"an operator, not by scale":    {[]metav1.ManagedFieldsEntry{mine, status, managed("operator", "", itsReplicas)}, []string{"web"}, "operator"},
		"its controller, not by scale": {[]metav1.ManagedFieldsEntry{mine, status, managed(controllers, "", itsReplicas)}, []string{"web"}, controllers},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			for i, target := range test.targets {
				c.autoscaler(fmt.Sprintf("hpa-%d", i), "Deployment", target)
			}
			c.autoscaler("of-another-kind", "StatefulSet", "web")
			if got := c.open().scaledBy(t.Context(), metav1.ObjectMeta{ManagedFields: test.noted}); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Who may not list autoscalers learns what the API server has noted.
func TestWhoScaledWithoutTheRight(t *testing.T) {
	c := newCluster(t)
	c.autoscaler("web", "Deployment", "web")
	c.Client.PrependReactor("list", "horizontalpodautoscalers", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, forbidden("horizontalpodautoscalers")
	})
	if got := c.open().scaledBy(t.Context(), metav1.ObjectMeta{ManagedFields: byAutoscaler}); got != "kube-controller-manager" {
		t.Error(got)
	}
}

// An autoscaler that comes once the pods have been asked to end takes nothing from the
// disruption, and it leaves nothing to put back.
func TestScaleThatIsPutBackByAnAutoscaler(t *testing.T) {
	for name, test := range map[string]struct {
		disruption check.Disruption
		replicas   int32
		want       []recording.ActionKind
		detail     string
	}{
		"to as many":         {scaleToOne, 3, []recording.ActionKind{recording.TakenBack}, "HorizontalPodAutoscaler web set the replicas to 3 again"},
		"to another number":  {scaleToOne, 2, []recording.ActionKind{recording.RestoreFailed}, "put back the scale: deployment/web wants 2 pods, not the 1 of this run: HorizontalPodAutoscaler web has changed it, and it is left so"},
		"not at all":         {scaleToOne, 1, []recording.ActionKind{recording.Restored}, "replicas set back from 1 to 3"},
		"back from a higher": {scaleToFive, 3, []recording.ActionKind{recording.TakenBack}, "HorizontalPodAutoscaler web set the replicas to 3 again"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			c.autoscaler("web", "Deployment", "web")
			r := c.begin("run-1")
			if err := c.interrupt(r, test.disruption); err == nil {
				t.Fatal("it came to its end")
			}
			c.Set(func(d *appsv1.Deployment) { d.Spec.Replicas = &test.replicas })
			c.Set(func(d *appsv1.Deployment) { d.ManagedFields = byAutoscaler })
			done := len(r.actions)
			if err := r.Restore(t.Context()); err != nil && !isChanged(err) {
				t.Fatal(err)
			}
			want(t, "actions", r.kinds()[done:], test.want...)
			if a := r.actions[done]; a.Detail != test.detail || a.At.IsZero() || a.Name != check.KindScale || a.Object != "deployment/web" {
				t.Errorf("got %+v, want %s", a, test.detail)
			}
			c.must(r.Restore(t.Context()))
			want(t, "actions", r.kinds()[done:], test.want...)
		})
	}
}

// Whatever happens between two writes, the way back is known: the journal is
// written before the first, and the annotation with or before the change.
func TestTheUndoIsWrittenFirst(t *testing.T) {
	for name, disruption := range map[string]check.Disruption{"restart": aRestart, "scale": scaleToOne, "scale up": scaleToFive, "image": anImage} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			r := c.begin("run-1")
			c.OnWrite = func(action clienttesting.Action) {
				patch, ok := action.(clienttesting.PatchAction)
				if !ok || !strings.Contains(string(patch.GetPatch()), `"spec"`) {
					return
				}
				if _, err := os.Stat(r.Journal); err != nil {
					t.Errorf("%s before the journal: %v", action.GetVerb(), err)
				}
				if !strings.Contains(string(patch.GetPatch()), undoKey) {
					t.Error("changed without the annotation")
				}
			}
			if err := r.Do(t.Context(), 0, disruption); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestWithoutAJournalNothingIsChanged(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	r.Journal = filepath.Join(t.TempDir(), "missing", "journal.jsonl")
	c.must(r.Claim(t.Context()))
	c.Client.ClearActions()
	for _, disruption := range []check.Disruption{aRestart, scaleToOne} {
		if err := r.Do(t.Context(), 0, disruption); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	}
	want(t, "writes", c.Writes())
}

// interrupt does a disruption that the controller does not obey, and ends it
// when its request is out.
func (c *cluster) interrupt(r *run, disruption check.Disruption) error {
	ctx, cancel := context.WithCancelCause(c.t.Context())
	c.Obedient = false
	record := r.Record
	r.Record = func(a recording.Action) {
		record(a)
		cancel(errors.New("stopped"))
	}
	c.OnWrite = func(action clienttesting.Action) {
		// Which pods a scale dooms only shows when they end, and these do not.
		if patch, ok := action.(clienttesting.PatchAction); ok && strings.Contains(string(patch.GetPatch()), `"replicas"`) {
			cancel(errors.New("stopped"))
		}
	}
	err := r.Do(ctx, 0, disruption)
	r.Record, c.OnWrite, c.Obedient = record, nil, true
	return err
}

func TestRestoreAfterAnInterruption(t *testing.T) {
	tests := map[string]struct {
		disruption check.Disruption
		reason     string
		detail     string
	}{
		"restart": {
			aRestart,
			"; not asked to end yet: web-h7-1, web-h7-2, web-h7-3",
			"template annotation kubectl.kubernetes.io/restartedAt removed again",
		},
		"scale": {
			scaleToOne,
			"scale of deployment/web did not come to its end (stopped): 2 pods more must be asked to end",
			"replicas set back from 1 to 3",
		},
		"scale up": {
			scaleToFive,
			"", // which of the two watches lags is chance
			"replicas set back from 5 to 3",
		},
		"image": {
			anImage,
			"; not asked to end yet: web-h7-1, web-h7-2, web-h7-3",
			`container app: image set back from web:2 to web:1, variable NEW removed again, variable MODE set back from (hidden, 4 bytes) to (hidden, 4 bytes)`,
		},
		"scale that was to stay": {
			check.Disruption{Scale: &check.Scale{To: 1, Restore: new(false)}},
			"scale of deployment/web did not come to its end (stopped): 2 pods more must be asked to end",
			"replicas set back from 1 to 3",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			r := c.begin("run-1")
			err := c.interrupt(r, test.disruption)
			hung, ok := errors.AsType[*NotSteadyError](err)
			if !ok || hung.Name != r.actions[1].Name || hung.Object != "deployment/web" || text(hung.Err) != "stopped" {
				t.Errorf("got %+v", err)
			}
			if !strings.HasSuffix(err.Error(), test.reason) {
				t.Errorf("got  %v\nwant ...%s", err, test.reason)
			}
			if err := r.Do(t.Context(), 1, aRestart); err == nil {
				t.Error("a second disruption was begun before the first was restored")
			}
			if err := r.Restore(t.Context()); err != nil {
				t.Fatal(err)
			}
			want(t, "actions", r.kinds(), recording.Requested, recording.NotSteady, recording.Restored)
			want(t, "detail", []string{r.actions[2].Detail}, test.detail)
			want(t, "journal", r.steps(t), stepBegun, stepRestored)
			d := c.Deployment()
			if *d.Spec.Replicas != 3 || !fakecluster.SameTemplate(d, fakecluster.NewDeployment()) {
				t.Errorf("got %d replicas, template %+v", *d.Spec.Replicas, d.Spec.Template)
			}
			c.must(r.Release(t.Context()))
			want(t, "annotations", slices.Sorted(maps.Keys(c.Deployment().Annotations)), "deployment.kubernetes.io/revision", "owner")

			before := len(c.Writes())
			if err := r.Restore(t.Context()); err != nil || len(c.Writes()) != before {
				t.Errorf("a second Restore wrote %v, %v", c.Writes()[before:], err)
			}
		})
	}
}

func TestRestorePutsAnEarlierRestartBack(t *testing.T) {
	c := newCluster(t, func(d *appsv1.Deployment) {
		d.Spec.Template.Annotations = map[string]string{restartedAtKey: "2026-01-01T00:00:00Z"}
	})
	r := c.begin("run-1")
	if err := c.interrupt(r, aRestart); err == nil {
		t.Fatal("the restart came to its end")
	}
	if err := r.Restore(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, "restartedAt", []string{*stamp(c.Deployment())}, "2026-01-01T00:00:00Z")
}

func TestRestoreLeavesWhatOthersChanged(t *testing.T) {
	tests := map[string]struct {
		disruption check.Disruption
		theirs     func(*appsv1.Deployment)
		want       string
	}{
		"replicas": {
			scaleToOne, func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(5)) },
			"put back the scale: deployment/web wants 5 pods, not the 1 of this run: somebody else has changed it, and it is left so",
		},
		"restart": {
			aRestart, func(d *appsv1.Deployment) { d.Spec.Template.Annotations[restartedAtKey] = "2027-01-01T00:00:00Z" },
			"put back the restart: deployment/web was restarted by somebody else since, and it is left so",
		},
		"rollout": {
			aRestart, func(d *appsv1.Deployment) { d.Annotations["deployment.kubernetes.io/revision"] = "9" },
			"put back the restart: deployment/web was rolled out by somebody else since (revision 9), and it is left so",
		},
		"image": {
			anImage, func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "web:3" },
			"put back the image: deployment/web was given another image or other variables by somebody else since, and it is left so",
		},
		"container": {
			anImage, func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Name = "shop" },
			"put back the image: deployment/web was given another image or other variables by somebody else since, and it is left so",
		},
		"rollout of an image": {
			anImage, func(d *appsv1.Deployment) { d.Annotations["deployment.kubernetes.io/revision"] = "9" },
			"put back the image: deployment/web was rolled out by somebody else since (revision 9), and it is left so",
		},
		"object": {
			scaleToOne, func(d *appsv1.Deployment) { d.UID = "uid-new" },
			"put back the scale: deployment/web was deleted and made anew, so nothing of this run is left on it",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			r := c.begin("run-1")
			if err := c.interrupt(r, test.disruption); err == nil {
				t.Fatal("it came to its end")
			}
			c.Set(test.theirs)
			theirs := c.Deployment()
			err := r.Restore(t.Context())
			if _, ok := errors.AsType[*ChangedError](err); !ok || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			now := c.Deployment()
			if *now.Spec.Replicas != *theirs.Spec.Replicas || !fakecluster.SameTemplate(now, theirs) {
				t.Errorf("overwritten: %+v", now.Spec)
			}
			want(t, "journal", r.steps(t), stepBegun, stepLeft)
			want(t, "last action", r.kinds()[2:], recording.RestoreFailed)
			if err := r.Restore(t.Context()); err != nil {
				t.Errorf("told twice: %v", err)
			}
		})
	}
}

func TestAConflictIsReadAnew(t *testing.T) {
	for name, disruption := range map[string]check.Disruption{"restart": aRestart, "scale": scaleToOne, "scale up": scaleToFive, "image": anImage} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			c.Conflicts = 3
			r := c.begin("run-1")
			if err := r.Do(t.Context(), 0, disruption); err != nil {
				t.Fatal(err)
			}
			if c.Conflicts != 0 {
				t.Errorf("%d conflicts were not met", c.Conflicts)
			}
		})
	}
}

func TestADeletedWorkloadEndsTheWait(t *testing.T) {
	c := newCluster(t)
	c.Obedient = false
	r := c.begin("run-1")
	record := r.Record
	r.Record = func(a recording.Action) {
		record(a)
		if a.Kind == recording.Requested {
			c.must(c.Client.Tracker().Delete(fakecluster.Deployments, namespace, "web"))
		}
	}
	err := r.Do(t.Context(), 0, aRestart)
	if _, ok := errors.AsType[*ChangedError](err); !ok {
		t.Errorf("got %v", err)
	}
	want(t, "actions", r.kinds(), recording.Requested, recording.NotSteady)
}

// A watch that breaks off is begun anew, and what was missed is seen all the
// same.
func TestALostWatchIsBegunAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		var first watch.Interface
		c.Client.PrependWatchReactor("deployments", func(action clienttesting.Action) (bool, watch.Interface, error) {
			_, w, err := c.Watch(action)
			if first == nil {
				first = w
			}
			return true, w, err
		})
		w := c.open()
		v, err := w.watch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer v.close()
		synctest.Wait()
		first.Stop()
		c.Set(func(d *appsv1.Deployment) { d.Generation = 99 })
		err = v.wait(t.Context(), func() (string, error) {
			s, err := v.state()
			if s.meta.Generation != 99 {
				return "not seen", err
			}
			return "", err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestAForbiddenWatchEndsTheWait(t *testing.T) {
	c := newCluster(t)
	w := c.open()
	c.Client.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, forbidden("pods")
	})
	_, err := w.watch(t.Context())
	if err == nil || err.Error() != "watch deployment/web: failed to list *v1.Pod: pods is forbidden: no" {
		t.Errorf("got %v", err)
	}
}

// A server that has just begun refuses everybody until it has read the rules.
func TestAWatchThatIsRefusedLaterGoesOn(t *testing.T) {
	c := newCluster(t)
	v, err := c.open().watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	v.failed(forbidden("pods"))
	if err := v.wait(t.Context(), func() (string, error) { return "", nil }); err != nil {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = v.wait(ctx, func() (string, error) { return "1 pod is missing", nil })
	if want := "1 pod is missing; a watch was lost (pods is forbidden: no) (context canceled)"; text(err) != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestRestartTime(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 700e6, time.UTC)
	tests := map[string]struct {
		last *string
		want string
	}{
		"first":              {nil, "2026-03-01T12:00:00Z"},
		"long after":         {new("2026-02-01T12:00:00Z"), "2026-03-01T12:00:00Z"},
		"in the same second": {new("2026-03-01T12:00:00Z"), "2026-03-01T12:00:01Z"},
		"by a fast clock":    {new("2026-03-01T12:00:07Z"), "2026-03-01T12:00:08Z"},
		"in another zone":    {new("2026-03-01T13:00:00+01:00"), "2026-03-01T13:00:01+01:00"},
		"unreadable":         {new("yesterday"), "2026-03-01T12:00:00Z"},
	}
	for name, test := range tests {
		if got := restartTime(test.last, now); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

func TestScaleUpGoesBack(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	var settled int
	r.Settle = func(context.Context) error {
		settled = len(c.Pods())
		return nil
	}
	if err := r.Do(t.Context(), 0, scaleToFive); err != nil {
		t.Fatal(err)
	}
	want(t, "pods while it settled", []int{settled}, 5)
	want(t, "actions", r.kinds(), recording.Requested, recording.Restored, recording.Steady)
	want(t, "details", []string{r.actions[0].Detail, r.actions[1].Detail, r.actions[2].Detail},
		"replicas set from 3 to 5", "replicas set back from 5 to 3", "2 pods ended, all that are wanted are Ready")
	want(t, "doomed", r.actions[2].Doomed, "web-h7-4", "web-h7-5")
	if len(r.actions[0].Doomed) != 0 {
		t.Errorf("going up doomed %v", r.actions[0].Doomed)
	}
	want(t, "journal", r.steps(t), stepBegun, stepRestored)
}
