package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// termination is an ending with what the traffic showed of it. It exited no
// earlier than its last answer.
type termination struct {
	ending
	service
	// forgotten is when the traffic shows that no proxy sent anything to the pod
	// any more, zero if it does not show it.
	forgotten time.Time
}

// service is how a pod answered around one of its ends.
type service struct {
	lastAnswered report.Interval
	// covered are the streams of which it answered requests shortly before.
	covered map[string]bool
	// answers counts its answers from firstCounted to its end's beginning.
	answers      int
	firstCounted time.Time
	// servedOn counts, by connection, the answers to requests that were sent
	// after SIGTERM; unmoved tells that one connection carried several.
	servedOn map[connection]int
	unmoved  bool
	// again is the first answer after a container's end.
	again    time.Time
	underWay underWay
}

// connection is one of a stream's connections.
type connection struct {
	stream string
	id     uint64
}

// serving is an ending while its pod's answers are read.
type serving struct {
	*ending
	service
	// unmovedAt are the addresses at which a connection carried several.
	unmovedAt map[string]bool
}

// termination is what is known of the ending once all answers are read. What a proxy
// keeps open tells nothing of the pod.
func (t *serving) termination(f *frontends) *termination {
	known := &termination{ending: *t.ending, service: t.service}
	for address := range t.unmovedAt {
		known.unmoved = known.unmoved || !f.proxied(address)
	}
	known.LastAnswered = t.lastAnswered
	known.Exited = notBefore(known.Exited, t.lastAnswered.From.Add(-delivery))
	return known
}

// coverageReach is how long before its deletion a pod's answers still count as
// coverage of its end.
const coverageReach = 10 * time.Second

// answered takes an answer that named the pod as evidence that it still served.
func (t *serving) answered(s *recording.Sample) {
	end := s.EndAt()
	if !t.lastAnswered.Known() || end.After(t.lastAnswered.From) {
		t.lastAnswered = sourced(at(end), "the last answer that named it")
	}
	t.serves(s)
	if end.Before(t.begin().Add(-coverageReach)) {
		return
	}
	if end.Before(t.begin()) {
		if t.answers == 0 || end.Before(t.firstCounted) {
			t.firstCounted = end
		}
		t.answers++
	}
	if t.covered == nil {
		t.covered = map[string]bool{}
	}
	t.covered[s.Stream] = true
}

// serves notes whether a connection goes on as before after SIGTERM. A pod that
// drains ends each one after the next answer; a second answer to a request that
// was sent after the signal shows one that does not.
func (t *serving) serves(s *recording.Sample) {
	if s.Fresh() || t.unmovedAt[s.RemoteAddr] || !t.Sigterm.Known() || s.SentAt().Before(t.Sigterm.To.Add(clockSlack)) {
		return
	}
	if t.servedOn == nil {
		t.servedOn, t.unmovedAt = map[connection]int{}, map[string]bool{}
	}
	c := connection{s.Stream, s.Conn}
	t.servedOn[c]++
	if t.servedOn[c] > 1 {
		t.unmovedAt[s.RemoteAddr] = true
	}
}

// over is when a pod whose container was away was certainly in service again,
// or out of it.
func (t *termination) over() time.Time {
	switch {
	case !t.again.IsZero() && t.Back.Known():
		return later(t.again, t.Back.To.Add(proxyLag))
	case !t.again.IsZero():
		return later(t.again, t.exit().To)
	case t.Back.Known():
		return t.Back.To.Add(looseProxyLag)
	case t.LeftSlice.Known():
		return later(t.LeftSlice.To, t.exit().To).Add(proxyLag)
	default:
		return t.exit().To.Add(looseProxyLag)
	}
}

// usualPause is the mean time between the pod's answers before its end.
func (t *termination) usualPause() (pause time.Duration, known bool) {
	const enough = 10
	if t.answers < enough {
		return 0, false
	}
	return t.begin().Sub(t.firstCounted) / time.Duration(t.answers), true
}
