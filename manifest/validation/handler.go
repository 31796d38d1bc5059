package validation

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
)

// asked checks a container's hooks, stop signal and probes.
func (p *pod) asked(at string, c *corev1.Container) {
	if l := c.Lifecycle; l != nil {
		p.hook(at+".lifecycle.preStop", l.PreStop)
		p.hook(at+".lifecycle.postStart", l.PostStart)
		if l.StopSignal != nil {
			p.stopSignal(at+".lifecycle.stopSignal", *l.StopSignal)
		}
	}
	p.probe(at, "livenessProbe", c, c.LivenessProbe)
	p.probe(at, "readinessProbe", c, c.ReadinessProbe)
	p.probe(at, "startupProbe", c, c.StartupProbe)
}

// hook is core/validation's validateLifecycle.
func (p *pod) hook(at string, hook *corev1.LifecycleHandler) {
	if hook == nil {
		return
	}
	p.within(at, "", func() {
		p.handler(at, []handler{
			{"exec", hook.Exec != nil}, {"httpGet", hook.HTTPGet != nil}, {"tcpSocket", hook.TCPSocket != nil}, {"sleep", hook.Sleep != nil},
		}, hook.Exec, hook.HTTPGet, hook.TCPSocket)
		if hook.Sleep != nil {
			p.sleep(at+".sleep.seconds", hook.Sleep.Seconds)
		}
	})
}

// sleep is core/validation's validateSleepAction (KEP-3960). Less than 1 s needs Kubernetes
// 1.32 (KEP-4818), which nobody is told of here.
func (p *pod) sleep(at string, seconds int64) {
	switch {
	case seconds < 0:
		p.add(at, fmt.Sprintf("seconds is %d", seconds), "Want 0 up to terminationGracePeriodSeconds.")
	case p.grace < 0:
		p.add(at, fmt.Sprintf("terminationGracePeriodSeconds is %d, and a hook sleeps for %d s of it", p.grace, seconds), "Want a terminationGracePeriodSeconds as long as the sleep and what the program needs after it.")
	case seconds > p.grace:
		p.add(at, fmt.Sprintf("The hook sleeps for %d s, longer than terminationGracePeriodSeconds (%d)", seconds, p.grace),
			fmt.Sprintf("Set terminationGracePeriodSeconds to %d, the sleep and the usual %d s after it, or sleep less.", seconds+defaultGrace, defaultGrace))
		p.mended(patch.PodSpec(patch.Object{"terminationGracePeriodSeconds": seconds + defaultGrace}))
	}
}

// probe is core/validation's validateProbe. A 0 is its default (core/v1 defaults.go,
// SetDefaults_Probe).
func (p *pod) probe(at, name string, c *corev1.Container, probe *corev1.Probe) {
	if probe == nil {
		return
	}
	without := func(field string) {
		in, spec := patch.Main, patch.Object{}
		if strings.Contains(at, "initContainers") {
			in = patch.Init
		}
		in.Container(spec, c.Name, patch.Object{name: patch.Object{field: nil}})
		p.mended(patch.PodSpec(spec))
	}
	at += "." + name
	p.within(at, "", func() {
		p.handler(at, []handler{
			{"exec", probe.Exec != nil}, {"httpGet", probe.HTTPGet != nil}, {"tcpSocket", probe.TCPSocket != nil}, {"grpc", probe.GRPC != nil},
		}, probe.Exec, probe.HTTPGet, probe.TCPSocket)
		if probe.GRPC != nil {
			p.portNumber(at+".grpc.port", probe.GRPC.Port)
		}
		notNegative(p.list, at+".initialDelaySeconds", &probe.InitialDelaySeconds)
		notNegative(p.list, at+".timeoutSeconds", &probe.TimeoutSeconds)
		notNegative(p.list, at+".periodSeconds", &probe.PeriodSeconds)
		notNegative(p.list, at+".failureThreshold", &probe.FailureThreshold)
		readiness := name == "readinessProbe"
		switch n := probe.SuccessThreshold; {
		case readiness:
			notNegative(p.list, at+".successThreshold", &n)
		case n != 0 && n != 1:
			p.add(at+".successThreshold", fmt.Sprintf("successThreshold of the %s is %d", name, n), "Want 1, or leave it out: only a readinessProbe may have more.")
			without("successThreshold")
		}
		switch grace := probe.TerminationGracePeriodSeconds; {
		case grace == nil:
		case readiness:
			p.add(at+".terminationGracePeriodSeconds", "A readinessProbe has terminationGracePeriodSeconds, and ends no container", "Leave it out.")
			without("terminationGracePeriodSeconds")
		case *grace < 1:
			p.add(at+".terminationGracePeriodSeconds", fmt.Sprintf("terminationGracePeriodSeconds of the %s is %d", name, *grace), "Want 1 or more, or leave it out.")
			without("terminationGracePeriodSeconds")
		}
	})
}

// handler is one way to ask, and whether it is given.
type handler struct {
	name string
	set  bool
}

// handler is core/validation's validateHandler: a hook or a probe has exactly one.
func (p *pod) handler(at string, all []handler, exec *corev1.ExecAction, get *corev1.HTTPGetAction, tcp *corev1.TCPSocketAction) {
	var names []string
	for _, h := range all {
		names = append(names, h.name)
	}
	given := slices.DeleteFunc(all, func(h handler) bool { return !h.set })
	if len(given) != 1 {
		why := name(at) + " has no handler"
		if len(given) > 1 {
			why = fmt.Sprintf("%s has %d handlers", name(at), len(given))
		}
		p.add(at, why, fmt.Sprintf("Give it one of %s, or leave it out.", enumerated(names)))
		return
	}
	if exec != nil && len(exec.Command) == 0 {
		p.add(at+".exec.command", name(at)+" has no command", "Give it a command, or leave it out.")
	}
	if get != nil {
		p.port(at+".httpGet.port", get.Port)
		oneOf(p.list, at+".httpGet.scheme", get.Scheme, corev1.URISchemeHTTP, corev1.URISchemeHTTPS)
	}
	if tcp != nil {
		p.port(at+".tcpSocket.port", tcp.Port)
	}
}
