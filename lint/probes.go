package lint

import (
	"cmp"
	"fmt"
	"math"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
	"github.com/shutdowncheck/shutdowncheck/internal/text"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/manifest"
	"github.com/shutdowncheck/shutdowncheck/manifest/script"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// patience is for how many seconds a liveness probe should bear a stall.
const patience = 10

var probeRules = []rule{{
	id:    "no-readiness-probe",
	cause: report.NotReadyYet,
	doc:   "Without a readiness probe a container is Ready as soon as its process runs or, where it has a startup probe, as soon as that has succeeded (pkg/kubelet/prober, UpdatePodStatus).",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.fronts() {
			idle := c.ReadinessProbe != nil && provesNothing(c.ReadinessProbe)
			if c.ReadinessProbe != nil && !idle || c.native() && slices.ContainsFunc(w.serving(), probed) || w.injectsGateway(c) && c.ReadinessProbe == nil {
				continue
			}
			early := "requests come in before it listens"
			if !w.recreated() {
				early += ", and a rollout ends old pods too early" + w.minReady()
			}
			what := "The pod"
			if slices.ContainsFunc(w.containers(), probed) {
				what = "The container"
			}
			b := breach{
				severity: Warning, container: c.Name, field: c.field + ".readinessProbe",
				why: what + " counts as Ready as soon as its process runs: " + early + ".",
				fix: "Add a readinessProbe that succeeds only once the program can answer.",
			}
			if idle {
				b.why = "The readinessProbe succeeds whatever the program does: " + early + "."
				b.fix = "Let it ask the program, so that it succeeds only once that can answer."
			}
			if c.StartupProbe != nil && !provesNothing(c.StartupProbe) {
				// pkg/kubelet/prober UpdatePodStatus: a container is Ready without a probe of
				// its own only once it has started.
				b.severity = Note
				b.why = "The startupProbe keeps the pod from counting as Ready until the program has answered once; from then on it counts as Ready whether it can serve or not."
				b.fix = "Add a readinessProbe, so that a pod that cannot serve for a while gets no requests."
			}
			if gates := w.template.Spec.ReadinessGates; len(gates) > 0 {
				b.severity = Note
				b.why = fmt.Sprintf("Only the readiness gate %s keeps the pod from counting as Ready as soon as its process runs.", gates[0].ConditionType)
			}
			report(b)
		}
	},
}, {
	id:    "readiness-other-port",
	cause: report.NotReadyYet,
	doc:   "The readiness probe asks another port than the one that the services lead to.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.fronts() {
			port, tcp, known := probePort(c, c.ReadinessProbe)
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
			b.why = fmt.Sprintf("The readiness probe asks port %d, which no service leads users to: it can succeed before the port that users reach listens.", port)
			b.fix = "Probe the port that the service leads to, or see that the probed one opens last."
			report(b)
		}
	},
}, {
	id:    "probe-port-unknown",
	cause: report.NoCapacity,
	doc:   "A probe asks a port by a name that its container does not declare (pkg/probe ResolveContainerPort: names are looked up in the probed container alone).",
	find: func(w *workload, report func(breach)) {
		for _, c := range slices.Concat(w.containers(), w.sidecars()) {
			for _, p := range []namedProbe{{"readinessProbe", c.ReadinessProbe}, {"startupProbe", c.StartupProbe}} {
				if name := portName(p.probe); name != "" {
					if _, declared := number(c, intstr.FromString(name)); !declared {
						report(breach{
							severity: Warning, container: c.Name, field: c.field + "." + p.field,
							why: fmt.Sprintf("The %s asks the port named %s, which the container does not declare: it never succeeds, no pod becomes Ready, and a rollout stands still.", p.field, name),
							fix: "Declare the port under that name in the container's ports, or give its number.",
						})
					}
				}
			}
		}
	},
}, {
	id:    "probe-fails",
	cause: report.NoCapacity,
	doc:   "A probe's command cannot be run (as of a hook), so that it never succeeds; or it asks localhost, which is the node's and not the pod's (pkg/kubelet/prober, runProbe).",
	find: func(w *workload, report func(breach)) {
		for _, c := range slices.Concat(w.containers(), w.sidecars()) {
			for _, p := range probesOf(c) {
				then := "no pod becomes Ready, and a rollout stands still"
				if p.probe != c.ReadinessProbe {
					then = "the container is restarted again and again"
				}
				b := breach{severity: Warning, container: c.Name, field: c.field + "." + p.field}
				switch why, absent, host := w.failsToRun(c, p.probe), absentFrom(c, p.probe), w.ofTheNode(p.probe); {
				case absent != "":
					b.why = fmt.Sprintf("The %s never succeeds: %s. So %s.", p.field, absent, then)
					b.fix = "Let the kubelet ask by itself (httpGet, tcpSocket, grpc), or run a program that the image holds."
				case why != "":
					b.why = fmt.Sprintf("The %s never succeeds: %s. So %s.", p.field, why, then)
					b.fix = "Give the command as a list of words, a script as one word after sh -c."
				case host != "":
					b.why = fmt.Sprintf("The %s does not ask the pod: the kubelet asks from the node, and %s is the node's own address. Unless something there answers at that port, %s.", p.field, host, then)
					b.fix = "Leave the host out: the pod's own address is meant then."
				default:
					continue
				}
				report(b)
			}
		}
	},
}, {
	id:    "liveness-eager",
	cause: report.Restarted,
	doc:   "The liveness probe restarts a container that was slow for less than 10 s.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.probedAlive() {
			p := c.LivenessProbe
			if stall(p) >= patience {
				continue
			}
			same := ""
			if sameHandler(c, p, c.ReadinessProbe) {
				same = " It asks the same as the readiness probe, so the pod is restarted rather than taken out of the service."
			}
			b := breach{
				severity: Warning, container: c.Name, field: c.field + ".livenessProbe",
				why: fmt.Sprintf("%s with a timeout of %d s restart the container: a stall of %d s is enough, and cuts what is in flight.%s",
					text.Count(failures(p), "failure")+fmt.Sprintf(" at a period of %d s", period(p)), timeout(p), stall(p), same),
			}
			if failures(p) == 1 {
				b.why = fmt.Sprintf("One failure with a timeout of %d s restarts the container, whatever the period: a stall of %d s is enough, and cuts what is in flight.%s", timeout(p), stall(p), same)
			}
			switch {
			case p.TCPSocket != nil:
				b.severity = Note
				b.why = fmt.Sprintf("The container is restarted when its port takes no connection for %d s; a program that only stalls is not noticed until its queue of connections is full.%s", stall(p), same)
			case !w.busy(c):
				b.severity = Note
				b.why += " It is not the container that requests reach."
			}
			patient := patient(p)
			b.fix = fmt.Sprintf("Let it bear %d s or more: a failureThreshold of %d at a period of %d s.", patience, patient.failures, patient.period)
			b.patch = patient.patch(p, c)
			report(b)
		}
	},
}, {
	id:    "liveness-same-as-readiness",
	cause: report.Restarted,
	doc:   "Liveness and readiness ask the same, so a pod that only cannot serve for a while is restarted.",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.probedAlive() {
			if p := c.LivenessProbe; sameHandler(c, p, c.ReadinessProbe) && stall(p) >= patience {
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
		for _, c := range w.probedAlive() {
			if p := c.LivenessProbe; c.StartupProbe == nil && p.InitialDelaySeconds == 0 {
				report(breach{
					severity: Note, container: c.Name, field: c.field + ".livenessProbe",
					why: fmt.Sprintf("The liveness probe begins with the container: a start of more than %d s is cut off and begun anew.", stall(p)),
					fix: "Add a startupProbe that allows for the slowest start.",
				})
			}
		}
	},
}, {
	id:    "probe-grace",
	cause: report.Restarted,
	doc:   "A liveness probe's own terminationGracePeriodSeconds takes the place of the pod's when it fails, preStop included (KEP-2238).",
	find: func(w *workload, report func(breach)) {
		for _, c := range slices.Concat(w.containers(), w.sidecars()) {
			if b, found := shortGrace(w, c); found {
				report(b)
			}
		}
	},
}}

