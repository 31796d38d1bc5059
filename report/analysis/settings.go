package analysis

import (
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// Whoever follows a report applies its patches one after the other, and the API server
// keeps the last value of each field. So each cause first tells what its fix changes, one
// set of settings is worked out that is enough for all of them, and each fix takes its
// numbers and its patch from that set.

// settings are what the fixes of one report set of how a pod ends.
type settings struct {
	// sleeps are the preStop sleeps by container, in whole seconds.
	sleeps map[string]int
	// grace is the pod's grace, in whole seconds, in which the longest of the sleeps and
	// the longest request find room; sum tells how it comes about.
	grace int
	sum   string
}

// change is what the fix of a cause changes of them.
type change struct {
	// sleeps tells that the container that serves gets a preStop sleep.
	sleeps bool
	// last lets another container end last; nil if none has to.
	last *endsLast
	// grace tells that the grace was too little.
	grace bool
}

// endsLast is a container that has to end after the one that serves.
type endsLast struct {
	// end is one at which it ended too early.
	end *termination
	*needed
	// own tells what the losses may be of the serving one's own doing; empty where they
	// are none of it. With sleepsToo that one gets a preStop sleep as well.
	own       string
	sleepsToo bool
}

// endLast lets the needed container end last; sleep tells that one of the serving container
// mends what that may have lost itself.
func (m *measured) endLast(t *termination, n *needed, own string, sleep bool) change {
	short := inSeconds(m.sleep()) > time.Duration(t.PreStopSleep)
	if !short || t.sidecar && !n.sidecar || m.workload.Injected(t.container) {
		own = ""
	}
	return change{last: &endsLast{end: t, needed: n, own: own, sleepsToo: own != "" && sleep}}
}

// settle works out what the fixes of some causes set, and tells it to each of them.
func settle(all map[report.Cause]*measured) {
	var changing []*measured
	var cut time.Duration
	for _, c := range causes {
		m := all[c.name]
		if m == nil || c.changes == nil {
			continue
		}
		m.change = c.changes(m)
		if m.starved || m.change == (change{}) {
			continue
		}
		changing = append(changing, m)
		if c.atExit {
			cut = max(cut, m.longestLost)
		}
	}
	s := settings{sleeps: map[string]int{}}
	for _, m := range changing {
		if name := m.putToSleep(); name != "" {
			s.sleeps[name] = max(s.sleeps[name], m.sleep())
		}
	}
	for _, m := range changing {
		if l := m.change.last; l != nil {
			s.sleeps[l.container] = max(s.sleeps[l.container], m.outlasting(s.sleeps[l.end.container]))
		}
	}
	s.makeRoom(changing, cut)
	for _, m := range all {
		m.settings = s
	}
}

// putToSleep is the container that serves, if the change gives that a preStop sleep.
func (m *measured) putToSleep() string {
	switch l := m.change.last; {
	case m.change.sleeps:
		return m.ends[0].container
	case l != nil && l.sleepsToo:
		return l.end.container
	default:
		return ""
	}
}

// outlasting is the sleep, in whole seconds, with which a container ends last: for as long
// as requests come, be it that the one that serves sleeps for so long, and as the longest of
// them takes.
func (m *measured) outlasting(sleep int) int {
	l := m.change.last
	hook := max(time.Duration(l.end.PreStopSleep), l.end.of(l.container).PreStopSleep, inSeconds(max(sleep, m.sleep())))
	longest := m.longest
	if l.how == heldRequests || l.how == mayHaveHeld {
		longest = max(longest, m.longestLost)
	}
	return wholeSeconds(hook + longest + drainMargin)
}

// makeRoom sets the grace that is enough for the time in which requests arrive, be it as a
// container sleeps, and for the longest request after that, answered or cut.
func (s *settings) makeRoom(changing []*measured, cut time.Duration) {
	var had, longest, needed time.Duration
	arriving, because := noArrivals, ""
	for _, m := range changing {
		longest, had = max(longest, m.longest), max(had, m.tooLittle())
		if lasts, words := m.arriving(s.sleeps); lasts > arriving {
			arriving, because = lasts, words
		}
	}
	if arriving > noArrivals {
		needed = arriving + max(longest, cut) + report.GraceMargin
		s.sum = fmt.Sprintf("%s, %s, and %s to spare", because, longestRequestWords(longest, cut), text.Coarse(report.GraceMargin))
	}
	for _, m := range changing {
		l := m.change.last
		if l == nil {
			continue
		}
		if sleep := inSeconds(s.sleeps[l.container]); sleep+report.GraceMargin > needed {
			needed = sleep + report.GraceMargin
			s.sum = fmt.Sprintf("%s for the preStop sleep of container %s that is advised, and %s to spare", text.Coarse(sleep), l.container, text.Coarse(report.GraceMargin))
		}
	}
	if had > 0 && needed < had+time.Second {
		needed = had + time.Second
		s.sum += fmt.Sprintf("; but %s were too little", text.Coarse(had))
	}
	s.grace = wholeSeconds(needed)
}

// noArrivals is shorter than any time for which requests arrive.
const noArrivals = time.Duration(-1)

// tooLittle is the grace that was too little, 0 where it was not.
func (m *measured) tooLittle() time.Duration {
	var had time.Duration
	if m.change.grace {
		for _, t := range m.ends {
			had = max(had, time.Duration(t.Grace))
		}
	}
	return had
}

// arriving is for how long requests arrive after the stop has begun, as far as the change
// depends on it, and why: as the container that serves is to sleep, or where the grace was
// too little for the preStop hook, or longer where requests still came, be it on kept
// connections. It is noArrivals where nothing depends on it.
func (m *measured) arriving(sleeps map[string]int) (lasts time.Duration, because string) {
	if name := m.putToSleep(); name != "" {
		lasts = inSeconds(sleeps[name])
		return lasts, text.Coarse(lasts) + " for the preStop sleep that is advised"
	}
	if !m.change.grace {
		return noArrivals, ""
	}
	unknown := false
	for _, t := range m.ends {
		lasts = max(lasts, time.Duration(t.PreStopSleep))
		if t.PreStop != recording.PreStopNone && t.Sigterm.Known() && !t.signalPlaced() {
			lasts, unknown = max(lasts, t.Sigterm.To.Sub(t.KubeletStarted.From)), true
		}
	}
	because = text.Coarse(lasts) + " for the preStop hook"
	if unknown {
		because = "up to " + because + ", whose length is not known"
	}
	if m.arrivals > lasts {
		return m.arrivals, text.Coarse(m.arrivals) + " in which requests still came after the stop had begun"
	}
	return lasts, because
}

// longestRequestWords tell of the longest request. One that was cut tells how long it had
// taken by then, and not how long it would have.
func longestRequestWords(answered, cut time.Duration) string {
	if cut > answered {
		return fmt.Sprintf("at least %s for the longest request (it was cut, and takes longer)", text.Coarse(cut))
	}
	return text.Coarse(answered) + " for the longest request"
}

// graceNeeds says without numbers what makeRoom adds up; why there are none follows.
const graceNeeds = "it has to last for the preStop hook, or for the time in which requests still come, and for the longest request after that"
