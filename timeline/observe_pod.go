package timeline

import (
	"cmp"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/manifest"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// The labels by which controllers mark the template a pod was made from.
var revisionLabels = []string{"pod-template-hash", "controller-revision-hash"}

func observePod(change recording.Change, object runtime.Object) (recording.Event, bool) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return recording.Event{}, false
	}
	o := &recording.PodObservation{
		Change:          change,
		Name:            pod.Name,
		UID:             string(pod.UID),
		ResourceVersion: pod.ResourceVersion,
		Created:         pod.CreationTimestamp.UTC(),
		Node:            pod.Spec.NodeName,
		IP:              pod.Status.PodIP,
		HostIP:          pod.Status.HostIP,
		Phase:           string(pod.Status.Phase),
		Reason:          pod.Status.Reason,
	}
	if owner := metav1.GetControllerOf(pod); owner != nil {
		o.OwnerKind, o.OwnerName, o.OwnerUID = owner.Kind, owner.Name, string(owner.UID)
	}
	for _, label := range revisionLabels {
		if value := pod.Labels[label]; value != "" {
			o.Revision = value
			break
		}
	}
	if pod.DeletionTimestamp != nil {
		at := pod.DeletionTimestamp.UTC()
		o.DeletionTimestamp = &at
	}
	if seconds := pod.DeletionGracePeriodSeconds; seconds != nil {
		grace := time.Duration(*seconds) * time.Second
		o.DeletionGrace = &grace
	}
	if seconds := pod.Spec.TerminationGracePeriodSeconds; seconds != nil {
		o.Grace = time.Duration(*seconds) * time.Second
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Status != corev1.ConditionTrue {
			continue
		}
		switch condition.Type {
		case corev1.PodReady:
			o.Ready = true
		case corev1.DisruptionTarget:
			o.DisruptionTarget = condition.Reason
		}
	}
	for i := range pod.Spec.Containers {
		spec := &pod.Spec.Containers[i]
		if spec.ReadinessProbe != nil {
			o.HasReadinessProbe = true
		}
		o.Containers = append(o.Containers, observeContainer(&pod.Spec, spec, pod.Status.ContainerStatuses))
	}
	for i := range pod.Spec.InitContainers {
		spec := &pod.Spec.InitContainers[i]
		if !isSidecar(spec) {
			continue
		}
		// A sidecar's readiness counts for the pod's (KEP-753), so its probe
		// keeps traffic away as a main container's does.
		if spec.ReadinessProbe != nil {
			o.HasReadinessProbe = true
		}
		c := observeContainer(&pod.Spec, spec, pod.Status.InitContainerStatuses)
		c.Sidecar = true
		o.Containers = append(o.Containers, c)
	}
	return recording.Event{Pod: o}, true
}

func observeContainer(pod *corev1.PodSpec, spec *corev1.Container, statuses []corev1.ContainerStatus) recording.Container {
	c := recording.Container{Name: spec.Name, Readiness: probeOf(spec.ReadinessProbe), Liveness: probeOf(spec.LivenessProbe), MemoryLimit: spec.Resources.Limits.Memory().Value()}
	server, by := manifest.Server(spec)
	c.Server, c.ServerBy = server, string(by)
	c.PreStop, c.PreStopSleep = preStopOf(spec)
	c.PreStopQuit = quitOf(pod, spec)
	c.ReadinessPort = askedPort(spec)
	for _, p := range spec.Ports {
		port := recording.Port{Name: p.Name, Number: p.ContainerPort}
		if p.Protocol != corev1.ProtocolTCP {
			port.Protocol = string(p.Protocol)
		}
		c.Ports = append(c.Ports, port)
	}
	if spec.Lifecycle != nil && spec.Lifecycle.StopSignal != nil {
		c.StopSignal = string(*spec.Lifecycle.StopSignal)
	}
	for i := range statuses {
		status := &statuses[i]
		if status.Name != spec.Name {
			continue
		}
		c.Restarts, c.Ready = status.RestartCount, status.Ready
		if effective := status.StopSignal; c.StopSignal == "" && effective != nil && *effective != corev1.SIGTERM {
			// The image may name one too (KEP-4960).
			c.StopSignal = string(*effective)
		}
		if waiting := status.State.Waiting; waiting != nil {
			c.Waiting = waiting.Reason
		}
		if running := status.State.Running; running != nil {
			started := running.StartedAt.UTC()
			c.StartedAt = &started
		}
		c.Terminated = exitOf(status.State.Terminated)
		c.Last = exitOf(status.LastTerminationState.Terminated)
	}
	return c
}

