package timeline

import (
	"slices"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

func TestNodesOfOurPodsOnly(t *testing.T) {
	var got []string
	sink := func(e recording.Event) {
		switch {
		case e.Pod != nil:
			got = append(got, "pod")
		case e.Node != nil && e.Node.Unschedulable:
			got = append(got, string(e.Node.Change)+" "+e.Node.Name+" cordoned")
		case e.Node != nil:
			got = append(got, string(e.Node.Change)+" "+e.Node.Name)
		case e.Lease != nil:
			got = append(got, "lease "+e.Lease.Component)
		}
	}
	p := newPlaces(time.Now, sink)
	node := func(change recording.Change, name string, cordoned bool) {
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.NodeSpec{Unschedulable: cordoned}}
		if e, ok := p.observeNode(change, n); ok {
			sink(e)
		}
	}
	lease := func(change recording.Change, name string) {
		l := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: coordinationv1.LeaseSpec{RenewTime: new(metav1.NowMicro())}}
		if e, ok := p.observeNodeLease(change, l); ok {
			sink(e)
		}
	}

	node(recording.Listed, "a", false)
	node(recording.Listed, "b", false)
	node(recording.Modified, "a", true)
	lease(recording.Modified, "a") // not ours yet
	p.pod(recording.Event{Pod: &recording.PodObservation{Node: "a"}})
	p.pod(recording.Event{Pod: &recording.PodObservation{Node: "a"}})
	lease(recording.Listed, "a") // renewed at any time before
	lease(recording.Modified, "a")
	node(recording.Modified, "a", true) // a heartbeat
	node(recording.Modified, "b", true)
	node(recording.Modified, "a", false)
	node(recording.Deleted, "a", false)

	want := []string{"listed a cordoned", "pod", "pod", "lease node/a", "modified a", "deleted a"}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}
