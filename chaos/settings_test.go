package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

func sleeping(seconds, grace int64) Settings {
	return Settings{Container: "app", PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: seconds}}, Grace: grace}
}

// sleeps is how long the hook of the cluster's container app sleeps; -1 if it does not.
func (c *cluster) sleeps() int64 {
	if l := c.Deployment().Spec.Template.Spec.Containers[0].Lifecycle; l != nil && l.PreStop != nil && l.PreStop.Sleep != nil {
		return l.PreStop.Sleep.Seconds
	}
	return -1
}

// However the template said how its pods end, it is what it was afterwards, to the last
// field: else the pods' revision would be another one. A restart under the settings is
// put back with them.
func TestSettingsStandAndAreUndone(t *testing.T) {
	exec := &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sleep", "3"}}}
	app := func(d *appsv1.Deployment) *corev1.Container { return &d.Spec.Template.Spec.Containers[0] }
	for name, change := range map[string]func(*appsv1.Deployment){
		"nothing said": func(*appsv1.Deployment) {},
		"a grace": func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.TerminationGracePeriodSeconds = new(int64(77))
		},
		"another action": func(d *appsv1.Deployment) { app(d).Lifecycle = &corev1.Lifecycle{PreStop: exec} },
		"a postStart beside it": func(d *appsv1.Deployment) {
			app(d).Lifecycle = &corev1.Lifecycle{PostStart: exec}
		},
		"a restart before": func(d *appsv1.Deployment) {
			d.Spec.Template.Annotations = map[string]string{restartedAtKey: "2026-01-01T00:00:00Z"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, change)
			before := c.Deployment()
			r := c.begin("run-1")
			c.OnWrite = func(action clienttesting.Action) {
				if patch, ok := action.(clienttesting.PatchAction); ok && strings.Contains(string(patch.GetPatch()), "lifecycle") && len(r.steps(t)) == 0 {
					t.Errorf("changed before the journal told of it: %s", patch.GetPatch())
				}
			}
			c.must(r.SetUp(t.Context(), sleeping(20, 50)))
			if c.sleeps() != 20 || *c.Deployment().Spec.Template.Spec.TerminationGracePeriodSeconds != 50 {
				t.Errorf("set up: %+v", c.Deployment().Spec.Template.Spec)
			}
			c.must(r.Do(t.Context(), 0, check.Disruption{Restart: &check.Restart{}}))
			if n := c.note(); n.Standing == nil || n.Version != standingVersion {
				t.Errorf("under a restart the note is %+v", n)
			}
			c.must(r.Stand(t.Context()))
			c.must(r.Release(t.Context()))
			after := c.Deployment()
			if !apiequality.Semantic.DeepEqual(after.Spec, before.Spec) || after.Annotations[undoKey] != "" {
				got, _ := json.Marshal(after)
				t.Errorf("left as %s", got)
			}
			want(t, "journal", r.steps(t), stepBegun, stepBegun, stepKept, stepRestored)
			if last := r.actions[len(r.actions)-1]; last.Kind != recording.Restored || last.Name != kindSettings {
				t.Errorf("recorded last: %+v", last)
			}
		})
	}
}

// After a kill -9 the note alone tells what is to be undone: a restart that is under way,
// and then the settings.
func TestSettingsOfAKilledRun(t *testing.T) {
	for name, during := range map[string]func(*cluster, *run){
		"between disruptions": func(*cluster, *run) {},
		"in a restart":        leaveARestart,
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			before := c.Deployment()
			r := c.begin("run-1")
			c.must(r.SetUp(t.Context(), sleeping(20, 50)))
			during(c, r)
			c.Obedient = true
			lines, err := putBackLeft(t, c.Client, web)
			if err != nil || len(lines) != 1 {
				t.Errorf("got %q, %v", lines, err)
			}
			after := c.Deployment()
			if c.sleeps() != -1 || stamp(after) != nil || after.Annotations[undoKey] != "" || !apiequality.Semantic.DeepEqual(after.Spec.Template.Spec, before.Spec.Template.Spec) {
				t.Errorf("left as %+v with %v", after.Spec.Template, after.Annotations)
			}
		})
	}
}

