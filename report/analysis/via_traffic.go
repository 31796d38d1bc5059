package analysis

import (
	"net"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// naming gives the sample with the names that the dialled address tells: a pod's answer is
// its own, be it named or not.
func (p *played) naming(s *recording.Sample, pods *podIndex) *recording.Sample {
	if p == nil || s.Outcome != recording.OK || s.Pod != "" && s.ConnPod != "" {
		return s
	}
	host, _, err := net.SplitHostPort(s.RemoteAddr)
	if err != nil {
		return s
	}
	pod := pods.addressed(host, s.DialledAt())
	if pod == nil {
		return s
	}
	named := *s
	if named.Pod == "" {
		named.Pod = pod.name
	}
	if named.ConnPod == "" && !s.Fresh() {
		named.ConnPod = pod.name
	}
	return &named
}

// dialled notes when a new connection was last made to each pod, by its UID.
func (p *pass) dialled(s *recording.Sample) {
	if p.played == nil || !s.Fresh() {
		return
	}
	host, _, err := net.SplitHostPort(s.RemoteAddr)
	if err != nil {
		return
	}
	if pod := p.pods.addressed(host, s.DialledAt()); pod != nil {
		p.lastDialled[pod.uid] = later(p.lastDialled[pod.uid], s.DialledAt())
	}
}

// forgot bounds how long after they had left their slices the pods of some ends were sent
// their last requests; nil where no such end was followed until the balancer had forgotten
// its pod.
func (t *traffic) forgot() *report.Span {
	var span *report.Span
	for _, end := range t.terminations {
		last, asked := t.lastDialled[end.UID]
		if end.Container != "" || !end.LeftSlice.Known() || !asked || t.last.Before(end.LeftSlice.To.Add(t.played.lag)) {
			continue
		}
		since := report.Duration(last.Sub(end.LeftSlice.To))
		if since <= 0 {
			continue
		}
		if span == nil {
			span = &report.Span{From: since, To: since}
		}
		span.From, span.To = min(span.From, since), max(span.To, since)
	}
	return span
}

// playedLag is for how long after the kubelet's start a played balancer sends to the pods of
// some ends: until they have left their slices, and its lag longer; 0 where none was played.
func (t *traffic) playedLag(ends []*termination) time.Duration {
	if t.played == nil {
		return 0
	}
	lag := t.played.lag
	for _, end := range ends {
		if end.Container == "" && end.LeftSlice.Known() && end.KubeletStarted.Known() {
			lag = max(lag, end.LeftSlice.To.Sub(end.KubeletStarted.From)+t.played.lag)
		}
	}
	return lag
}
