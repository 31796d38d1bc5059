package analysis

import (
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// controllers holds what is known about the objects that own pods.
type controllers struct {
	// sets are the ReplicaSets' observations in their order, by UID.
	sets map[string][]setObservation
	// updateRevision is the StatefulSet's, in its order.
	updateRevision []revisionObservation
	// deletes are the controllers' SuccessfulDelete events, by pod name.
	deletes map[string]*recording.KubeEvent
}

type setObservation struct {
	at time.Time
	*recording.ReplicaSetObservation
}

type revisionObservation struct {
	at       time.Time
	revision string
}

func readControllers(events *recording.Events) *controllers {
	c := &controllers{sets: map[string][]setObservation{}, deletes: map[string]*recording.KubeEvent{}}
	for e := range events.ButSlices() {
		switch {
		case e.ReplicaSet != nil:
			c.sets[e.ReplicaSet.UID] = append(c.sets[e.ReplicaSet.UID], setObservation{e.At, e.ReplicaSet})
		case e.Workload != nil && e.Workload.Revision != "":
			c.updateRevision = append(c.updateRevision, revisionObservation{e.At, e.Workload.Revision})
		case e.Kube != nil && e.Kube.Reason == "SuccessfulDelete":
			if pod := deletedPod(e.Kube.Message); pod != "" {
				c.deletes[pod] = e.Kube
			}
		}
	}
	return c
}

// deletedPod reads the pod's name out of a controller's SuccessfulDelete event.
// Kubernetes offers it nowhere else: "Deleted pod: web-1" (ReplicaSet,
// DaemonSet: pkg/controller/controller_utils.go), "Delete Pod web-1 in
// StatefulSet web successful" (StatefulSet: stateful_pod_control.go; older ones
// write "delete").
func deletedPod(message string) string {
	if name, found := strings.CutPrefix(message, "Deleted pod: "); found {
		return name
	}
	for _, verb := range []string{"Delete", "delete"} {
		if rest, found := strings.CutPrefix(message, verb+" Pod "); found {
			name, _, _ := strings.Cut(rest, " ")
			return name
		}
	}
	return ""
}

// disruptionTargets are the reasons of the DisruptionTarget condition
// (KEP-3329).
var disruptionTargets = map[string]report.EndedBy{
	"EvictionByEvictionAPI":  report.ByEviction,
	"PreemptionByScheduler":  report.ByPreemption,
	"DeletionByTaintManager": report.ByTaint,
	"DeletionByPodGC":        report.ByPodGC,
	"TerminationByKubelet":   report.ByNode,
}

// nodeReasons are the pod status's reasons for which a kubelet ends a pod by
// itself (kubernetes pkg/kubelet/eviction, nodeshutdown, preemption).
var nodeReasons = map[string]report.EndedBy{
	"Evicted":    report.ByNodePressure,
	"Terminated": report.ByNodeShutdown,
	"Preempting": report.ByPreemption,
}

func (c *controllers) endedBy(p *podHistory) report.EndedBy {
	o := p.last
	if by, ok := nodeReasons[o.Reason]; ok && !p.failed.IsZero() {
		return by
	}
	if by, ok := disruptionTargets[o.DisruptionTarget]; ok {
		return by
	}
	if !p.failed.IsZero() && p.terminating == nil {
		return report.ByNode
	}
	when := p.seen
	if when.IsZero() {
		when = p.gone
	}
	switch {
	case c.outdated(o, when):
		return report.ByRollout
	case c.deletes[o.Name] != nil || c.shrunk(o.OwnerUID):
		return report.ByScaleDown
	default:
		return report.ByDelete
	}
}

// revisionLag is how long after its first delete a StatefulSet's controller may
// take to tell the revision for whose sake it deletes: it writes its status at
// the end of the same pass (kubernetes pkg/controller/statefulset).
const revisionLag = 2 * time.Second

// outdated tells whether the pod was made from a template that its workload was
// rolling away from at that time.
func (c *controllers) outdated(o *recording.PodObservation, when time.Time) bool {
	switch o.OwnerKind {
	case "ReplicaSet":
		var own, newest int64
		for uid, observations := range c.sets {
			for _, s := range observations {
				if s.at.After(when) {
					break
				}
				newest = max(newest, s.Revision)
				if uid == o.OwnerUID {
					own = s.Revision
				}
			}
		}
		return own < newest
	case "StatefulSet":
		current := ""
		for _, r := range c.updateRevision {
			if r.at.After(when.Add(revisionLag)) {
				break
			}
			current = r.revision
		}
		return current != "" && o.Revision != current
	case "DaemonSet":
		// A DaemonSet's controller deletes pods in an update, or when a node
		// leaves its selector; the former is by far the usual one.
		return c.deletes[o.Name] != nil
	default:
		return false
	}
}

// shrunk tells whether a ReplicaSet was ever asked for fewer pods. It stands in
// for a SuccessfulDelete event that the spam filter dropped.
func (c *controllers) shrunk(uid string) bool {
	observations := c.sets[uid]
	for i := 1; i < len(observations); i++ {
		if observations[i].Replicas < observations[i-1].Replicas {
			return true
		}
	}
	return false
}

// boundRequest narrows the deletion request by the controller's event, which is
// made right after its DELETE call has returned.
func (c *controllers) boundRequest(t *ending, clock span) report.Interval {
	e := c.deletes[t.Pod]
	if e == nil || !e.Precise {
		return t.Requested
	}
	if made := here(at(e.Emitted), clock); !made.To.Before(t.Requested.From) {
		return notAfter(t.Requested, made.To)
	}
	return t.Requested
}