// leaveARestart leaves a restart under way: the controller does nothing, and the run ends.
func leaveARestart(c *cluster, r *run) {
	c.Obedient = false
	ctx, cancel := context.WithTimeout(c.t.Context(), 100*time.Millisecond)
	defer cancel()
	err := r.Do(ctx, 0, check.Disruption{Restart: &check.Restart{}})
	if _, ok := errors.AsType[*NotSteadyError](err); !ok {
		c.t.Fatalf("got %v", err)
	}
	if n := c.note(); n.Change == nil || n.Standing == nil {
		c.t.Fatalf("the note is %+v", n)
	}
}

// Whoever puts other settings in their place keeps the pods from ending with the run's.
func TestSettingsThatAreTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, func(d *appsv1.Deployment) { d.Annotations["argocd.argoproj.io/tracking-id"] = "web" })
		before := c.Deployment()
		r := c.begin("run-1")
		c.must(r.SetUp(t.Context(), sleeping(20, 50)))
		c.must(r.Do(t.Context(), 0, check.Disruption{Restart: &check.Restart{}}))
		c.Set(func(d *appsv1.Deployment) { d.Spec.Template.Spec = before.Spec.Template.Spec })
		err := r.Stand(t.Context())
		if reverted, ok := errors.AsType[*RevertedError](err); !ok || !slices.Equal(reverted.By, []string{"Argo CD"}) {
			t.Errorf("got %v", err)
		}
		if err := r.Keep(t.Context()); err == nil {
			t.Error("kept what is not there")
		}
		c.must(r.Release(t.Context()))
		if after := c.Deployment(); stamp(after) != nil || after.Annotations[undoKey] != "" {
			t.Errorf("left as %+v", after)
		}
	})
}

// A hook of somebody else's stays, and that it does is told.
func TestSettingsThatOthersChangedStay(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	c.must(r.SetUp(t.Context(), sleeping(20, 50)))
	c.Set(func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].Lifecycle.PreStop.Sleep.Seconds = 7
	})
	if err := r.Release(t.Context()); !isChanged(err) {
		t.Errorf("got %v", err)
	}
	if c.sleeps() != 7 || c.Deployment().Annotations[undoKey] != "" {
		t.Errorf("left as %+v", c.Deployment())
	}
}

func TestKeptSettingsStay(t *testing.T) {
	c := newCluster(t)
	r := c.begin("run-1")
	c.must(r.SetUp(t.Context(), sleeping(4, 30)))
	c.must(r.Keep(t.Context()))
	c.must(r.Release(t.Context()))
	if c.sleeps() != 4 || c.Deployment().Annotations[undoKey] != "" {
		t.Errorf("left as %+v", c.Deployment())
	}
	want(t, "journal", r.steps(t), stepBegun, stepKept)
}

// An older tool, which knows of no change that stands, reads no note that tells of one.
func TestANoteThatTellsOfSettingsHasAVersionOfItsOwn(t *testing.T) {
	for name, n := range map[string]note{"1": {Run: "r"}, "2": {Run: "r", Standing: &change{Settings: &settingsChange{}}}} {
		text, err := n.text()
		if err != nil {
			t.Fatal(err)
		}
		var read struct{ Version json.Number }
		if err := json.Unmarshal([]byte(text), &read); err != nil || read.Version.String() != name {
			t.Errorf("got version %s, want %s (%v)", read.Version, name, err)
		}
	}
}

