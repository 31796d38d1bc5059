package chaos

import (
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

func eachInTurn(change ...func(*check.Drain)) check.Disruption {
	d := check.Drain{Node: check.EachInTurn, Pods: check.DrainWorkload, WhenRefused: check.Wait}
	for _, f := range change {
		f(&d)
	}
	return check.Disruption{Drain: &d}
}

// What holds no pod when its turn comes is passed over, what has got one by then is not;
// each node is uncordoned before the next one is cordoned.
func TestDrainOfEachInTurn(t *testing.T) {
	c := newCluster(t)
	c.OnNodes("n1", "n2", "n3", "n4", "control")
	c.SetNode("control", func(n *corev1.Node) {
		n.Spec.Taints = []corev1.Taint{{Key: "node-role.kubernetes.io/control-plane", Effect: corev1.TaintEffectNoSchedule}}
	})
	c.Nodes = []string{"n3"} // where the pods of n1 and n2 go
	r := c.begin("run-1")
	var parts []string
	for part, err := range r.Workload.Parts(t.Context(), eachInTurn()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, node := range []string{"n1", "n2", "n3", "n4"} {
			if c.Node(node).Spec.Unschedulable {
				t.Errorf("%s is still cordoned when it is %s's turn", node, part.Drain.Node)
			}
		}
		parts = append(parts, part.Drain.Node)
		if part.Drain.Node == "n3" {
			c.Nodes = []string{"n1"}
		}
		if err := r.Do(t.Context(), 0, part); err != nil {
			t.Fatal(err)
		}
	}
	want(t, "nodes", parts, "n1", "n2", "n3")
	var cordoned []string
	for _, a := range r.actions {
		if a.Kind == recording.Steady {
			cordoned = append(cordoned, strings.Join(a.Doomed, " "))
		}
	}
	if len(cordoned) != 3 || strings.Count(cordoned[2], " ") != 2 {
		t.Errorf("ended %q; want all three pods by the last drain", cordoned)
	}
	c.must(r.Release(t.Context()))
	c.isUndone("n1")
}

// Others are themselves, as one part.
func TestADisruptionIsItsOwnPart(t *testing.T) {
	c := newCluster(t)
	n := 0
	for part, err := range c.open().Parts(t.Context(), check.Disruption{Restart: &check.Restart{}, Repeat: 3}) {
		if n++; err != nil || part.Restart == nil || part.Repeat != 3 {
			t.Errorf("got %+v, %v", part, err)
		}
	}
	if n != 1 {
		t.Errorf("%d parts", n)
	}
}

func TestPlanOfEachInTurn(t *testing.T) {
	tainted := func(n *corev1.Node) {
		n.Spec.Taints = []corev1.Taint{{Key: "gpu", Effect: corev1.TaintEffectNoSchedule}}
	}
	cordoned := func(n *corev1.Node) { n.Spec.Unschedulable = true }
	for name, tt := range map[string]struct {
		drain  check.Disruption
		change func(*cluster, *Workload)
		want   string
	}{
		"each that holds or takes some": {
			eachInTurn(), nil,
			"drain one node after the other that holds pods of deployment/web when its turn comes, of n1 (1), n2 (1), n3 (1), n4 (0) (so many now): cordon it, evict its pods from it, as PodDisruptionBudgets allow, then uncordon it and let that settle",
		},
		"one that takes none is left out": {eachInTurn(), func(c *cluster, _ *Workload) { c.SetNode("n4", tainted) }, "drain one node after the other that holds pods of deployment/web when its turn comes, of n1 (1), n2 (1), n3 (1) (so"},
		"one that holds some is drained":  {eachInTurn(), func(c *cluster, _ *Workload) { c.SetNode("n2", tainted) }, "drain one node after the other that holds pods of deployment/web when its turn comes, of n1 (1), n2 (1), n3 (1), n4 (0) (so"},
		"the run's own comes last": {
			eachInTurn(), func(c *cluster, w *Workload) { c.addPod("tool", "n1", nil); w.Self = "other/tool" },
			"drain one node after the other that holds pods of deployment/web when its turn comes, of n2 (1), n3 (1), n4 (0), n1 (1) (so",
		},
		"the run's own, of all": {
			eachInTurn(func(d *check.Drain) { d.Pods, d.Force = check.DrainAll, true }), func(c *cluster, w *Workload) { c.addPod("tool", "n4", nil); w.Self = "other/tool" },
			"disruptions[0].drain.node: node n4 holds the pod that runs this check (other/tool), which would be evicted; want pods: workload",
		},
		"no room beside one": {eachInTurn(), func(c *cluster, _ *Workload) {
			for _, node := range []string{"n2", "n3", "n4"} {
				c.SetNode(node, cordoned)
			}
		}, "disruptions[0].drain.node: no other Ready node takes the pods of deployment/web, so their replacements would stay Pending until node n1 is uncordoned"},
		"one that is another run's": {eachInTurn(), func(c *cluster, _ *Workload) {
			node := c.Node("n3")
			node.Spec.Unschedulable = true
			node.Annotations = map[string]string{cordonKey: `{"run":"other","namespace":"shop","workload":"deployment/api"}`}
			_, err := c.Client.CoreV1().Nodes().Update(t.Context(), node, metav1.UpdateOptions{FieldManager: fieldManager})
			c.must(err)
		}, "disruptions[0].drain.node: node n3 is cordoned by run other of this tool; if that run is over, put it back with: "},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			c.OnNodes("n1", "n2", "n3", "n4")
			w := c.open()
			if tt.change != nil {
				tt.change(c, w)
			}
			lines, err := w.Plan(t.Context(), []check.Disruption{tt.drain})
			got := text(err)
			if err == nil {
				got = lines[0]
			}
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// The workload's own pods alone are evicted, so that senders may be anywhere; where
// everybody's are, they can be nowhere that is drained.
func TestDrainOfEachAndTheSenders(t *testing.T) {
	for pods, want := range map[check.DrainPods][]string{check.DrainWorkload: nil, check.DrainAll: {"n1", "n2"}} {
		c := newCluster(t)
		c.OnNodes("n1", "n2")
		got, err := c.open().Drained(t.Context(), []check.Disruption{eachInTurn(func(d *check.Drain) { d.Pods, d.Force = pods, true })})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v", pods, got, err)
		}
	}
}

// It is done by its parts, so that each node has its own time and its own settling.
func TestDrainOfEachIsNotOneThing(t *testing.T) {
	c := newCluster(t)
	c.OnNodes("n1", "n2")
	r := c.begin("run-1")
	if err := r.Do(t.Context(), 0, eachInTurn()); err == nil || errors.Is(err, t.Context().Err()) {
		t.Errorf("got %v", err)
	}
	c.must(r.Release(t.Context()))
	c.isUndone("n1")
}