// isSidecar tells an init container that lives as long as the pod (KEP-753).
func isSidecar(spec *corev1.Container) bool {
	return spec.RestartPolicy != nil && *spec.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// askedPort is the port of the pod that a container's readiness probe connects to, 0 for
// none. A name is that of one of the container's own ports (kubernetes pkg/probe,
// ResolveContainerPort).
func askedPort(spec *corev1.Container) int32 {
	p := spec.ReadinessProbe
	var port intstr.IntOrString
	switch {
	case p == nil:
		return 0
	case p.HTTPGet != nil && p.HTTPGet.Host == "":
		port = p.HTTPGet.Port
	case p.TCPSocket != nil && p.TCPSocket.Host == "":
		port = p.TCPSocket.Port
	case p.GRPC != nil:
		return p.GRPC.Port
	default:
		return 0
	}
	if port.Type == intstr.Int {
		return port.IntVal
	}
	for _, declared := range spec.Ports {
		if declared.Name == port.StrVal {
			return declared.ContainerPort
		}
	}
	return 0
}

// probeOf fills in the defaults of Kubernetes (pkg/apis/core/v1/defaults.go).
func probeOf(p *corev1.Probe) *recording.Probe {
	if p == nil {
		return nil
	}
	return &recording.Probe{
		Kind:         probeKindOf(p),
		InitialDelay: time.Duration(p.InitialDelaySeconds) * time.Second,
		Period:       time.Duration(cmp.Or(p.PeriodSeconds, 10)) * time.Second,
		Timeout:      time.Duration(cmp.Or(p.TimeoutSeconds, 1)) * time.Second,
		Failures:     cmp.Or(p.FailureThreshold, 3),
	}
}

func probeKindOf(p *corev1.Probe) recording.ProbeKind {
	switch {
	case p.HTTPGet != nil:
		return recording.ProbeHTTP
	case p.TCPSocket != nil:
		return recording.ProbeTCP
	case p.GRPC != nil:
		return recording.ProbeGRPC
	default:
		return recording.ProbeExec
	}
}

func exitOf(t *corev1.ContainerStateTerminated) *recording.Exit {
	if t == nil {
		return nil
	}
	return &recording.Exit{
		Code:       t.ExitCode,
		Reason:     t.Reason,
		StartedAt:  utc(t.StartedAt),
		FinishedAt: utc(t.FinishedAt),
	}
}

// utc keeps a missing time missing.
func utc(t metav1.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// preStopOf tells the kind of a container's preStop hook, and its length where
// the hook itself says it.
func preStopOf(container *corev1.Container) (recording.PreStopKind, time.Duration) {
	hook := manifest.PreStop(container)
	sleep, _ := manifest.PreStopSleep(hook)
	switch {
	case hook == nil:
		return recording.PreStopNone, 0
	case hook.Sleep != nil:
		return recording.PreStopSleep, sleep
	case hook.Exec != nil:
		return recording.PreStopExec, sleep
	case hook.HTTPGet != nil:
		return recording.PreStopHTTP, 0
	case hook.TCPSocket != nil:
		return recording.PreStopTCP, 0
	default:
		return recording.PreStopNone, 0
	}
}

// quitOf is the step of a container's command hook that certainly tells its server to stop.
func quitOf(pod *corev1.PodSpec, container *corev1.Container) *recording.Quit {
	hook := manifest.PreStop(container)
	if hook == nil || hook.Exec == nil || manifest.Windows(pod) {
		return nil
	}
	judged := manifest.JudgeHook(hook, manifest.Context(pod, container))
	q := manifest.Stops(pod, container, judged.Steps)
	server, _ := manifest.Server(container)
	if judged.Fails != "" || q == nil || !q.Certain || !manifest.Closes(q, server) {
		return nil
	}
	return &recording.Quit{Command: q.Command, After: q.After, Exact: q.Exact}
}
