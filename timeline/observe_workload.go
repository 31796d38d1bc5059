package timeline

import (
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// revisionAnnotation numbers a Deployment's templates on its ReplicaSets
// (kubernetes/pkg/controller/deployment/util).
const revisionAnnotation = "deployment.kubernetes.io/revision"

func observeSlice(change recording.Change, object runtime.Object) (recording.Event, bool) {
	slice, ok := object.(*discoveryv1.EndpointSlice)
	if !ok {
		return recording.Event{}, false
	}
	return recording.Event{Slice: Slice(change, slice)}, true
}

// Slice is what is recorded of an EndpointSlice.
func Slice(change recording.Change, slice *discoveryv1.EndpointSlice) *recording.SliceObservation {
	o := &recording.SliceObservation{
		Change:    change,
		Name:      slice.Name,
		Service:   slice.Labels[discoveryv1.LabelServiceName],
		Endpoints: make([]recording.Endpoint, 0, len(slice.Endpoints)),
	}
	for _, port := range slice.Ports {
		if port.Port != nil && (port.Protocol == nil || *port.Protocol == corev1.ProtocolTCP) {
			p := recording.Port{Number: *port.Port}
			if port.Name != nil {
				p.Name = *port.Name
			}
			o.Ports = append(o.Ports, p)
		}
	}
	for i := range slice.Endpoints {
		e := &slice.Endpoints[i]
		endpoint := recording.Endpoint{
			// A missing ready means ready (discovery/v1 EndpointConditions).
			Ready:       e.Conditions.Ready == nil || *e.Conditions.Ready,
			Serving:     e.Conditions.Serving == nil || *e.Conditions.Serving,
			Terminating: e.Conditions.Terminating != nil && *e.Conditions.Terminating,
		}
		if e.TargetRef != nil {
			endpoint.PodUID, endpoint.Pod = string(e.TargetRef.UID), e.TargetRef.Name
		}
		if len(e.Addresses) > 0 {
			endpoint.Address = e.Addresses[0]
		}
		o.Endpoints = append(o.Endpoints, endpoint)
	}
	return o
}

func (cfg Config) observeReplicaSet() func(recording.Change, runtime.Object) (recording.Event, bool) {
	return func(change recording.Change, object runtime.Object) (recording.Event, bool) {
		set, ok := object.(*appsv1.ReplicaSet)
		if !ok {
			return recording.Event{}, false
		}
		owner := metav1.GetControllerOf(set)
		if owner == nil || string(owner.UID) != cfg.WorkloadUID {
			return recording.Event{}, false
		}
		revision, err := strconv.ParseInt(set.Annotations[revisionAnnotation], 10, 64)
		if err != nil {
			// A ReplicaSet that its Deployment has not numbered yet.
			revision = 0
		}
		return recording.Event{ReplicaSet: &recording.ReplicaSetObservation{
			Change: change, Name: set.Name, UID: string(set.UID), Revision: revision, Replicas: wanted(set.Spec.Replicas),
		}}, true
	}
}

func observeDeployment(change recording.Change, object runtime.Object) (recording.Event, bool) {
	d, ok := object.(*appsv1.Deployment)
	if !ok {
		return recording.Event{}, false
	}
	return recording.Event{Workload: &recording.WorkloadObservation{
		Change: change, Replicas: wanted(d.Spec.Replicas), Ready: d.Status.ReadyReplicas,
		Updated: d.Status.UpdatedReplicas, Available: d.Status.AvailableReplicas,
	}}, true
}

func observeStatefulSet(change recording.Change, object runtime.Object) (recording.Event, bool) {
	s, ok := object.(*appsv1.StatefulSet)
	if !ok {
		return recording.Event{}, false
	}
	return recording.Event{Workload: &recording.WorkloadObservation{
		Change: change, Replicas: wanted(s.Spec.Replicas), Ready: s.Status.ReadyReplicas,
		Updated: s.Status.UpdatedReplicas, Available: s.Status.AvailableReplicas, Revision: s.Status.UpdateRevision,
	}}, true
}

func observeDaemonSet(change recording.Change, object runtime.Object) (recording.Event, bool) {
	d, ok := object.(*appsv1.DaemonSet)
	if !ok {
		return recording.Event{}, false
	}
	return recording.Event{Workload: &recording.WorkloadObservation{
		Change: change, Replicas: d.Status.DesiredNumberScheduled, Ready: d.Status.NumberReady,
		Updated: d.Status.UpdatedNumberScheduled, Available: d.Status.NumberAvailable,
	}}, true
}

// wanted is spec.replicas, which means 1 where it is missing.
func wanted(replicas *int32) int32 {
	if replicas == nil {
		return 1
	}
	return *replicas
}
