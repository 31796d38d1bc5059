package analysis

import (
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// causeSigtermIgnored: it was killed, having served on as before, and having taken
// new connections as well.
var causeSigtermIgnored = cause{
	name:   report.SigtermIgnored,
	says:   "the pod goes on as if nothing had happened after SIGTERM, until its grace period ends and it is killed",
	atExit: true,
	explains: func(l loss) bool {
		return l.manner == cutAtExit && l.end.ignoresSigterm() && (l.end.servesOn() || l.servedOn && l.end.answeredProbe != nil) && !l.end.eatenByPreStop()
	},
	evident: proof.certain,
	fix: func(m *measured) report.Fix {
		return report.Fix{Text: m.stopSignal() + fmt.Sprintf("Handle %s in the container's first process: stop when it comes, after answering what is in flight%s. "+
			"The kernel does not deliver a signal without a handler to PID 1; a shell as PID 1 does not pass it on: start the program with exec (in a Dockerfile: CMD [\"app\"], not CMD app), or under an init such as tini, which passes the signal on; without a handler it then dies at once, with what it is answering. "+
			"A longer grace only makes each rollout slower.", m.signal(), m.longestWords())}
	},
}
