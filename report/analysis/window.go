package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// window is what requests to its own address showed of an ending pod.
type window struct {
	accepts, answers bounds
	requests         int
	ended            report.WindowEnd
	// asked tells that some came.
	asked bool
	// tookNew is when the last was sent that it answered after SIGTERM; zero for none.
	tookNew time.Time
	// shutPort tells that it refused one while it lived on after SIGTERM.
	shutPort bool
	// silent tells that after SIGTERM it answered several no more, long before its end, and
	// none again.
	silent bool
}

// bounds are those of a moment; each is zero where it is not known.
type bounds struct{ from, to time.Time }

func (b bounds) interval() report.Interval {
	if b.from.IsZero() || b.to.IsZero() {
		return report.Interval{}
	}
	return report.Interval{From: b.from, To: b.to, Source: "requests to the pod's own address"}
}

// probe is one request to a pod's own address.
type probe struct {
	// sent is when it was sent; met when it had a connection, or was refused one: of one
	// that hung nothing is known but that its first packet met nobody.
	sent, met          time.Time
	accepted, answered bool
	became             report.WindowEnd
}

func probeOf(s *recording.Sample) probe {
	p := probe{sent: s.SentAt(), met: s.EndAt(), accepted: s.Phase != recording.PhaseDial, answered: s.Outcome == recording.OK}
	switch timedOut := s.Class == recording.ClassTimeout; {
	case p.answered:
	case s.Class.Answered():
		p.became = report.WindowError
	case !p.accepted && timedOut:
		p.met, p.became = p.sent, report.WindowUnreachable
	case !p.accepted && s.Class == recording.ClassUnreachable:
		p.became = report.WindowUnreachable
	case !p.accepted:
		p.became = report.WindowRefused
	case timedOut:
		p.became = report.WindowSilent
	default:
		p.became = report.WindowCut
	}
	if s.Acquired != recording.NotReached {
		p.met = s.Scheduled.Add(s.Acquired)
	}
	return p
}

// windows gathers the probes of the pods that ended, by UID.
type windows map[string][]probe

func newWindows(endings []*ending) windows {
	w := windows{}
	for _, e := range endings {
		w[e.UID] = nil
	}
	return w
}

// take notes a probe that tells something of its pod: not one that failed on this side or was
// cut by it, and none from an answer of another pod on, which has the address by then.
func (w windows) take(uid string, s *recording.Sample, pods *podIndex) {
	probes, ended := w[uid]
	if !ended || s.Outcome == recording.ClientFault || s.Outcome == recording.Unfinished {
		return
	}
	p := probeOf(s)
	if named := pods.named(s.Pod, s.EndAt()); s.Pod != "" && named != nil && named.uid != uid {
		p.accepted, p.answered, p.met, p.became = false, false, p.sent, report.WindowUnreachable
	}
	w[uid] = append(probes, p)
}

// of gives the window of a pod's end. Requests from before it tell nothing of it: a pod that
// was out of its slice for a while, or restarted its container, may have come back. lastNew
// is the last request that the pod is known to have answered on a new connection by another
// way, doubt by how much the clocks of requests may be ahead.
func (w windows) of(e *ending, lastNew time.Time, doubt span) window {
	began := e.Seen.From
	if e.LeftSlice.Known() && (began.IsZero() || e.LeftSlice.From.Before(began)) {
		began = e.LeftSlice.From
	}
	if e.Container != "" || began.IsZero() {
		return window{}
	}
	probes := slices.DeleteFunc(slices.Clone(w[e.UID]), func(p probe) bool {
		return p.sent.Before(began.Add(-clockSlack)) || e.Gone.Known() && p.sent.After(e.Gone.To)
	})
	if len(probes) == 0 {
		return window{}
	}
	slices.SortStableFunc(probes, func(a, b probe) int { return a.sent.Compare(b.sent) })
	first := slices.IndexFunc(probes, func(p probe) bool { return !p.answered })
	known := window{asked: true, requests: len(probes)}
	if first >= 0 {
		known.ended = probes[first].became
	}
	until := func(served func(probe) bool) bounds {
		b := lasted(probes, served)
		switch {
		case b.from.IsZero() && lastNew.Before(b.to):
			b.from = lastNew
		case b.to.IsZero() && e.Gone.Known():
			b.to = e.Gone.To.Add(doubt.least) // which is taken off again: it has no doubt
		}
		return b.by(doubt)
	}
	for _, p := range probes {
		met := report.Interval{From: p.met.Add(-doubt.most), To: p.met.Add(-doubt.least)}
		if p.answered && e.Sigterm.Known() && p.sent.Add(-doubt.most).After(e.Sigterm.To.Add(clockSlack)) {
			known.tookNew = p.sent
		}
		known.shutPort = known.shutPort || p.became == report.WindowRefused && e.livedOn(met)
	}
	known.silent = e.fellSilent(probes, doubt)
	known.accepts = until(func(p probe) bool { return p.accepted })
	known.answers = until(func(p probe) bool { return p.answered })
	return known
}

