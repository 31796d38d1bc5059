package analysis

import (
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// kubeEvent is an Event object with its arrival.
type kubeEvent struct {
	*recording.KubeEvent
	arrived time.Time
}

// kubeEvents groups the Event objects by the UID they are about.
func kubeEvents(events *recording.Events) map[string][]kubeEvent {
	byUID := map[string][]kubeEvent{}
	for event := range events.ButSlices() {
		if e := event.Kube; e != nil {
			byUID[e.UID] = append(byUID[e.UID], kubeEvent{e, event.At})
		}
	}
	return byUID
}

// eventDelay is how long an Event may take from its author's doing to its
// arrival here. Recorders send them from a queue.
const eventDelay = time.Second

// when is the moment that the event tells of; offset is that of its author's
// clock. One that was repeated keeps the name, and so the nanoseconds, of its
// first occurrence.
func (e kubeEvent) when(offset span) report.Interval {
	switch {
	case e.Count > 1:
		return sourced(report.Interval{From: e.arrived.Add(-eventDelay), To: e.arrived}, e.Reason+" event, repeated")
	case e.Precise:
		return here(sourced(at(e.Emitted), e.Reason+" event, its name"), offset)
	default:
		return here(sourced(report.Interval{From: e.Emitted, To: e.Emitted.Add(time.Second)}, e.Reason+" event"), offset)
	}
}

// restarts tells whether it is the end of a container that is to be started
// again, container whose. Kubernetes says it nowhere else (pkg/kubelet/
// kuberuntime, computePodActions: "Container %s failed liveness probe, will be
// restarted").
func (e kubeEvent) restarts() bool {
	return e.Reason == "Killing" && strings.HasSuffix(e.Message, "will be restarted")
}

func (e kubeEvent) container() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(e.Message, "Container "), " ")
	return name
}
