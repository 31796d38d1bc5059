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
	name:     report.NoDrain,
	says:     "the pod exits on SIGTERM while requests are still in flight",
	atExit:   true,
	explains: func(l loss) bool { return l.manner == cutAtExit || l.manner == cutWhileAlive },
	evident: func(p proof) bool {
		return p.certain() && (p.begun || p.every((*termination).leftUndrained)) || p.every((*termination).goneAtOnce)
	},
	fix: func(m *measured) report.Fix {
		rest := "Let requests stop arriving first, with a " + m.sleepWords("") + ". " +
			"It saves short requests on new connections even without a change of the program; kept-alive connections need"
		if m.sleepsEnough() {
			rest = "Its " + m.ownSleep() + " is long enough for requests on new connections to stop arriving first; kept-alive ones need"
		}
		return report.Fix{
			Text: m.stopSignal() + fmt.Sprintf("Handle %s: answer what is in flight%s and exit only then. "+
				"%s the program to answer with \"Connection: close\" while it drains.%s", m.signal(), m.longestWords(), rest, m.leftOutWords()) + m.ownLimitWords() + m.livedOnWords(),
			Patch: m.preStopPatch(),
		}
	},
}

// livedOnWords tell of pods that cut what was in flight and then did not end.
func (m *measured) livedOnWords() string {
	if len(m.ends) == 0 || slices.ContainsFunc(m.ends, func(t *termination) bool { return !t.killed() }) {
		return ""
	}
	return fmt.Sprintf(" After that the pod did not end, but was killed when the grace period was over: its shutdown hangs, or its first process takes %s for a reload (uWSGI, unless die-on-term is set).", m.signal())
}

// ownLimitWords tell of pods that exited by themselves, with requests in flight, more
// than a second after SIGTERM: a drain that has a limit of its own ends like that.
func (m *measured) ownLimitWords() string {
	var least, most time.Duration
	if m.starved {
		return ""
	}
	for _, t := range m.ends {
		after := t.exit().From.Sub(t.Sigterm.To)
		if t.killed() || !t.signalPlaced() || !t.Exited.Known() || after < atOnce {
			return ""
		}
		if least == 0 || after < least {
			least = after
		}
		most = max(most, t.Exited.To.Sub(t.Sigterm.From))
	}
	if least == 0 {
		return ""
	}
	return fmt.Sprintf(" The pods went on for %s to %s after %s before they exited: where the program limits how long it drains, make that longer than its longest request "+
		"(the context of Shutdown in Go, graceful_timeout in gunicorn and Hypercorn), and the grace period longer than both.",
		text.Coarse(least), text.Coarse(most), m.signal())
}
