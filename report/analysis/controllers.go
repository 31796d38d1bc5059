package analysis

import (
	"slices"
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
	deletes map[string][]kubeEvent
	clock   span
}

type setObservation struct {
	at time.Time
	*recording.ReplicaSetObservation
}

type revisionObservation struct {
	at       time.Time
	revision string
}

func readControllers(events *recording.Events, clocks *clocks) *controllers {
	c := &controllers{sets: map[string][]setObservation{}, deletes: map[string][]kubeEvent{}, clock: clocks.controllerManager()}
	for e := range events.ButSlices() {
		switch {
		case e.ReplicaSet != nil:
			c.sets[e.ReplicaSet.UID] = append(c.sets[e.ReplicaSet.UID], setObservation{e.At, e.ReplicaSet})
		case e.Workload != nil && e.Workload.Revision != "":
			c.updateRevision = append(c.updateRevision, revisionObservation{e.At, e.Workload.Revision})
		case e.Kube != nil && e.Kube.Reason == "SuccessfulDelete":
			if pod := deletedPod(e.Kube.Message); pod != "" {
				c.deletes[pod] = append(c.deletes[pod], kubeEvent{e.Kube, e.At})
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

// endedBy tells who ended the pod: the pod itself says it, or else the run's own
// record of what it asked for, or else what the controllers did.
func (c *controllers) endedBy(p *podHistory, t *ending, own *requests) report.EndedBy {
	o := p.last
	if by, ok := nodeReasons[o.Reason]; ok && !p.failed.IsZero() {
		return by
	}
	if by, ok := disruptionTargets[o.DisruptionTarget]; ok {
		if by == report.ByEviction && own.drained(t) {
			return report.ByDrain
		}
		return by
	}
	if !p.failed.IsZero() && p.terminating == nil {
		return report.ByNode
	}
	if by, ok := own.endedBy(t); ok {
		return by
	}
	switch {
	case c.outdated(t, o, p.deleted()):
		return report.ByRollout
	case c.deletion(t, o) != nil || c.shrunk(o.OwnerUID, p.deleted()):
		return report.ByScaleDown
	default:
		return report.ByDelete
	}
}

// deletion finds the event by which its controller told of deleting the pod. A
// StatefulSet gives the names of its pods again: there it has to be told when the
// pod's end began.
func (c *controllers) deletion(t *ending, o *recording.PodObservation) *kubeEvent {
	for _, e := range slices.Backward(c.deletes[o.Name]) {
		made := e.when(c.clock)
		then := !made.To.Before(t.begin().Add(-eventDelay)) && !made.From.After(t.begunBy().Add(eventDelay))
		if (e.UID == "" || e.UID == o.OwnerUID) && (then || o.OwnerKind != "StatefulSet") {
			return &e
		}
	}
	return nil
}

// revisionLag is how long after its first delete a StatefulSet's controller may
// take to tell the revision for whose sake it deletes: it writes its status at
// the end of the same pass (kubernetes pkg/controller/statefulset).
const revisionLag = 2 * time.Second

// outdated tells whether the pod was made from a template that its workload was
// rolling away from at that time.
func (c *controllers) outdated(t *ending, o *recording.PodObservation, when time.Time) bool {
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
		return c.deletion(t, o) != nil
	default:
		return false
	}
}

// shrinkLag is how long after its ReplicaSet was asked for fewer pods one may be
// deleted for that: the controller deletes what is too many in one pass
// (kubernetes pkg/controller/replicaset, manageReplicas).
const shrinkLag = 5 * time.Second

// shrunk tells whether a ReplicaSet was asked for fewer pods just before a pod was
// deleted. It stands in for a SuccessfulDelete event that the spam filter dropped.
func (c *controllers) shrunk(uid string, deleted time.Time) bool {
	observations := c.sets[uid]
	for i := 1; i < len(observations); i++ {
		since := deleted.Sub(observations[i].at)
		if observations[i].Replicas < observations[i-1].Replicas && since > -clockSlack && since < shrinkLag {
			return true
		}
	}
	return false
}

// boundRequest narrows the deletion request by the controller's event, which is
// made right after its DELETE call has returned.
func (c *controllers) boundRequest(t *ending, o *recording.PodObservation) report.Interval {
	e := c.deletion(t, o)
	if e == nil || !e.Precise {
		return t.Requested
	}
	if made := here(at(e.Emitted), c.clock); !made.To.Before(t.Requested.From) {
		return notAfter(t.Requested, made.To)
	}
	return t.Requested
}