// shortGrace judges a liveness probe's own grace. A program that has not started yet, at
// which a startup probe looks, has nothing in flight.
func shortGrace(w *workload, c container) (b breach, found bool) {
	p := c.LivenessProbe
	if p == nil || p.TerminationGracePeriodSeconds == nil {
		return b, false
	}
	grace := int(*p.TerminationGracePeriodSeconds)
	hook, _ := hookSeconds(w, c)
	left := float64(grace) - hook
	if left >= advisedSleep || grace >= w.grace() {
		return b, false
	}
	b = breach{severity: Note, container: c.Name, field: c.field + ".livenessProbe.terminationGracePeriodSeconds"}
	if left <= leastDrain && w.busy(c) {
		b.severity = Warning
	}
	b.why = fmt.Sprintf("A failed liveness probe gives the container %d s, not the %d s of its pod, and what is in flight after that is cut.", grace, w.grace())
	if hook > 0 {
		b.why = fmt.Sprintf("A failed liveness probe gives the container %d s, not the %d s of its pod, and preStop takes %g s of them: what is in flight after that is cut.", grace, w.grace(), hook)
	}
	needed := int(math.Ceil(hook)) + patience
	b.fix = fmt.Sprintf("Set it to %d, or leave it out.", needed)
	spec := patch.Object{}
	c.list.Container(spec, c.Name, patch.Object{"livenessProbe": patch.Object{"terminationGracePeriodSeconds": needed}})
	b.patch = patch.PodSpec(spec)
	return b, true
}

