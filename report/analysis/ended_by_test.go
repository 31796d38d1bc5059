package analysis

import (
	"fmt"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// rig is a workload to which several things are done in one run. At first it is
// made from its first template.
type rig struct {
	scenario
	kind     string
	template int64
	replicas int32
	// pod is the one that the next disruption meets.
	pod   recording.PodObservation
	count int
}

func newRig(kind string) *rig {
	r := &rig{kind: kind, template: 1, replicas: 3}
	r.tellTemplate(0)
	r.newPod(0)
	return r
}

func (r *rig) owner() (name, uid string) {
	if r.kind == "ReplicaSet" {
		name = fmt.Sprint("web-", r.template)
		return name, "uid-" + name
	}
	return "web", "uid-web"
}

func (r *rig) event(at time.Duration, e recording.Event) {
	e.At = after(at)
	r.events = append(r.events, e)
}

func (r *rig) observe(at time.Duration, change recording.Change, o recording.PodObservation) {
	o.Change = change
	r.event(at, recording.Event{Pod: &o})
}

// tellTemplate is what the watch shows of the template and the replicas.
func (r *rig) tellTemplate(at time.Duration) {
	name, uid := r.owner()
	if r.kind == "ReplicaSet" {
		r.event(at, recording.Event{ReplicaSet: &recording.ReplicaSetObservation{Name: name, UID: uid, Revision: r.template, Replicas: r.replicas}})
		return
	}
	r.event(at, recording.Event{Workload: &recording.WorkloadObservation{Replicas: r.replicas, Revision: fmt.Sprint(r.template)}})
}

// newPod replaces the pod. Only a ReplicaSet gives its pods new names.
func (r *rig) newPod(at time.Duration) {
	r.count++
	name := "web-0"
	if r.kind == "ReplicaSet" {
		name = fmt.Sprint("web-", r.count)
	}
	owner, uid := r.owner()
	r.pod = recording.PodObservation{
		Name: name, UID: fmt.Sprint("uid-", r.count), Created: after(at).Truncate(time.Second), Node: "node-1", Phase: "Running", Ready: true,
		OwnerKind: r.kind, OwnerName: owner, OwnerUID: uid, Revision: fmt.Sprint(r.template), Grace: 2 * second,
		Containers: []recording.Container{{Name: "app"}},
	}
	r.observe(at, recording.Added, r.pod)
}

// requests is the run's record of what it asked for.
func (r *rig) requests(at time.Duration, disruption check.DisruptionKind) {
	r.actions = append(r.actions, recording.Action{
		At: after(at), Done: after(at + 5*ms), Kind: recording.Requested, Name: disruption, Doomed: []string{r.pod.Name}, DoomedUIDs: []string{r.pod.UID},
	})
}

// deleted lets the pod be deleted, told by its controller or not, and replaced.
func (r *rig) deleted(at time.Duration, byController bool, target string) {
	grace, deletion := 2*second, after(at+2*second).Truncate(time.Second)
	if byController {
		message := "Deleted pod: " + r.pod.Name
		if r.kind == "StatefulSet" {
			message = "delete Pod " + r.pod.Name + " in StatefulSet web successful"
		}
		r.event(at+30*ms, recording.Event{Kube: &recording.KubeEvent{Reason: "SuccessfulDelete", Kind: r.kind, UID: r.pod.OwnerUID, Message: message, Emitted: after(at + 3*ms), Precise: true}})
	}
	o := r.pod
	o.DeletionTimestamp, o.DeletionGrace, o.DisruptionTarget = &deletion, &grace, target
	r.observe(at+5*ms, recording.Modified, o)
	r.observe(at+1500*ms, recording.Deleted, o)
	r.newPod(at + 2*second)
}

// exits lets the pod's container end and start again.
func (r *rig) exits(at time.Duration) {
	o := r.pod
	o.Containers = []recording.Container{{Name: "app", Restarts: 1, Last: &recording.Exit{Code: 2, Reason: "Error", FinishedAt: after(at).Truncate(time.Second)}}}
	r.observe(at+300*ms, recording.Modified, o)
	r.pod = o
}

// disruptions are what can be done to the rig, what a run records of it and what
// the cluster shows, and who then ended the pod or its container.
var disruptions = []struct {
	name string
	do   func(r *rig, at time.Duration)
	want report.EndedBy
}{
	{"restart", func(r *rig, at time.Duration) { r.rollout(at, check.KindRestart) }, report.ByRollout},
	{"image", func(r *rig, at time.Duration) { r.rollout(at, check.KindImage) }, report.ByRollout},
	{"scale", func(r *rig, at time.Duration) {
		r.requests(at, check.KindScale)
		r.scaled(at)
	}, report.ByScaleDown},
	{"scale of a command", (*rig).scaled, report.ByScaleDown},
	{"delete", func(r *rig, at time.Duration) {
		r.requests(at, check.KindDelete)
		r.deleted(at+20*ms, false, "")
	}, report.ByDelete},
	{"delete of a command", func(r *rig, at time.Duration) { r.deleted(at, false, "") }, report.ByDelete},
	{"evict", func(r *rig, at time.Duration) {
		r.requests(at, check.KindEvict)
		r.deleted(at+20*ms, false, "EvictionByEvictionAPI")
	}, report.ByEviction},
	{"drain", func(r *rig, at time.Duration) {
		r.event(at, recording.Event{Node: &recording.NodeObservation{Name: "node-1", Unschedulable: true}})
		r.requests(at+10*ms, "drain")
		r.deleted(at+20*ms, false, "EvictionByEvictionAPI")
		r.event(at+3*second, recording.Event{Node: &recording.NodeObservation{Name: "node-1"}})
	}, report.ByDrain},
	{"kill", func(r *rig, at time.Duration) {
		r.requests(at, check.KindKill)
		r.exits(at + second)
	}, report.ByKill},
	{"crash while observed", (*rig).exits, report.ByCrash},
}

func (r *rig) rollout(at time.Duration, disruption check.DisruptionKind) {
	r.requests(at, disruption)
	r.template++
	r.tellTemplate(at + 10*ms)
	r.deleted(at+20*ms, true, "")
}

// scaled takes one replica away and puts it back.
func (r *rig) scaled(at time.Duration) {
	r.replicas--
	r.tellTemplate(at + 10*ms)
	r.deleted(at+20*ms, true, "")
	r.replicas++
	r.tellTemplate(at + 3*second)
}

// What is done to a workload before or after does not change who ended a pod.
func TestWhoEndedThePodOfTwoDisruptions(t *testing.T) {
	for _, kind := range []string{"ReplicaSet", "StatefulSet"} {
		for _, first := range disruptions {
			for _, second := range disruptions {
				t.Run(fmt.Sprintf("%s, %s and %s", kind, first.name, second.name), func(t *testing.T) {
					r := newRig(kind)
					first.do(r, 6*time.Second)
					second.do(r, 20*time.Second)
					ended := ends(&r.scenario)
					if len(ended) != 2 {
						t.Fatalf("%d ends", len(ended))
					}
					if ended[0].EndedBy != first.want || ended[1].EndedBy != second.want {
						t.Errorf("got %s and %s, want %s and %s", ended[0].EndedBy, ended[1].EndedBy, first.want, second.want)
					}
				})
			}
		}
	}
}

// A signal excuses the exit that follows it, and no later one.
func TestOnlyTheFirstExitAfterAKillIsItsDoing(t *testing.T) {
	r := newRig("ReplicaSet")
	r.exits(3 * second)
	r.requests(6*second, "kill")
	r.requests(7*second, "kill")
	for _, at := range []time.Duration{8 * second, 15 * second, 20 * second} {
		r.exits(at)
	}
	r.requests(30*second, "kill")
	r.exits(31 * second)
	var got []report.EndedBy
	for _, e := range ends(&r.scenario) {
		got = append(got, e.EndedBy)
	}
	if want := fmt.Sprint([]report.EndedBy{report.ByCrash, report.ByKill, report.ByCrash, report.ByCrash, report.ByKill}); fmt.Sprint(got) != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
