package chaos

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

var aDrain = check.Disruption{Drain: &check.Drain{}}

// addPod puts somebody else's pod on the node.
func (c *cluster) addPod(name, node string, change func(*corev1.Pod)) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: "other", UID: types.UID("uid-" + name),
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "db", Controller: new(true)}},
		},
		Spec: corev1.PodSpec{NodeName: node},
	}
	if change != nil {
		change(pod)
	}
	c.must(c.Client.Tracker().Add(pod))
}

// addDaemon puts a DaemonSet's pod on the node.
func (c *cluster) addDaemon(node string) {
	c.must(c.Client.Tracker().Add(&appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "net", Namespace: "other"}}))
	c.addPod("net-1", node, func(pod *corev1.Pod) {
		pod.OwnerReferences[0].Kind, pod.OwnerReferences[0].Name = "DaemonSet", "net"
	})
}

func TestDrain(t *testing.T) {
	c := newCluster(t)
	c.OnNodes("n1", "n2")
	r := c.begin("run-1")
	c.OnWrite = func(action clienttesting.Action) {
		if node := c.Node("n1"); action.GetSubresource() == "eviction" && (!node.Spec.Unschedulable || !strings.Contains(node.Annotations[cordonKey], "run-1")) {
			t.Errorf("evicted before the cordon: %+v", node)
		}
	}
	c.Client.PrependReactor("patch", "nodes", func(clienttesting.Action) (bool, runtime.Object, error) {
		if _, err := os.Stat(r.Journal); err != nil || c.Deployment().Annotations[undoKey] == "" {
			t.Errorf("the node is changed before that is noted: %v", err)
		}
		return false, nil, nil
	})
	if err := r.Do(t.Context(), 0, aDrain); err != nil {
		t.Fatal(err)
	}
	want(t, "actions", r.kinds(), recording.Requested, recording.Requested, recording.Requested, recording.Restored, recording.Steady)
	want(t, "cordoned", []string{r.actions[0].Object, r.actions[0].Detail, r.actions[3].Detail}, "node/n1", "node n1 cordoned", "node n1 uncordoned")
	want(t, "doomed", r.actions[4].Doomed, "web-h7-1", "web-h7-3")
	want(t, "journal", r.steps(t), stepBegun, stepRestored)
	want(t, "writes", c.Writes(), "patch deployments/", "patch deployments/", "patch nodes/", "create pods/eviction", "create pods/eviction", "patch nodes/", "patch deployments/")
	c.must(r.Release(t.Context()))
	c.isUndone("n1")
	for _, pod := range c.Pods() {
		if pod.Spec.NodeName != "n2" {
			t.Errorf("pod %s is on %s", pod.Name, pod.Spec.NodeName)
		}
	}
}

// isUndone tells that nothing of a drain is left.
func (c *cluster) isUndone(name string) {
	c.t.Helper()
	node := c.Node(name)
	if _, marked := node.Annotations[cordonKey]; marked || node.Spec.Unschedulable {
		c.t.Errorf("the node is left with %v, unschedulable %v", node.Annotations, node.Spec.Unschedulable)
	}
	if c.Deployment().Annotations[undoKey] != "" {
		c.t.Error("the annotation is left")
	}
}

// everybodys is a drain of everybody's pods.
func everybodys(change func(*check.Drain)) check.Disruption {
	d := &check.Drain{Pods: check.DrainAll}
	if change != nil {
		change(d)
	}
	return check.Disruption{Drain: d}
}

