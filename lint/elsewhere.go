package lint

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/report"
)

var signalsElsewhere = rule{
	id:    "prestop-signals-elsewhere",
	cause: report.NoDrain,
	doc:   "preStop signals process 1, which is not the container's program: with shareProcessNamespace it is the pod's pause process, which ends at SIGTERM and SIGINT (build/pause/linux/pause.c), so that the kernel kills all others of the pod (pid_namespaces(7)), and with hostPID the node's own.",
	find: func(w *workload, report func(breach)) {
		for _, c := range slices.Concat(w.containers(), w.sidecars()) {
			steps := judge(w, c).Elsewhere
			if len(steps) == 0 || w.grace() == 0 || steps[0].After.Seconds() >= float64(w.grace()) {
				continue
			}
			q := steps[0]
			b := breach{
				severity: Note, container: c.Name, field: c.field + ".lifecycle.preStop", recipe: recipe(c),
				fix: "Signal the program by its name or its pid file, or leave that to the stop signal; or give each container its own processes again.",
			}
			pause := fmt.Sprintf("preStop sends %s to process 1 (%s), which with shareProcessNamespace is the pod's pause process and not the program: ", q.Signal, q.Command)
			switch {
			case w.template.Spec.HostPID:
				b.why = fmt.Sprintf("preStop sends %s to process 1 (%s), which with hostPID is the node's own and not the program: the program does not learn by the hook that it has to stop.", q.Signal, q.Command)
			case q.Signal != "SIGTERM" && q.Signal != "SIGINT":
				b.why = pause + "that takes no notice of it, and the program does not learn by the hook that it has to stop."
			case !maySignal(&w.template.Spec, c.Container):
				b.why = pause + "as the user that the container runs as, it may not, and the program does not learn by the hook that it has to stop."
			default:
				if q.Certain {
					b.severity = Warning
				}
				b.why = pause + "that ends, and the kernel then kills all processes of the pod at once, with what they are answering."
			}
			report(b)
		}
	},
}

// pauseUser is the user of the pause process (build/pause/Dockerfile).
const pauseUser = 65535

// maySignal tells whether a container's processes may signal pause: as its user, or with the
// capability KILL (kill(2)), which root has where none is dropped. Which user the image
// names is not known, and taken for root.
func maySignal(pod *corev1.PodSpec, c *corev1.Container) bool {
	var user *int64
	nonRoot := false
	if s := pod.SecurityContext; s != nil {
		user, nonRoot = s.RunAsUser, s.RunAsNonRoot != nil && *s.RunAsNonRoot
	}
	s := c.SecurityContext
	if s != nil {
		if s.RunAsUser != nil {
			user = s.RunAsUser
		}
		if s.RunAsNonRoot != nil {
			nonRoot = *s.RunAsNonRoot
		}
	}
	switch {
	case user != nil && *user == pauseUser, s != nil && s.Privileged != nil && *s.Privileged:
		return true
	case user != nil && *user != 0, user == nil && nonRoot:
		return false
	case s == nil || s.Capabilities == nil:
		return true
	}
	of := func(all []corev1.Capability) bool {
		return slices.Contains(all, "KILL") || slices.Contains(all, "CAP_KILL") || slices.Contains(all, "ALL")
	}
	return of(s.Capabilities.Add) || !of(s.Capabilities.Drop)
}
