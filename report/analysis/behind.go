package analysis

import (
	"net/http"
	"slices"
)

// The container that serves may be a gateway to another of its pod: a web server before
// an application, a mesh's proxy. The kubelet ends the containers of a pod together, each
// with its own hook, and native sidecars after the main ones (KEP-753), so that the
// program behind a gateway may be told to stop before the gateway is. From then on the
// gateway answers 502, 503 or 504 (RFC 9110, 15.6.3 to 15.6.5) in the program's place,
// though nothing has told it to stop. What stands in front of the pods has no reason to
// answer so then, unless it has no pod to send to: each still accepts what it sends.

// answersFor tells how well it fits that the pod, which is a gateway to another of its
// containers, answered in the place of that. From its own stop signal on it may turn
// requests away itself, and what stands in front may say so: then it counts only if it
// did so before, or another of its ReplicaSet. Nothing is claimed where such answers
// come at other times as well. Behind a known proxy it fits only where nothing else does.
func (s *explainer) answersFor(f *examined, t *suspect) strength {
	end := f.EndAt()
	switch {
	case !unnamedStatus(&f.Sample), s.gatewayErrors, t.Container != "", t.behind(end) == nil, end.After(t.exit().To.Add(clockSlack)):
		return 0
	case f.Status == http.StatusGatewayTimeout && t.behind(f.SentAt()) == nil:
		// It had waited for long before.
		return 0
	case f.life == nil && f.gateway.answered() && s.emptyAt(f):
		return 0
	case t.signalled(end) && !t.answersFor && !s.fromInside(f):
		return 0
	case f.life != nil:
		return closeFit
	case f.gateway == certainGateway:
		return faintFit
	default:
		return looseFit
	}
}

// fromInside tells of an answer that it was given by a gateway inside of a pod: 502 and 504
// are gateways' answers (RFC 9110, 15.6.3 and 15.6.5), no program's that shuts down, and
// the connection or the URL leads straight to the pods. So it tells of another container
// even where the gateway may have been told to stop: a native sidecar's SIGTERM may have
// come at any time from the exit of the main ones on.
func (s *explainer) fromInside(f *examined) bool {
	return f.Status != http.StatusServiceUnavailable && (s.traffic.frontends.straight || f.life != nil && !f.proxied)
}

// findGateways notes which pods answered in the place of another of their containers
// before they were told to stop themselves, and whether such answers come from pods, too,
// that neither end nor begin.
func (s *explainer) findGateways(failures []examined) {
	for i := range failures {
		if f := &failures[i]; unnamedStatus(&f.Sample) && s.ofNoEnd(f) {
			s.gatewayErrors = true
			return
		}
	}
	owners := map[string]bool{}
	for i := range failures {
		f := &failures[i]
		for _, t := range s.candidates(f) {
			if (!t.signalled(f.EndAt()) || s.fromInside(f)) && s.answersFor(f, t) >= looseFit {
				t.answersFor = true
				owners[t.Owner] = t.ofReplicaSet()
			}
		}
	}
	for _, t := range s.suspects {
		t.answersFor = t.answersFor || owners[t.Owner]
	}
}

// ofNoEnd tells that a failure came when no pod that may have failed it ended or began.
func (s *explainer) ofNoEnd(f *examined) bool {
	if fits, _ := s.traffic.starts.of(f); fits > 0 {
		return false
	}
	near := slices.ContainsFunc(s.near(f), func(t *suspect) bool {
		return f.life == nil && !t.OutOfService || f.life != nil && slices.Contains(f.life.ends, t.termination)
	})
	return !near && (f.life == nil || !slices.ContainsFunc(s.candidates(f), func(t *suspect) bool { return s.proxyAnswers(f, t) }))
}
