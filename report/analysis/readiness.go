package analysis

import (
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// The kubelet goes on asking a pod that ends whether it is ready (kubernetes
// pkg/kubelet/kubelet.go, SyncTerminatingPod, stops the liveness and startup probes
// alone), by HTTP and gRPC on a new connection each time (pkg/probe/http, without
// keep-alive). A container that stays Ready for longer than its probe takes to notice
// has gone on taking new connections and answering them, which no request need show: from
// the moment at which the pod leaves the slices none may come any more.
//
// A probe by TCP shows less, as a connection is made by the kernel before any program
// accepts it, and commands are not run at all any more in a pod that ends, by kubelets of
// 1.35 and of 1.36.3 and later, so that Ready stays as it was.

// probeNews is what the kubelet may take besides to begin a probe and to tell what came
// of it. Of 339 pods that ceased to be Ready around their SIGTERM, probed once a second and
// given up on after three failures, half were told of within 2.6 s of it and nine in ten
// within 3.9 s. Those that came later mostly went on accepting by design; three, on a
// starved machine, came 14 to 23 s late, which answeredProbe looks for by the news of the
// exit.
const probeNews = 2 * time.Second

// observeReadiness notes each container that runs and is not Ready while the pod ends.
func (p *podHistory) observeReadiness(o *recording.PodObservation) {
	if o.DeletionTimestamp == nil || o.Change == recording.Deleted {
		return
	}
	for i := range o.Containers {
		if c := &o.Containers[i]; c.Terminated == nil && !c.Ready {
			if p.unready == nil {
				p.unready = map[string]bool{}
			}
			p.unready[c.Name] = true
		}
	}
}

// answeredProbe gives the readiness probe that the container that serves certainly
// answered after SIGTERM; nil where it did not, or that is not known. The kubelet has to
// have told of the exit in time: one that is late may have kept to itself that the
// container had ceased to be Ready.
func (p *podHistory) answeredProbe(t *ending, unwatched []recording.Gap) *recording.Probe {
	if !t.serves || p.terminating == nil || p.unready[t.container] || !t.Sigterm.Known() || !t.Exited.Known() ||
		p.exitSeen.Sub(t.Exited.To) > probeNews {
		return nil
	}
	for i := range p.terminating.Containers {
		c := &p.terminating.Containers[i]
		if c.Name != t.container || !c.Ready || !answersItself(c.Readiness) || !probed([]recording.Container{*c}, p.workload.TargetPorts) {
			continue
		}
		noticed := t.Sigterm.To.Add(unreadyWithin(c.Readiness))
		missed := slices.ContainsFunc(unwatched, func(gap recording.Gap) bool {
			return gap.Resource == "pods" && gap.To.After(t.Sigterm.From) && gap.From.Before(t.Exited.To)
		})
		if noticed.Before(t.Exited.From) && !missed {
			return c.Readiness
		}
	}
	return nil
}

// closedPort tells whether the container that serves had certainly closed the port that
// requests come to while it lived on after SIGTERM, which one does that has noticed the
// signal: its readiness probe was refused. Only the kubelet's Unhealthy event says so, in
// the words of Go's dialer; a probe that got no answer may have met a busy program. Beside
// another container that has been told to stop it shows nothing: a mesh's proxy, which
// takes the pod's connections, refuses them when it has gone.
func (t *ending) closedPort(events []kubeEvent, node span, targetPorts []string) bool {
	i := slices.IndexFunc(t.containers, func(c recording.Container) bool { return c.Name == t.container })
	if !t.serves || i < 0 || len(t.others) > 0 || !probed(t.containers[i:i+1], targetPorts) || !t.Sigterm.Known() || !t.Exited.Known() {
		return false
	}
	return slices.ContainsFunc(events, func(e kubeEvent) bool {
		if e.Reason != "Unhealthy" || e.Container != t.container || !strings.HasPrefix(e.Message, "Readiness probe") || !strings.Contains(e.Message, "connection refused") {
			return false
		}
		when := e.when(node)
		return when.From.After(t.Sigterm.To.Add(clockSlack)) && when.To.Before(t.Exited.From)
	})
}

// answersItself tells whether it is the program that answers the probe.
func answersItself(p *recording.Probe) bool {
	return p != nil && (p.Kind == recording.ProbeHTTP || p.Kind == recording.ProbeGRPC)
}

// unreadyWithin bounds how long after the last answer a container ceases to be Ready.
func unreadyWithin(p *recording.Probe) time.Duration {
	return time.Duration(p.Failures)*max(p.Period, p.Timeout) + p.Timeout + probeNews
}
