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
		return l.manner == cutAtExit && l.end.ignoresSigterm() && (l.end.servesOn() || l.servedOn && l.end.tookNewUntilKilled()) && !l.end.eatenByPreStop()
	},
	evident: proof.certain,
	fix: func(m *measured) report.Fix {
		return report.Fix{Text: m.stopSignal() + fmt.Sprintf("Handle %s in the container's first process: stop when it comes, after answering what is in flight%s. "+
			"The kernel does not deliver a signal without a handler to PID 1; a shell as PID 1 does not pass it on: start the program with exec (in a Dockerfile: CMD [\"app\"], not CMD app). An init such as tini helps neither: before a shell it ends with the shell, and before a program without a handler it passes the signal on, at which the program dies at once; either way what is being answered is lost. "+
			"If it does handle %[1]s, and waits before it stops, or reloads, that wait or reload is what has to become shorter than the grace. A longer grace only makes each rollout slower.", m.signal(), m.longestWords())}
	},
}
