package analysis

import (
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
		sleep := "A " + m.sleepWords(" keeps SIGTERM away until new connections have stopped coming")
		if m.sleepsEnough() {
			sleep = "Its " + m.ownSleep() + " is long enough for new connections to have stopped coming"
		}
		return report.Fix{
			Text: "After SIGTERM go on answering requests as before; only the readiness probe's path may say no. " + sleep +
				". Kept-alive connections still need a program that answers properly, with \"Connection: close\"." + m.leftOutWords(),
			Patch: m.preStopPatch(),
		}
	},
}
