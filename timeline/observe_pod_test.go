package timeline

import (
	"reflect"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	quantity "k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

func TestObserveContainers(t *testing.T) {
	p := pod("a", 1)
	p.Spec.Containers = []corev1.Container{{
		Name:          "app",
		Image:         "nginx:1.27",
		Ports:         []corev1.ContainerPort{{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}, {ContainerPort: 53, Protocol: corev1.ProtocolUDP}},
		Lifecycle:     &corev1.Lifecycle{StopSignal: new(corev1.SIGUSR1)},
		LivenessProbe: &corev1.Probe{InitialDelaySeconds: 2, ProbeHandler: corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 1}}},
		Resources:     corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: quantity.MustParse("64Mi")}},
	}}
	p.Spec.InitContainers = []corev1.Container{
		{Name: "migrate", ReadinessProbe: nil},
		{
			Name: "proxy", RestartPolicy: new(corev1.ContainerRestartPolicyAlways), ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Host: "192.0.2.1"}}},
			LivenessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{}}, PeriodSeconds: 5, TimeoutSeconds: 2, FailureThreshold: 1},
		},
	}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "app", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
	}}
	p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "migrate"}, {Name: "proxy", Ready: true, StopSignal: new(corev1.SIGQUIT)}}

	event, _ := observePod(recording.Added, p)
	want := []recording.Container{
		{
			Name: "app", Server: "nginx", ServerBy: "image", StopSignal: "SIGUSR1", MemoryLimit: 64 << 20, Waiting: "CrashLoopBackOff",
			Ports:    []recording.Port{{Name: "http", Number: 8080}, {Number: 53, Protocol: "UDP"}},
			Liveness: &recording.Probe{Kind: recording.ProbeGRPC, InitialDelay: 2 * time.Second, Period: 10 * time.Second, Timeout: time.Second, Failures: 3},
		},
		{
			Name: "proxy", Sidecar: true, Ready: true, StopSignal: "SIGQUIT",
			Readiness: &recording.Probe{Kind: recording.ProbeHTTP, Period: 10 * time.Second, Timeout: time.Second, Failures: 3},
			Liveness:  &recording.Probe{Kind: recording.ProbeTCP, Period: 5 * time.Second, Timeout: 2 * time.Second, Failures: 1},
		},
	}
	if !reflect.DeepEqual(event.Pod.Containers, want) {
		t.Errorf("\n got %+v\nwant %+v", event.Pod.Containers, want)
	}
	if !event.Pod.HasReadinessProbe {
		t.Error("the sidecar's readiness probe was overlooked")
	}
}

func TestThePortThatAReadinessProbeAsks(t *testing.T) {
	get := func(port intstr.IntOrString, host string) corev1.ProbeHandler {
		return corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: port, Host: host}}
	}
	for name, tt := range map[string]struct {
		probe corev1.ProbeHandler
		want  int32
	}{
		"by number":        {get(intstr.FromInt32(9090), ""), 9090},
		"by name":          {get(intstr.FromString("http"), ""), 8080},
		"unknown name":     {get(intstr.FromString("web"), ""), 0},
		"another host":     {get(intstr.FromInt32(8080), "192.0.2.1"), 0},
		"a connection":     {corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(8080)}}, 8080},
		"that of another":  {corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(8080), Host: "192.0.2.1"}}, 0},
		"a health service": {corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 8081}}, 8081},
		"a command":        {corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}, 0},
	} {
		spec := &corev1.Container{
			Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}, ReadinessProbe: &corev1.Probe{ProbeHandler: tt.probe},
		}
		if got := observeContainer(&corev1.PodSpec{}, spec, nil).ReadinessPort; got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
	if got := observeContainer(&corev1.PodSpec{}, &corev1.Container{}, nil).ReadinessPort; got != 0 {
		t.Errorf("no probe: %d", got)
	}
}

// What a hook takes is read as lint reads it.
func TestObservePreStop(t *testing.T) {
	for _, tt := range []struct {
		hook *corev1.LifecycleHandler
		kind recording.PreStopKind
		want time.Duration
	}{
		{nil, recording.PreStopNone, 0},
		{&corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 5}}, recording.PreStopSleep, 5 * time.Second},
		{&corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{}}, recording.PreStopHTTP, 0},
		{&corev1.LifecycleHandler{TCPSocket: &corev1.TCPSocketAction{}}, recording.PreStopTCP, 0},
		{&corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"bash", "-ec", "sleep 1m"}}}, recording.PreStopExec, time.Minute},
		{&corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"nginx", "-s", "quit"}}}, recording.PreStopExec, 0},
		{&corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"python", "-c", "sleep 5"}}}, recording.PreStopExec, 0},
	} {
		got := observeContainer(&corev1.PodSpec{}, &corev1.Container{Lifecycle: &corev1.Lifecycle{PreStop: tt.hook}}, nil)
		if got.PreStop != tt.kind || got.PreStopSleep != tt.want {
			t.Errorf("%v: %q for %s, want %q for %s", tt.hook, got.PreStop, got.PreStopSleep, tt.kind, tt.want)
		}
	}
}

// Only what certainly stops the container's own server is the end of it.
func TestObserveAHookThatQuits(t *testing.T) {
	for name, tt := range map[string]struct {
		image   string
		command []string
		want    *recording.Quit
	}{
		"its first process, after a sleep": {"nginx", []string{"sh", "-c", "sleep 5; kill -QUIT 1; while kill -0 1; do sleep 0.1; done"}, &recording.Quit{Command: "kill -QUIT 1", After: 5 * time.Second, Exact: true}},
		"its own command":                  {"nginx", []string{"nginx", "-s", "quit"}, &recording.Quit{Command: "nginx -s quit", Exact: true}},
		"for new log files":                {"nginx", []string{"sh", "-c", "kill -USR1 1; sleep 5"}, nil},
		"on one path":                      {"nginx", []string{"sh", "-c", "if test -e /drain; then nginx -s quit; fi"}, nil},
		"another program":                  {"nginx", []string{"sh", "-c", "pkill filebeat"}, nil},
		"none":                             {"nginx", []string{"sleep", "5"}, nil},
		"never run":                        {"nginx", []string{"sh", "nginx -s quit"}, nil},
	} {
		spec := &corev1.Container{Image: tt.image, Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: tt.command}}}}
		got := observeContainer(&corev1.PodSpec{}, spec, nil).PreStopQuit
		if (got == nil) != (tt.want == nil) || got != nil && *got != *tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}