func TestDrainOfEverybodysPods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.OnNodes("n1", "n2")
		c.addDaemon("n1")
		c.addPod("db-1", "n1", nil)
		c.addPod("db-2", "n2", nil)
		c.addPod("static", "n1", func(pod *corev1.Pod) { pod.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"} })
		r := c.begin("run-1")
		lines, err := r.Workload.Plan(t.Context(), []check.Disruption{everybodys(nil)})
		want(t, "plan", append(lines, text(err)), "drain node n1: cordon it, evict 2 of the 3 pods of deployment/web and 1 pod of others from it, as PodDisruptionBudgets allow, then uncordon it", "")
		if err := r.Do(t.Context(), 0, everybodys(nil)); err != nil {
			t.Fatal(err)
		}
		want(t, "others'", []string{r.actions[3].Object, r.actions[3].Detail}, "pod/db-1 in namespace other", "eviction of pod db-1 granted")
		want(t, "others doomed", r.actions[3].Doomed)
		o, err := c.Client.Tracker().List(fakecluster.Pods, corev1.SchemeGroupVersion.WithKind("Pod"), "other")
		c.must(err)
		var left []string
		for _, pod := range o.(*corev1.PodList).Items {
			left = append(left, pod.Name)
		}
		slices.Sort(left)
		want(t, "left", left, "db-2", "net-1", "static")
		c.must(r.Release(t.Context()))
		c.isUndone("n1")
	})
}

func TestDrainLeavesAnEarlierCordon(t *testing.T) {
	c := newCluster(t)
	c.OnNodes("n1", "n2")
	c.SetNode("n1", func(n *corev1.Node) { n.Spec.Unschedulable = true })
	r := c.begin("run-1")
	lines, err := r.Workload.Plan(t.Context(), []check.Disruption{aDrain})
	want(t, "plan", append(lines, text(err)), "drain node n1: evict 2 of the 3 pods of deployment/web from it, as PodDisruptionBudgets allow; it is cordoned already and stays so", "")
	if err := r.Do(t.Context(), 0, aDrain); err != nil {
		t.Fatal(err)
	}
	c.must(r.Restore(t.Context()))
	if !c.Node("n1").Spec.Unschedulable {
		t.Error("it was uncordoned")
	}
	want(t, "writes", c.Writes(), "patch deployments/", "create pods/eviction", "create pods/eviction")
}

