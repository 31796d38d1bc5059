package analysis

import (
	"fmt"
	"slices"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// causeNoDrain: it exited by itself while it answered, or ended what it answered without
// an exit, as uWSGI does, which takes SIGTERM for a reload of its workers
// (uwsgi-docs.readthedocs.io, Managing the uWSGI server).
var causeNoDrain = cause{
	name:     report.NoDrain,
	says:     "the pod exits on SIGTERM while requests are still in flight",
	doc:      "no-drain",
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
				"%s the program to answer with \"Connection: close\" while it drains.%s", m.signal(), m.longestWords(), rest, m.leftOutWords()) + m.livedOnWords(),
			Patch: m.preStopPatch(),
		}
	},
}

// livedOnWords tell of pods that cut what was in flight and then did not end.
func (m *measured) livedOnWords() string {
	if len(m.ends) == 0 || slices.ContainsFunc(m.ends, func(t *termination) bool { return !t.killed() }) {
		return ""
	}
	return fmt.Sprintf(" After that the pod did not end, but was killed when the grace period was over: have its first process take %s for its end, not for a reload (uWSGI: die-on-term).", m.signal())
}