// probedAlive are the containers with a liveness probe, and the native sidecars that
// requests reach.
func (w *workload) probedAlive() []container {
	all := slices.DeleteFunc(w.sidecars(), func(c container) bool { return !w.busy(c) })
	return slices.DeleteFunc(slices.Concat(w.containers(), all), func(c container) bool { return c.LivenessProbe == nil })
}

func probed(c container) bool { return c.ReadinessProbe != nil }

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

// stall is for how many seconds a program must not answer to be restarted at the worst
// moment: the first probe comes as it begins, and the last has its whole timeout. A probe
// that takes longer than its period delays the next (pkg/kubelet/prober/worker.go).
func stall(p *corev1.Probe) int {
	return (failures(p)-1)*max(period(p), timeout(p)) + timeout(p)
}

// patience of a probe.
type patienceOf struct{ failures, period int }

// patient is a threshold and a period at which a stall of patience counts for nothing:
// the probe's own period where 3 failures of it do.
func patient(p *corev1.Probe) patienceOf {
	const usual = 3
	if (usual-1)*period(p)+timeout(p) >= patience {
		return patienceOf{usual, period(p)}
	}
	return patienceOf{usual, 10}
}

func (n patienceOf) patch(p *corev1.Probe, c container) string {
	fields := patch.Object{"failureThreshold": n.failures}
	if n.period != period(p) {
		fields["periodSeconds"] = n.period
	}
	spec := patch.Object{}
	c.list.Container(spec, c.Name, patch.Object{"livenessProbe": fields})
	return patch.PodSpec(spec)
}

// sameHandler tells whether two probes ask the same, however their ports are named.
func sameHandler(c container, a, b *corev1.Probe) bool {
	return a != nil && b != nil && reflect.DeepEqual(plain(c, a.ProbeHandler), plain(c, b.ProbeHandler))
}

// plain writes out what a handler leaves to its defaults (core/v1 HTTPGetAction,
// GRPCAction).
func plain(c container, h corev1.ProbeHandler) corev1.ProbeHandler {
	h = *h.DeepCopy()
	if h.HTTPGet != nil {
		h.HTTPGet.Scheme = cmp.Or(h.HTTPGet.Scheme, corev1.URISchemeHTTP)
		h.HTTPGet.Path = cmp.Or(h.HTTPGet.Path, "/")
		if n, known := number(c, h.HTTPGet.Port); known {
			h.HTTPGet.Port = intstr.FromInt32(n)
		}
	}
	if h.TCPSocket != nil {
		if n, known := number(c, h.TCPSocket.Port); known {
			h.TCPSocket.Port = intstr.FromInt32(n)
		}
	}
	if h.GRPC != nil && h.GRPC.Service == nil {
		h.GRPC.Service = new(string)
	}
	return h
}

