package analysis

import (
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// causeNoDrain: it exited by itself while it answered.
var causeNoDrain = cause{
	name:     report.NoDrain,
	says:     "the pod exits on SIGTERM while requests are still in flight",
	atExit:   true,
	explains: func(l loss) bool { return l.manner == cutAtExit },
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
				"%s the program to answer with \"Connection: close\" while it drains.%s", m.signal(), m.longestWords(), rest, m.leftOutWords()),
			Patch: m.preStopPatch(),
		}
	},
}
