package analysis

import (
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// causeErrorsWhileDraining: the pod itself answered with an error after its end began.
var causeErrorsWhileDraining = cause{
	name:     report.ErrorsWhileDraining,
	says:     "the pod answers with errors while it is shutting down",
	doc:      "errors-while-draining",
	explains: func(l loss) bool { return l.manner == answeredWrongly },
	evident:  proof.certain,
	fix: func(m *measured) report.Fix {
		return report.Fix{
			Text: fmt.Sprintf("After SIGTERM go on answering requests as before; only the readiness probe's path may say no. "+
				"A %s. Kept-alive connections still need a program that answers properly, with \"Connection: close\".",
				m.sleepWords(" keeps SIGTERM away until new connections have stopped coming")),
			Patch: m.preStopPatch(),
		}
	},
}
