package analysis

import (
	"fmt"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// causeNoDrain: it exited by itself while it answered, or ended what it answered without
// an exit, as uWSGI does, which takes SIGTERM for a reload of its workers
// (uwsgi-docs.readthedocs.io, Managing the uWSGI server).
var causeNoDrain = cause{
	name:   report.NoDrain,
	says:   "the pod exits on SIGTERM while requests are still in flight",
	atExit: true,
	explains: func(l loss) bool {
		return l.manner == cutAtExit || l.manner == cutWhileAlive || l.manner == cutByHolder
	},
	evident: func(p proof) bool {
		return p.certain() && (p.begun || p.every((*termination).leftUndrained)) || p.every((*termination).goneAtOnce)
	},
	changes: func(m *measured) change {
		if h := m.holder; h != nil {
			return m.endLast(h.end, h.needed, h.ownWords(), m.sleepSaves())
		}
		return change{sleeps: m.lacksSleep() && m.sleepSaves()}
	},
	fix: func(m *measured) report.Fix {
		if m.change.last != nil {
			return m.letItEndLast()
		}
		return report.Fix{
			Text: m.stopSignal() + fmt.Sprintf("Handle %s: answer what is in flight%s and exit only then. %s", m.signal(), m.longestWords(), m.besideDrainWords()) +
				m.firstProcessWords() + m.ownLimitWords() + m.livedOnWords(),
			Patch: m.preStopPatch(),
		}
	},
}

// sleepSaves tells whether a preStop sleep saves something of what was lost as pods ended,
// whatever the program does: what comes on new connections meanwhile, or was cut although
// it had come on one of them and is short. What is under way on kept connections, or takes
// longer than the sleep, is under way at SIGTERM all the same.
func (m *measured) sleepSaves() bool { return m.lag > 0 || m.cutShortNew }

// besideDrainWords tell what is needed besides a drain.
func (m *measured) besideDrainWords() string {
	closing := " the program to " + m.spoken.lettingGo() + " while it drains."
	switch {
	case m.sleepsEnough():
		return "Its " + m.ownSleep() + " is long enough for requests on new connections to stop arriving first; kept-alive ones need" + closing + m.leftOutWords()
	case m.numberless() != "" && m.ownSleepKnown():
		return fmt.Sprintf("Whether its preStop sleep is long enough for requests on new connections to stop arriving first is not known (%s); kept-alive ones need", m.numberless()) + closing + m.leftOutWords()
	case m.numberless() == "" && !m.sleepSaves():
		why := "a request that takes longer than it is cut all the same."
		if m.lostKept {
			why = "requests on kept connections go on coming until it is over, and one that takes longer than it is cut all the same."
		}
		return "Kept-alive connections need" + closing + " A preStop sleep does not do instead: " + why
	default:
		return "Let requests stop arriving first, with a " + m.sleepWords("") + ". " +
			"It saves short requests on new connections even without a change of the program; kept-alive connections need" + closing + m.leftOutWords()
	}
}

// firstProcessWords tell of pods that ended at once with 143 that the program may not
// be the one to mend: the kernel keeps a signal without a handler from the first process
// of a container (pid_namespaces(7)), so that something stands there which handles it
// and does not wait, or passes it on to a program that has no handler. A JVM ends with it
// by itself.
func (m *measured) firstProcessWords() string {
	if m.starved || len(m.ends) == 0 || m.server(report.NoDrain).name == "jvm" || slices.ContainsFunc(m.ends, func(t *termination) bool {
		return t.ExitCode == nil || *t.ExitCode != endedBySigterm || !t.exitedAtOnce() || t.wentOn
	}) {
		return ""
	}
	return fmt.Sprintf(" Exit code 143 at once is seldom a program's own as first process: where a shell, npm or an init such as runsvdir or supervisord stands there, start the program with exec, or let that pass %s on and wait until the program has ended.", m.signal())
}

// livedOnWords tell of pods that cut what was in flight and then did not end.
func (m *measured) livedOnWords() string {
	if len(m.ends) == 0 || slices.ContainsFunc(m.ends, func(t *termination) bool { return !t.killed() }) {
		return ""
	}
	return fmt.Sprintf(" After that the pod did not end, but was killed when the grace period was over: its shutdown hangs, or its first process takes %s for a reload (uWSGI, unless die-on-term is set).", m.signal())
}

// ownLimitWords tell of pods that cut requests more than a second after SIGTERM, be it
// by their exit: a drain that has a limit of its own ends like that.
func (m *measured) ownLimitWords() string {
	if m.starved || m.cuts == nil || time.Duration(m.cuts.From) < atOnce {
		return ""
	}
	when, last := text.Coarse(time.Duration(m.cuts.From)), text.Coarse(time.Duration(m.cuts.To))
	if last != when {
		when += " to " + last
	}
	limits := "the context of Shutdown in Go, graceful_timeout in gunicorn and Hypercorn"
	if m.spoken.onlyGRPC() {
		limits = "the time until Stop in Go, shutdownNow in Java or forceShutdown in Node.js, the grace of stop in Python"
	}
	return fmt.Sprintf(" The pods went on for a while and cut requests %s after %s: where the program limits how long it drains, make that longer than its longest request "+
		"(%s), and the grace period longer than both.", when, m.signal(), limits)
}

// holder is another container of the pod that held its connections, and lost requests by
// its exit.
type holder struct {
	end    *termination
	needed *needed
	// ownToo tells that some may have been lost by the one that serves.
	ownToo bool
}

// ownWords tell what the one that serves has to do besides; empty if it has done nothing
// wrong.
func (h *holder) ownWords() string {
	switch {
	case !h.ownToo:
		return ""
	case h.needed.how == tookRequests:
		return fmt.Sprintf("Some may also have been turned away by %s itself: it has to accept for as long as they come.", h.end.container)
	default:
		return fmt.Sprintf("Some may also have been cut by %s itself: after SIGTERM it has to answer what is in flight, and exit only then.", h.end.container)
	}
}
