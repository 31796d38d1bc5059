package lint

import (
	"fmt"
	"reflect"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// patience is for how many seconds a liveness probe should bear a stall.
const patience = 10

var probeRules = []rule{{
	id:    "no-readiness-probe",
	cause: report.NotReadyYet,
	doc:   "Without a readiness probe a container is Ready as soon as its process runs.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.serving() {
			if c.ReadinessProbe == nil {
				report(breach{
					severity: Warning, container: c.Name, field: c.field + ".readinessProbe",
					why: "The pod counts as Ready as soon as its process runs: requests come in before it listens, and a rollout ends old pods too early" + w.minReady() + ".",
					fix: "Add a readinessProbe that succeeds only once the program can answer.",
				})
			}
		}
	},
}, {
	id:    "readiness-other-port",
	cause: report.NotReadyYet,
	doc:   "The readiness probe asks another port than the one that the services lead to.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.serving() {
			port, tcp, known := probePort(c)
			if !known {
				continue
			}
			targets := w.targets(c)
			if len(targets) == 0 || targets[port] {
				continue
			}
			b := breach{severity: Note, container: c.Name, field: c.field + ".readinessProbe"}
			if tcp {
				b.severity = Warning
			}
			b.why = fmt.Sprintf("The readiness probe asks port %d, which no service leads to: it can succeed before the port that users reach listens.", port)
			b.fix = "Probe the port that the service leads to, or see that the probed one opens last."
			report(b)
		}
	},
}, {
	id:    "liveness-eager",
	cause: report.Restarted,
	doc:   "The liveness probe restarts a container that was slow for less than 10 s.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.containers() {
			p := c.LivenessProbe
			if p == nil || stall(p) >= patience {
				continue
			}
			same := ""
			if sameHandler(p, c.ReadinessProbe) {
				same = " It asks the same as the readiness probe, so the pod is restarted rather than taken out of the service."
			}
			report(breach{
				severity: Warning, container: c.Name, field: c.field + ".livenessProbe",
				why: fmt.Sprintf("%d failures at %d s each with a timeout of %d s restart the container: a stall of %d s is enough, and cuts what is in flight.%s",
					failures(p), period(p), timeout(p), stall(p), same),
				fix:   fmt.Sprintf("Let it bear %d s or more: a failureThreshold of 3 at a period of 10 s.", patience),
				patch: patientPatch(c),
			})
		}
	},
}, {
	id:    "liveness-same-as-readiness",
	cause: report.Restarted,
	doc:   "Liveness and readiness ask the same, so a pod that only cannot serve for a while is restarted.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.containers() {
			if p := c.LivenessProbe; p != nil && sameHandler(p, c.ReadinessProbe) && stall(p) >= patience {
				report(breach{
					severity: Note, container: c.Name, field: c.field + ".livenessProbe",
					why: fmt.Sprintf("Liveness and readiness ask the same: a pod that cannot serve for %d s, for example because what it depends on is away, is restarted, all of them at once.", stall(p)),
					fix: "Let the liveness probe ask only whether the process itself still works, or leave it out.",
				})
			}
		}
	},
}, {
	id:    "liveness-at-start",
	cause: report.Restarted,
	doc:   "The liveness probe begins at once, and no startupProbe holds it back while the program starts.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.containers() {
			if p := c.LivenessProbe; p != nil && c.StartupProbe == nil && p.InitialDelaySeconds == 0 {
				report(breach{
					severity: Note, container: c.Name, field: c.field + ".livenessProbe",
					why: fmt.Sprintf("The liveness probe begins with the container: a start of more than %d s is cut off and begun anew.", stall(p)),
					fix: "Add a startupProbe that allows for the slowest start.",
				})
			}
		}
	},
}}

// A probe's defaults (k8s.io/api core/v1 Probe).
func period(p *corev1.Probe) int   { return positive(p.PeriodSeconds, 10) }
func failures(p *corev1.Probe) int { return positive(p.FailureThreshold, 3) }
func timeout(p *corev1.Probe) int  { return positive(p.TimeoutSeconds, 1) }

func positive(n int32, otherwise int) int {
	if n > 0 {
		return int(n)
	}
	return otherwise
}

// stall is for how many seconds a probe may fail before it counts.
func stall(p *corev1.Probe) int { return period(p) * failures(p) }

func sameHandler(a, b *corev1.Probe) bool {
	return a != nil && b != nil && reflect.DeepEqual(a.ProbeHandler, b.ProbeHandler)
}

func probePort(c container) (port int32, tcp, known bool) {
	p := c.ReadinessProbe
	switch {
	case p == nil:
		return 0, false, false
	case p.TCPSocket != nil:
		port, known = number(c, p.TCPSocket.Port)
		return port, true, known
	case p.HTTPGet != nil:
		port, known = number(c, p.HTTPGet.Port)
		return port, false, known
	default:
		return 0, false, false
	}
}

func number(c container, p intstr.IntOrString) (port int32, known bool) {
	if p.Type == intstr.Int {
		return p.IntVal, true
	}
	for _, declared := range c.Ports {
		if declared.Name == p.StrVal {
			return declared.ContainerPort, true
		}
	}
	return 0, false
}

// targets are the container's ports that services lead to.
func (w *workload) targets(c container) map[int32]bool {
	targets := map[int32]bool{}
	for _, s := range w.services {
		for i := range s.Value.Spec.Ports {
			port, name := targetPort(&s.Value.Spec.Ports[i])
			if name == "" {
				targets[port] = true
			} else if n, known := number(c, intstr.FromString(name)); known {
				targets[n] = true
			}
		}
	}
	return targets
}

func patientPatch(c container) string {
	spec := patch.Object{}
	patch.Main.Container(spec, c.Name, patch.Object{"livenessProbe": patch.Object{"periodSeconds": 10, "failureThreshold": 3}})
	return patch.PodSpec(spec)
}
