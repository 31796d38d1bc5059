package timeline

import (
	"reflect"
	"strings"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// places are the nodes that hold, or held, a pod of the workload. Only they
// matter, and which they are shows up only as pods do.
type places struct {
	now  func() time.Time
	sink func(recording.Event)

	mu    sync.Mutex
	ours  map[string]bool
	nodes map[string]recording.NodeObservation // the last state of each
}

func newPlaces(now func() time.Time, sink func(recording.Event)) *places {
	return &places{now: now, sink: sink, ours: map[string]bool{}, nodes: map[string]recording.NodeObservation{}}
}

// pod passes a pod's event on, and before it the state of a node that shows up
// with it for the first time.
func (p *places) pod(e recording.Event) {
	if e.Pod != nil && e.Pod.Node != "" {
		p.hold(e.Pod.Node)
	}
	p.sink(e)
}

func (p *places) hold(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ours[name] {
		return
	}
	p.ours[name] = true
	if last, known := p.nodes[name]; known {
		last.Change = recording.Listed
		p.sink(recording.Event{At: p.now(), Node: &last})
	}
}

// observeNode drops the heartbeats, which change nothing that is recorded.
func (p *places) observeNode(change recording.Change, object runtime.Object) (recording.Event, bool) {
	node, ok := object.(*corev1.Node)
	if !ok {
		return recording.Event{}, false
	}
	o := recording.NodeObservation{Change: change, Name: node.Name, Unschedulable: node.Spec.Unschedulable}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			o.Ready = condition.Status == corev1.ConditionTrue
		}
	}
	for _, taint := range node.Spec.Taints {
		// PreferNoSchedule neither ends pods nor keeps them away.
		if taint.Effect != corev1.TaintEffectPreferNoSchedule {
			o.Taints = append(o.Taints, taint.Key+":"+string(taint.Effect))
		}
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	last, known := p.nodes[node.Name]
	if change == recording.Deleted {
		delete(p.nodes, node.Name)
	} else {
		p.nodes[node.Name] = o
		last.Change = change
		if known && reflect.DeepEqual(last, o) {
			return recording.Event{}, false
		}
	}
	return recording.Event{Node: &o}, p.ours[node.Name]
}

// observeNodeLease keeps the renewals of our nodes' kubelets.
func (p *places) observeNodeLease(change recording.Change, object runtime.Object) (recording.Event, bool) {
	lease, ok := object.(*coordinationv1.Lease)
	if !ok {
		return recording.Event{}, false
	}
	p.mu.Lock()
	ours := p.ours[lease.Name]
	p.mu.Unlock()
	if !ours {
		return recording.Event{}, false
	}
	return renewal(change, lease, "node/"+lease.Name)
}

// observeSystemLease keeps the renewals of the control plane.
func observeSystemLease(change recording.Change, object runtime.Object) (recording.Event, bool) {
	lease, ok := object.(*coordinationv1.Lease)
	switch {
	case !ok:
		return recording.Event{}, false
	case strings.HasPrefix(lease.Name, "apiserver-"):
		return renewal(change, lease, "apiserver")
	case lease.Name == "kube-controller-manager", lease.Name == "kube-scheduler":
		return renewal(change, lease, lease.Name)
	default:
		return recording.Event{}, false
	}
}

// renewal is an event only where its arrival tells something: a lease that is
// listed was renewed at any time before.
func renewal(change recording.Change, lease *coordinationv1.Lease, component string) (recording.Event, bool) {
	if lease.Spec.RenewTime == nil || change == recording.Listed || change == recording.Deleted {
		return recording.Event{}, false
	}
	return recording.Event{Lease: &recording.LeaseObservation{Component: component, Renewed: lease.Spec.RenewTime.UTC()}}, true
}
