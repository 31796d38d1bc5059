package timeline

import (
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// observeEvent keeps the events about the workload, its ReplicaSets and its
// pods, all of which bear its name as a prefix, or as much of it as fits. Events from before the watch
// began tell of earlier things and are dropped.
func (cfg Config) observeEvent() func(recording.Change, runtime.Object) (recording.Event, bool) {
	began := cfg.Now().Add(-time.Second)
	return func(change recording.Change, object runtime.Object) (recording.Event, bool) {
		event, ok := object.(*corev1.Event)
		if !ok || change == recording.Deleted || !cfg.concerns(&event.InvolvedObject) {
			return recording.Event{}, false
		}
		emitted, precise := emittedAt(event)
		if change == recording.Listed && emitted.Before(began) {
			return recording.Event{}, false
		}
		component := event.Source.Component
		if component == "" {
			component = event.ReportingController
		}
		return recording.Event{Kube: &recording.KubeEvent{
			Name:      event.Name,
			Reason:    event.Reason,
			Message:   event.Message,
			Component: component,
			Kind:      event.InvolvedObject.Kind,
			Object:    event.InvolvedObject.Name,
			UID:       string(event.InvolvedObject.UID),
			Container: containerOf(event.InvolvedObject.FieldPath),
			Count:     event.Count,
			Emitted:   emitted,
			Precise:   precise,
		}}, true
	}
}

func (cfg Config) concerns(object *corev1.ObjectReference) bool {
	prefix := cfg.Workload.Name + "-"
	switch object.Kind {
	case "Pod":
		return strings.HasPrefix(object.Name, prefix[:min(len(prefix), maxGeneratedBase)])
	case "ReplicaSet":
		return strings.HasPrefix(object.Name, prefix[:min(len(prefix), maxReplicaSetBase)])
	case string(cfg.Workload.Kind), "HorizontalPodAutoscaler":
		return object.Name == cfg.Workload.Name
	default:
		return false
	}
}

// maxGeneratedBase is how much of a controller's name the API server keeps where it
// makes a pod's name of it: 63 letters in all, of which 5 are random (apiserver
// pkg/storage/names).
const maxGeneratedBase = 63 - 5

// maxReplicaSetBase is how much of a Deployment's name is at the least in those of its
// ReplicaSets: 253 letters in all, with a hyphen and a hash of up to ten (kubernetes
// pkg/controller/deployment, generateReplicaSetName).
const maxReplicaSetBase = 253 - 1 - 10

// containerOf reads the container's name out of the path by which the kubelet tells
// which one an event is about: spec.containers{web}, spec.initContainers{mesh}
// (kubernetes pkg/kubelet/container, GenerateContainerRef).
func containerOf(fieldPath string) string {
	_, name, _ := strings.Cut(fieldPath, "ontainers{")
	return strings.TrimSuffix(name, "}")
}

// emittedAt tells when an event was made, and whether to the microsecond.
//
// The recorders of client-go (tools/record, tools/events) call an event
// <object>.<hexadecimal UnixNano>, which is far finer than the whole seconds of
// firstTimestamp. A name without it (a UUID) falls back to those.
func emittedAt(event *corev1.Event) (at time.Time, precise bool) {
	coarse := event.FirstTimestamp.Time
	if !event.EventTime.IsZero() {
		coarse = event.EventTime.Time
	}
	if dot := strings.LastIndexByte(event.Name, '.'); dot >= 0 {
		nanos, err := strconv.ParseInt(event.Name[dot+1:], 16, 64)
		named := time.Unix(0, nanos)
		// The name is believed only where the object's own times agree.
		if err == nil && (coarse.IsZero() || named.Sub(coarse).Abs() < time.Minute) {
			return named.UTC(), true
		}
	}
	if !event.EventTime.IsZero() {
		return event.EventTime.UTC(), true
	}
	return utc(event.FirstTimestamp), false
}