func TestDrainIsRefused(t *testing.T) {
	tests := map[string]struct {
		change func(*cluster)
		drain  check.Drain
		self   string
		want   string
	}{
		"no such node":       {nil, check.Drain{Node: "n9"}, "", "node: no node is named n9; there are n1; n2; n3"},
		"a node without one": {nil, check.Drain{Node: "n3"}, "", "node: node n3 holds no pod of deployment/web, so nothing would end; want of-a-pod, or n1, n2"},
		"no other node": {
			func(c *cluster) {
				c.SetNode("n2", func(n *corev1.Node) { n.Spec.Unschedulable = true })
				c.SetNode("n3", func(n *corev1.Node) { n.Status.Conditions = nil })
			},
			check.Drain{Node: "n1"},
			"",
			"node: no other Ready node takes the pods of deployment/web, so their replacements would stay Pending until node n1 is uncordoned",
		},
		"no other node without taints": {
			func(c *cluster) {
				for _, name := range []string{"n2", "n3"} {
					c.SetNode(name, func(n *corev1.Node) {
						n.Spec.Taints = []corev1.Taint{{Key: "control-plane", Effect: corev1.TaintEffectNoSchedule}}
					})
				}
			},
			check.Drain{Node: "n1"},
			"",
			"node: no other Ready node takes the pods of deployment/web, so their replacements would stay Pending until node n1 is uncordoned",
		},
		"another run's": {
			func(c *cluster) {
				node := c.Node("n1")
				node.Spec.Unschedulable = true
				node.Annotations = map[string]string{cordonKey: `{"run":"run-9","namespace":"other","workload":"deployment/db"}`}
				_, err := c.Client.CoreV1().Nodes().Update(t.Context(), node, metav1.UpdateOptions{FieldManager: fieldManager})
				c.must(err)
				c.Client.ClearActions()
			},
			check.Drain{},
			"",
			"node: node n1 is cordoned by run run-9 of this tool; if that run is over, put it back with: shutdowncheck restore deployment/db -n other",
		},
		"an emptyDir": {
			func(c *cluster) {
				pod := c.Pods()[0]
				pod.Spec.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
				c.must(c.Client.Tracker().Update(fakecluster.Pods, pod, namespace))
			},
			check.Drain{},
			"",
			"deleteEmptyDirData: an emptyDir volume ends with its pod (web-h7-1); want true to drain all the same",
		},
		"somebody's emptyDir": {
			func(c *cluster) {
				c.addPod("db-1", "n1", func(pod *corev1.Pod) {
					pod.Spec.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
				})
			},
			check.Drain{Pods: check.DrainAll},
			"",
			"pods: cannot delete Pods with local storage (use deleteEmptyDirData: true to override): other/db-1",
		},
		"somebody's unmanaged pod": {
			func(c *cluster) { c.addPod("debug", "n1", func(pod *corev1.Pod) { pod.OwnerReferences = nil }) },
			check.Drain{Pods: check.DrainAll},
			"",
			"pods: cannot delete Pods that declare no controller (use force: true to override): other/debug",
		},
		"our own node": {
			func(c *cluster) { c.addPod("tool", "n1", nil) },
			check.Drain{Node: "n1", Pods: check.DrainAll},
			"other/tool",
			"node: node n1 holds the pod that runs this check (other/tool), which would be evicted; want another node, or pods: workload",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			c.OnNodes("n1", "n2")
			c.must(c.Client.Tracker().Add(&corev1.Node{
				ObjectMeta: metav1.ObjectMeta{Name: "n3"},
				Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
			}))
			if test.change != nil {
				test.change(c)
			}
			r := c.begin("run-1")
			r.Workload.Self = test.self
			err := r.Do(t.Context(), 0, check.Disruption{Drain: &test.drain})
			if _, ok := errors.AsType[*PlanError](err); !ok || text(err) != "disruptions[0].drain."+test.want {
				t.Errorf("got  %v\nwant disruptions[0].drain.%s", err, test.want)
			}
			want(t, "writes", c.Writes())
		})
	}
}

// The fullest node is taken, but rather not the one the tool runs on.
func TestDrainOfAPodSparesOurOwnNode(t *testing.T) {
	for self, wanted := range map[string]string{"": "n1", "other/tool": "n2"} {
		c := newCluster(t)
		c.OnNodes("n1", "n2")
		c.addPod("tool", "n1", nil)
		w := c.open()
		w.Self = self
		lines, err := w.Plan(t.Context(), []check.Disruption{aDrain})
		if err != nil || !strings.HasPrefix(lines[0], "drain node "+wanted+":") {
			t.Errorf("with %q: got %v, %v", self, lines, err)
		}
	}
}