// livedOn tells whether the container that serves certainly ran on at a moment after its
// SIGTERM, at which no other container that may have had its connections had gone: a
// refusal then is its own (see closedPort).
func (t *ending) livedOn(when report.Interval) bool {
	return (t.serves || len(t.containers) == 1) && len(t.others) == 0 && t.Sigterm.Known() && t.Exited.Known() &&
		when.From.After(t.Sigterm.To.Add(clockSlack)) && when.To.Before(t.Exited.From.Add(-clockSlack))
}

// fellSilent tells whether a pod that had answered before, be it with an error, left at least two
// of the requests to its own address without any answer that were sent after SIGTERM and
// keptReach before its exit at the latest, and answered none after the first of them.
func (t *ending) fellSilent(probes []probe, doubt span) bool {
	if !t.Sigterm.Known() || !t.Exited.Known() {
		return false
	}
	first := 1 + lastIndex(probes, func(p probe) bool { return p.answered || p.became == report.WindowError })
	unanswered := 0
	for _, p := range probes[first:] {
		hung := p.became == report.WindowSilent || p.became == report.WindowCut
		if hung && p.sent.Add(-doubt.most).After(t.Sigterm.To.Add(clockSlack)) && p.sent.Add(keptReach).Before(t.Exited.From) {
			unanswered++
		}
	}
	return first > 0 && unanswered > 1
}

// lastIndex is that of the last probe of which it holds; -1 without one.
func lastIndex(probes []probe, holds func(probe) bool) int {
	for i, p := range slices.Backward(probes) {
		if holds(p) {
			return i
		}
	}
	return -1
}

// shutAtOnce tells of a pod without a hook that it refused connections at its own address within
// a second of the kubelet's start. Nobody can have been told in time: it gave the proxies less
// than they may take on an idle cluster (kubernetes pkg/proxy, minSyncPeriod of 1 s).
func (t *termination) shutAtOnce() bool {
	shut := t.window.accepts.to
	return t.Container == "" && t.orderly() && t.PreStop == recording.PreStopNone && t.window.ended == report.WindowRefused &&
		t.KubeletStarted.Known() && !shut.IsZero() && !shut.After(t.KubeletStarted.From.Add(atOnce))
}

// justLeft tells that proxies had no more time at a moment to learn that the pod had left its
// slice than they may take on an idle cluster.
func (t *termination) justLeft(when time.Time) bool {
	return t.LeftSlice.Known() && !when.After(t.LeftSlice.From.Add(atOnce))
}

// lasted bounds until when each of the probes, in the order of their sending, was served:
// what is served again after one that was not is no window that a balancer can rely on.
func lasted(probes []probe, served func(probe) bool) (b bounds) {
	for _, p := range probes {
		if !served(p) {
			b.to = p.met
			return b
		}
		b.from = p.sent
	}
	return b
}

// by widens the bounds by what is not known of the clock.
func (b bounds) by(doubt span) bounds {
	if !b.from.IsZero() {
		b.from = b.from.Add(-doubt.most)
	}
	if !b.to.IsZero() {
		b.to = b.to.Add(-doubt.least)
		b.to = later(b.to, b.from)
	}
	return b
}

// told is the window as a report has it; nil where nobody asked.
func (w *window) told() *report.Window {
	if !w.asked {
		return nil
	}
	return &report.Window{Accepts: w.accepts.interval(), Answers: w.answers.interval(), Requests: w.requests, Ended: w.ended}
}

// outlasts bounds the time from leaving the slice to the last connection that was accepted
// and answered; each bound is nil where it is not known.
func (t *termination) outlasts() (least, most *report.Duration) {
	if !t.LeftSlice.Known() {
		return nil, nil
	}
	if from := t.window.answers.from; !from.IsZero() {
		least = between(t.LeftSlice.To, from)
	}
	if to := t.window.answers.to; !to.IsZero() {
		most = between(t.LeftSlice.From, to)
	}
	return least, most
}

// between is how long after one moment another is.
func between(from, to time.Time) *report.Duration {
	return new(report.Duration(to.Sub(from).Round(time.Millisecond)))
}