// namedProbe is a probe with its field.
type namedProbe struct {
	field string
	probe *corev1.Probe
}

// probesOf are those that a container has.
func probesOf(c container) []namedProbe {
	return slices.DeleteFunc([]namedProbe{{"startupProbe", c.StartupProbe}, {"readinessProbe", c.ReadinessProbe}, {"livenessProbe", c.LivenessProbe}},
		func(p namedProbe) bool { return p.probe == nil })
}

// failsToRun says why a probe's command cannot be run; empty where it may. Of a probe's
// command the kubelet replaces $(NAME), as it does not of a hook's (pkg/kubelet/container,
// ExpandContainerCommandOnlyStatic).
func (w *workload) failsToRun(c container, p *corev1.Probe) string {
	if p.Exec == nil || manifest.Windows(&w.template.Spec) || slices.ContainsFunc(p.Exec.Command, func(word string) bool { return strings.Contains(word, "$(") }) {
		return ""
	}
	return script.Run(p.Exec.Command, w.context(c)).Fails
}

// absentFrom says of a probe's command that the image does not hold it.
func absentFrom(c container, p *corev1.Probe) string {
	if p.Exec == nil {
		return ""
	}
	return manifest.Absent(c.Container, p.Exec.Command)
}

// ofTheNode is the host that a probe asks where that is the node instead of the pod; empty
// for others.
func (w *workload) ofTheNode(p *corev1.Probe) string {
	host := ""
	switch {
	case p.HTTPGet != nil:
		host = p.HTTPGet.Host
	case p.TCPSocket != nil:
		host = p.TCPSocket.Host
	}
	return w.nodesOwn(host)
}

// nodesOwn is a host that the kubelet is to ask where it means the pod's and gets the node's
// own; empty for others.
func (w *workload) nodesOwn(host string) string {
	// With the node's network its loopback is the pod's too.
	if _, port := w.hostPort(); port != 0 || w.template.Spec.HostNetwork || host != "localhost" && host != "::1" && !strings.HasPrefix(host, "127.") {
		return ""
	}
	return host
}

// provesNothing tells of a probe whose command succeeds whatever the program does.
func provesNothing(p *corev1.Probe) bool {
	if p.Exec == nil || len(p.Exec.Command) == 0 {
		return false
	}
	words := p.Exec.Command
	return len(words) == 1 && (path.Base(words[0]) == "true" || words[0] == ":") || slices.Contains([]string{"echo", "sleep"}, path.Base(words[0])) ||
		len(words) == 3 && words[1] == "-c" && slices.Contains([]string{"true", ":", "exit 0"}, strings.TrimSpace(words[2]))
}

// probePort is the port that a probe asks; tcp says that it only opens a connection.
func probePort(c container, p *corev1.Probe) (port int32, tcp, known bool) {
	switch {
	case p == nil:
		return 0, false, false
	case p.TCPSocket != nil:
		port, known = number(c, p.TCPSocket.Port)
		return port, true, known
	case p.HTTPGet != nil:
		port, known = number(c, p.HTTPGet.Port)
		return port, false, known
	case p.GRPC != nil:
		return p.GRPC.Port, false, true
	default:
		return 0, false, false
	}
}

// portName is the name of the port that a probe asks; empty for a number or none.
func portName(p *corev1.Probe) string {
	switch {
	case p == nil:
		return ""
	case p.TCPSocket != nil:
		return nameOf(p.TCPSocket.Port)
	case p.HTTPGet != nil:
		return nameOf(p.HTTPGet.Port)
	default:
		return ""
	}
}

func nameOf(p intstr.IntOrString) string {
	if p.Type == intstr.Int {
		return ""
	}
	if _, err := strconv.Atoi(p.StrVal); err == nil {
		return "" // a number in quotes is one (prober.ResolveContainerPort)
	}
	return p.StrVal
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
	if n, err := strconv.ParseInt(p.StrVal, 10, 32); err == nil {
		return int32(n), true
	}
	return 0, false
}