// So are the nodes of the pods that send, as long as there is another.
func TestDrainSparesTheSenders(t *testing.T) {
	sender := func(node string) recording.Sender {
		return recording.Sender{Pod: "sender-" + node, UID: "uid-sender-" + node, Node: node}
	}
	onBoth := []recording.Sender{sender("n1"), sender("n2")}
	for name, tt := range map[string]struct {
		senders []recording.Sender
		drain   check.Drain
		want    string
	}{
		"another node is taken":        {onBoth[:1], check.Drain{Node: check.OfAPod, Pods: check.DrainAll, Force: true}, "drain node n2:"},
		"there is no other":            {onBoth, check.Drain{Node: check.OfAPod, Pods: check.DrainWorkload}, "drain node n1:"},
		"there is no other for all":    {onBoth, check.Drain{Node: check.OfAPod, Pods: check.DrainAll, Force: true}, "disruptions[0].drain.node: each node with pods of deployment/web also holds a pod that would be missed if it were evicted, as node n1 holds a pod that sends its requests (shop/sender-n1); want pods: workload"},
		"the node is named, for all":   {onBoth, check.Drain{Node: "n2", Pods: check.DrainAll, Force: true}, "disruptions[0].drain.node: node n2 holds a pod that sends its requests (shop/sender-n2), which would be evicted; want another node, or pods: workload"},
		"the node is named, but alone": {onBoth, check.Drain{Node: "n2", Pods: check.DrainWorkload}, "drain node n2:"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			c.OnNodes("n1", "n2")
			for _, s := range onBoth {
				c.must(c.Client.Tracker().Add(&corev1.Pod{
					ObjectMeta: metav1.ObjectMeta{Name: s.Pod, Namespace: namespace, UID: types.UID(s.UID)},
					Spec:       corev1.PodSpec{NodeName: s.Node},
				}))
			}
			w := c.open()
			w.Senders = tt.senders
			lines, err := w.Plan(t.Context(), []check.Disruption{{Drain: &tt.drain}})
			got := text(err)
			if err == nil {
				got = lines[0]
			}
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestDrainedNamesTheNodes(t *testing.T) {
	c := newCluster(t)
	c.OnNodes("n1", "n2")
	named := check.Disruption{Drain: &check.Drain{Node: "n2", Pods: check.DrainWorkload}}
	nodes, err := c.open().Drained(t.Context(), []check.Disruption{aDrain, {Restart: &check.Restart{}}, named, aDrain})
	if err != nil || !slices.Equal(nodes, []string{"n1", "n2"}) {
		t.Errorf("got %v, %v", nodes, err)
	}
	if nodes, err := c.open().Drained(t.Context(), []check.Disruption{{Restart: &check.Restart{}}}); err != nil || len(nodes) > 0 {
		t.Errorf("without a drain: %v, %v", nodes, err)
	}
}

// A node that is not drained takes the senders, unless it takes no such pods anyway.
func TestDrainsSpareSenders(t *testing.T) {
	for name, tt := range map[string]struct {
		drained []string
		takes   []string
		want    bool
	}{
		"none is drained":            {nil, []string{"n1"}, true},
		"all are drained":            {[]string{"n1", "n2"}, []string{"n1", "n2"}, false},
		"one is not":                 {[]string{"n1"}, []string{"n1", "n2"}, true},
		"the other takes none":       {[]string{"n1"}, []string{"n1"}, false},
		"none takes any, so or so":   {[]string{"n1", "n2"}, nil, true},
		"the drained one takes none": {[]string{"n1"}, []string{"n2"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			c.OnNodes("n1", "n2")
			for _, node := range []string{"n1", "n2"} {
				c.SetNode(node, func(n *corev1.Node) {
					n.Labels = map[string]string{corev1.LabelOSStable: "linux"}
					n.Spec.Unschedulable = !slices.Contains(tt.takes, node)
				})
			}
			if got, err := c.open().SparesSenders(t.Context(), tt.drained); err != nil || got != tt.want {
				t.Errorf("got %t, %v", got, err)
			}
		})
	}
}

// stuck is a drain that a budget has stopped when the node was cordoned.
func (c *cluster) stuck(r *run) error {
	ctx, cancel := context.WithCancelCause(c.t.Context())
	c.Refusal = func(string) error {
		cancel(errors.New("stopped"))
		return tight(needsThree)
	}
	err := r.Do(ctx, 0, aDrain)
	if !c.Node("n1").Spec.Unschedulable {
		c.t.Error("it was not cordoned")
	}
	return err
}

func TestRestoreUncordons(t *testing.T) {
	tests := map[string]struct {
		change func(*cluster)
		want   string
		last   recording.ActionKind
	}{
		"at once": {nil, "", recording.Restored},
		"workload deleted": {
			func(c *cluster) { c.must(c.Client.Tracker().Delete(fakecluster.Deployments, namespace, "web")) }, "", recording.Restored,
		},
		"uncordoned by somebody": {
			func(c *cluster) { c.SetNode("n1", func(n *corev1.Node) { n.Spec.Unschedulable = false }) }, "", recording.NotSteady,
		},
		"cordoned by somebody": {
			func(c *cluster) {
				c.SetNode("n1", func(n *corev1.Node) { n.Spec.Unschedulable = false })
				c.SetNode("n1", func(n *corev1.Node) { n.Spec.Unschedulable = true })
			},
			"put back the drain: node/n1 was cordoned by somebody else since, and it is left so", recording.RestoreFailed,
		},
		"cordoned by another run": {
			func(c *cluster) { c.SetNode("n1", func(n *corev1.Node) { n.Annotations[cordonKey] = "x" }) },
			"put back the drain: node/n1 was cordoned by somebody else since, and it is left so", recording.RestoreFailed,
		},
		"node gone": {
			func(c *cluster) { c.must(c.Client.Tracker().Delete(fakecluster.Nodes, "", "n1")) },
			"put back the drain: node/n1 does not exist any more, so nothing can be put back", recording.RestoreFailed,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			c.OnNodes("n1", "n2")
			r := c.begin("run-1")
			err := c.stuck(r)
			if hung, ok := errors.AsType[*NotSteadyError](err); !ok || text(hung.Err) != "stopped" || !strings.Contains(hung.Reason, needsThree) {
				t.Errorf("got %v", err)
			}
			if test.change != nil {
				test.change(c)
			}
			if err := r.Restore(t.Context()); text(err) != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if got := r.kinds(); got[len(got)-1] != test.last {
				t.Errorf("got %v", got)
			}
			if name != "node gone" && c.Node("n1").Annotations[cordonKey] != map[string]string{"cordoned by another run": "x"}[name] {
				t.Errorf("the mark is left: %v", c.Node("n1").Annotations)
			}
			if name != "node gone" && c.Node("n1").Spec.Unschedulable != (test.want != "") {
				t.Errorf("unschedulable: %v", c.Node("n1").Spec.Unschedulable)
			}
		})
	}
}

func TestUndoOfACordon(t *testing.T) {
	c := newCluster(t)
	c.OnNodes("n1", "n2")
	if err := c.stuck(c.begin("run-1")); err == nil {
		t.Fatal("it came to its end")
	}
	if _, err := Open(t.Context(), c.Client, namespace, web, present, ByHand{}); err == nil {
		t.Error("another run may begin")
	}
	lines, err := putBackLeft(t, c.Client, web)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "lines", lines, "deployment/web: node n1 uncordoned (run run-1)")
	c.isUndone("n1")
}

// With the workload went its annotation; the node's own tells.
func TestUndoOfACordonForAWorkloadThatIsGone(t *testing.T) {
	c := newCluster(t)
	c.OnNodes("n1", "n2")
	if err := c.stuck(c.begin("run-1")); err == nil {
		t.Fatal("it came to its end")
	}
	c.must(c.Client.Tracker().Delete(fakecluster.Deployments, namespace, "web"))
	lines, err := putBackLeft(t, c.Client, web)
	want(t, "lines", append(lines, text(err)), "deployment/web: node n1 uncordoned (run run-1)", "")
	if c.Node("n1").Spec.Unschedulable {
		t.Error("the node is left cordoned")
	}
	lines, err = putBackLeft(t, c.Client, web)
	want(t, "again", append(lines, text(err)), `read deployment/web in namespace shop: deployments.apps "web" not found; see what there is with: kubectl get deployments -n shop`)
}

func TestDrainLeavesADaemonSetAlone(t *testing.T) {
	c := newCluster(t)
	w := &Workload{ref: check.Workload{Kind: check.DaemonSet, Name: "net"}, client: c.Client}
	field, problem, err := (&drain{Drain: aDrain.Drain}).validate(t.Context(), w, state{})
	want(t, "refusal", []string{field, problem, text(err)}, "", "a drain leaves the pods of a DaemonSet alone, so nothing of daemonset/net would end; want restart, delete or evict", "")
}
