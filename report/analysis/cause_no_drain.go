package analysis

import (
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// causeNoDrain: it exited by itself while it answered.
var causeNoDrain = cause{
	name:     report.NoDrain,
	says:     "the pod exits on SIGTERM while requests are still in flight",
	doc:      "no-drain",
	atExit:   true,
	explains: func(l loss) bool { return l.manner == cutAtExit },
	fix: func(m *measured) report.Fix {
		return report.Fix{
			Text: m.stopSignal() + fmt.Sprintf("Handle %s: answer what is in flight (up to %s was seen here) and exit only then. "+
				"Let requests stop arriving first, with a preStop sleep of %d s; the patch adds it. "+
				"It saves short requests on new connections even without a change of the program; kept-alive connections need the program to answer with \"Connection: close\" while it drains.",
				m.signal(), text.Coarse(m.longest), m.sleep()),
			Patch: m.preStopPatch(),
		}
	},
}
