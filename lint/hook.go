package lint

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
	"github.com/shutdowncheck/shutdowncheck/manifest"
	"github.com/shutdowncheck/shutdowncheck/manifest/script"
)

// judge tells what a container's hook does; of Windows, where its words mean other things,
// only what the kubelet itself does.
func judge(w *workload, c container) script.Hook {
	h, known := w.hooks[c.Container]
	if !known {
		h = w.hookOf(c)
		w.hooks[c.Container] = h
	}
	return h
}

func (w *workload) hookOf(c container) script.Hook {
	hook := preStop(c)
	pod := &w.template.Spec
	if hook == nil || hook.Exec != nil && manifest.Windows(pod) {
		return script.Hook{}
	}
	if hook.Exec != nil {
		if why := manifest.Absent(c.Container, hook.Exec.Command); why != "" {
			return script.Hook{Exact: true, Fails: why}
		}
	}
	context := w.context(c)
	h := manifest.JudgeHook(hook, context)
	if host := w.nodesOwn(hookHost(c)); host != "" {
		return script.Hook{Exact: true, Fails: host + " is the node's own, and not the pod's"}
	}
	if hook.HTTPGet != nil && unresolved(c, hook.HTTPGet.Port) {
		return script.Hook{Exact: true, Fails: fmt.Sprintf("the container declares no port with the name %q", hook.HTTPGet.Port.StrVal)}
	}
	h.Quits = manifest.Stops(pod, c.Container, h.Steps)
	return h
}

// unresolved tells of a port's name that the container has none of (Kubernetes,
// pkg/probe/util.go ResolveContainerPort, which takes a number in quotes). None at all is 80.
func unresolved(c container, port intstr.IntOrString) bool {
	if _, err := strconv.Atoi(port.StrVal); err == nil || port.Type != intstr.String || port.StrVal == "" {
		return false
	}
	return !slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == port.StrVal })
}

// thenStop is what a hook of a server has to do after its sleep, unless its image or the
// spec does it by the stop signal.
func thenStop(c container) string {
	server, _ := manifest.Server(c.Container)
	signal := goodStops[server]
	if signal == "" || c.Lifecycle != nil && c.Lifecycle.StopSignal != nil && string(*c.Lifecycle.StopSignal) == signal {
		return ""
	}
	if preStop(c) == nil && manifest.StopsGracefully(c.Container) {
		return ""
	}
	return fmt.Sprintf(" and, unless %s is the image's STOPSIGNAL, then send %s %s and wait until it has gone", signal, server, signal)
}

func preStop(c container) *corev1.LifecycleHandler { return manifest.PreStop(c.Container) }

// meantSleep is for how many seconds a hook that fails was to sleep.
func meantSleep(w *workload, c container) int {
	hook := preStop(c)
	if hook == nil || hook.Exec == nil {
		return 0
	}
	meant := script.Meant(hook.Exec.Command, w.context(c))
	if meant > longestMeant {
		return 0
	}
	return int(math.Ceil(meant.Seconds()))
}

// sleepPatch makes preStop sleep, and the grace hold it.
func sleepPatch(w *workload, c container, seconds int) string {
	var others []string
	if old := preStop(c); old != nil {
		for field, set := range map[string]bool{"exec": old.Exec != nil, "httpGet": old.HTTPGet != nil, "tcpSocket": old.TCPSocket != nil} {
			if set {
				others = append(others, field)
			}
		}
	}
	spec := patch.Object{}
	c.list.Container(spec, c.Name, patch.Sleep(seconds, others...))
	if w.grace() < seconds+leastDrain {
		spec["terminationGracePeriodSeconds"] = seconds + defaultGrace
	}
	return patch.PodSpec(spec)
}

// hookHost is the host that a httpGet hook names; empty where it asks the pod, or is none.
func hookHost(c container) string {
	if c.Lifecycle == nil || c.Lifecycle.PreStop == nil || c.Lifecycle.PreStop.HTTPGet == nil {
		return ""
	}
	return c.Lifecycle.PreStop.HTTPGet.Host
}