func TestTunable(t *testing.T) {
	service := func(name, port string) func(*cluster) {
		return func(c *cluster) { c.serve(name, port) }
	}
	for name, tt := range map[string]struct {
		change    func(*appsv1.Deployment)
		around    func(*cluster)
		container string
		want      string
	}{
		"the one with the port":    {func(d *appsv1.Deployment) { addPort(d, 1, "http", 8080) }, service("web", "http"), "", "container log with no preStop hook, and a grace period of 30 s"},
		"the one that is named":    {func(d *appsv1.Deployment) { addPort(d, 1, "http", 8080) }, service("web", "http"), "app", "container app with no preStop hook, and a grace period of 30 s"},
		"the only one":             {func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers = d.Spec.Template.Spec.Containers[:1] }, service("web", "9"), "", "container app with no preStop hook, and a grace period of 30 s"},
		"none that declares it":    {nil, service("web", "http"), "", "container: no container declares the port to which the service leads; want its name, one of app, log"},
		"several":                  {func(d *appsv1.Deployment) { addPort(d, 0, "http", 80); addPort(d, 1, "http", 8080) }, service("web", "http"), "", "container: containers app and log both have ports to which the service leads; want its name, one of app, log"},
		"one that is not there":    {nil, service("web", "http"), "sidecar", `container: deployment/web has no container "sidecar"; want app or log`},
		"no service":               {nil, func(*cluster) {}, "app", "workload: no service selects the pods of deployment/web, so nothing tells when requests stop coming to one"},
		"all at once":              {func(d *appsv1.Deployment) { d.Spec.Strategy.Type = appsv1.RecreateDeploymentStrategyType }, service("web", "http"), "app", "workload: a rollout of deployment/web ends its last pod before there is another (all before the first replacement is made): no setting of a pod's end keeps requests from being lost then; want the strategy RollingUpdate"},
		"no replicas":              {func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(0)) }, service("web", "http"), "app", "workload: deployment/web wants no pods, so there is nothing to measure"},
		"paused":                   {func(d *appsv1.Deployment) { d.Spec.Paused = true }, service("web", "http"), "app", "workload: deployment/web is paused, so settings would not be rolled out; resume it first: kubectl rollout resume deployment/web -n shop"},
		"one replica without more": {func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(1)) }, service("web", "http"), "app", "workload: a rollout of deployment/web ends its last pod before there is another (with at least 0 available and at most 1 at once): no setting of a pod's end keeps requests from being lost then; want more replicas than maxUnavailable, or a maxUnavailable of 0 with a maxSurge"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, func(d *appsv1.Deployment) {
				if tt.change != nil {
					tt.change(d)
				}
			})
			tt.around(c)
			s, err := c.open().Tunable(t.Context(), check.Check{Workload: web, Target: check.Target{URL: "http://web/"}}, tt.container)
			got := text(err)
			if err == nil {
				got = s.String()
			}
			if got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// What each kind of workload lacks for a tuning is told in words that fit it.
func TestUntunable(t *testing.T) {
	set := check.Workload{Kind: check.StatefulSet, Name: "db"}
	daemons := check.Workload{Kind: check.DaemonSet, Name: "edge"}
	for want, tt := range map[string]struct {
		ref check.Workload
		s   state
	}{
		"": {set, state{replicas: 3, partition: 1}},
		"statefulset/db has the update strategy OnDelete, so settings would not be rolled out; want RollingUpdate":                                                                                                                                           {set, state{replicas: 3, onDelete: true}},
		"statefulset/db has a partition of 3 for its 3 pods, so settings would be rolled out to none of them; want a lower one":                                                                                                                              {set, state{replicas: 3, partition: 3}},
		"a rollout of statefulset/db ends its last pod before there is another (with at least 0 available and at most 1 at once): no setting of a pod's end keeps requests from being lost then; want more replicas than are ended at once (maxUnavailable)": {set, state{replicas: 1}},
		"a rollout of daemonset/edge ends its last pod before there is another (with at least 0 available and at most 1 at once): no setting of a pod's end keeps requests from being lost then; want a maxUnavailable of 0 with a maxSurge":                 {daemons, state{replicas: 1}},
	} {
		if got := (&Workload{ref: tt.ref}).untunable(tt.s); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

// serve puts a service before the pods.
func (c *cluster) serve(name, port string) {
	c.must(c.Client.Tracker().Add(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec: corev1.ServiceSpec{
			ClusterIP: "10.96.0.10", Selector: map[string]string{"app": "web"},
			Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.Parse(port)}},
		},
	}))
}

func addPort(d *appsv1.Deployment, container int, name string, number int32) {
	c := &d.Spec.Template.Spec.Containers[container]
	c.Ports = append(c.Ports, corev1.ContainerPort{Name: name, ContainerPort: number})
}
