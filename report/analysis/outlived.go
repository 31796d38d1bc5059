package analysis

import (
	"net/http"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A proxy in the pod that outlives the program behind it goes on taking requests and
// answers 502, 503 or 504 in its place (RFC 9110, 15.6.3 to 15.6.5; Envoy says 503 where it
// cannot connect, or where the program's connection ended). So does each native sidecar,
// which gets its SIGTERM only when the main containers have ended (KEP-753), and one with a
// longer preStop hook. Such an answer tells of a program that had gone. Of the program's
// own pod it is where its connection leads there; else something in front of the pods may
// have given it.

// outlivedBy gives the first of the other containers that ended later than the one that
// serves, and had not certainly ended by when the request failed; nil if there is none. Of
// two exits in one second nothing is known, but that a sidecar ends after the main
// containers. One whose exit is not told had not ended while the pod was there.
func (t *ending) outlivedBy(f *examined) *recording.Container {
	if t.Container != "" || !t.serves || !t.Exited.Known() {
		return nil
	}
	for i := range t.containers {
		c := &t.containers[i]
		last, longer := t.exitOf(c.Name), c.Sidecar && !t.sidecar
		switch {
		case c.Name == t.container:
			continue
		case !last.Known():
			last, longer = t.Gone, true
		case !last.From.Before(t.Exited.To):
			longer = true
		}
		if longer && (!last.Known() || !f.EndAt().After(last.To)) {
			return c
		}
	}
	return nil
}

// proxyAnswers tells of an answer on the pod's own connection that it was given when the
// container that serves had certainly ended: by a proxy in the pod.
func (s *explainer) proxyAnswers(f *examined, t *suspect) bool {
	return f.onPodsConnection(s.traffic.frontends) && unnamedStatus(&f.Sample) && f.EndAt().After(t.exit().To.Add(clockSlack)) && t.outlivedBy(f) != nil
}

// onPodsConnection tells of a request that its connection leads to the pod that it names,
// as far as is known.
func (f *examined) onPodsConnection(at *frontends) bool {
	return f.life != nil && f.gateway == noGateway && !f.proxied && (at.leadsToPods(f.RemoteAddr) || at.pods.owns(f.RemoteAddr))
}

// findProxies notes in which pods a proxy answered after the program's end. The pods of one
// ReplicaSet all have the same containers.
func (s *explainer) findProxies(failures []examined) {
	owners := map[string]bool{}
	for i := range failures {
		f := &failures[i]
		if f.life == nil {
			continue
		}
		for _, t := range s.candidates(f) {
			if s.proxyAnswers(f, t) {
				t.hasProxy = true
				owners[t.Owner] = t.ofReplicaSet()
			}
		}
	}
	for _, t := range s.suspects {
		t.hasProxy = t.hasProxy || owners[t.Owner]
	}
}

// lostBehindProxy tells how a request on the pod's own connection was lost that a proxy in
// the pod answered, and how well that fits: what had come before SIGTERM to a program that
// left at once was cut by its exit, what came later found nobody. Within the bounds of the
// exit the program may have given the answer as it stopped: then it is told from others that
// a proxy is there.
func (s *explainer) lostBehindProxy(f *examined, t *suspect) (manner, strength) {
	var fits strength
	switch {
	case s.proxyAnswers(f, t):
		fits = closeFit
	case t.hasProxy && unnamedStatus(&f.Sample) && f.onPodsConnection(s.traffic.frontends) &&
		t.signalled(f.EndAt()) && !t.mayHaveAnswered(f.EndAt()) && t.outlivedBy(f) != nil:
		fits = looseFit
	default:
		return unexplained, 0
	}
	if !t.signalled(f.SentAt()) && f.Status != http.StatusGatewayTimeout {
		return cutAtExit, fits
	}
	return turnedAway, fits
}

// unansweredBy is the failure as it is to the pod, if something else than its program
// answered it: a gateway where any may be, or one in the pod where the program had gone.
func (s *explainer) unansweredBy(f *examined, t *suspect) *examined {
	switch {
	case t.mayHaveAnswered(f.EndAt()):
		return f
	case f.gateway == gatewayOrPod,
		f.life == nil && f.gateway == noGateway && unnamedStatus(&f.Sample) && !s.gatewayErrors && t.outlivedBy(f) != nil:
		return f.unanswered()
	default:
		return f
	}
}

// answeredByProxy tells of a failure whether it was laid to a pod's end as the answer of a
// proxy that outlived the program there.
func (f *explained) answeredByProxy() bool {
	return f.gateway == noGateway && unnamedStatus(&f.Sample) && len(f.suspects) > 0 && (causeNamed(f.cause).turnsAway || causeNamed(f.cause).atExit)
}
