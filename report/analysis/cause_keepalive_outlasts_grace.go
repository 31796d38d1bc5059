package analysis

import (
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// causeKeepaliveOutlastsGrace: it was killed, having served on the connections that it
// had. It may wait for them, as Node's server.close() does for those that clients go
// on using (nodejs.org/api/http.html, server.close and server.closeIdleConnections),
// or have taken no notice of the signal: that no new connection came to it tells
// neither.
var causeKeepaliveOutlastsGrace = cause{
	name:   report.KeepaliveOutlastsGrace,
	says:   "the pod goes on serving its kept-alive connections after SIGTERM, until its grace period ends and it is killed",
	atExit: true,
	explains: func(l loss) bool {
		return l.manner == cutAtExit && l.kept && (l.servedOn || l.end.servesOn()) && !l.end.eatenByPreStop()
	},
	fix: func(m *measured) report.Fix {
		line := fmt.Sprintf("After %[1]s %[2]s, so that clients let go of each connection with its next answer, and close those that stay idle. "+
			"In Node, server.close() waits for the connections that clients go on using: set that header on each answer from %[1]s on, and call server.closeIdleConnections() until none is left. ", m.signal(), m.spoken.lettingGo())
		if m.spoken.multiplexed() {
			line = fmt.Sprintf("After %s send GOAWAY, so that clients let go of each connection when what they have on it is over, and close those that stay idle. ", m.signal())
		}
		fix := report.Fix{Text: line + "A longer grace only makes each rollout slower."}
		if !m.noticed {
			fix.Text += " Whether the program noticed " + m.signal() + " at all is not known, as no new connection is known to have come to it then: " +
				"have it write a line to its log when it does, and name that line with --shutdown-log. If it does not notice, see sigterm-ignored first: " +
				"the kernel does not deliver a signal without a handler to PID 1, and a shell as PID 1 does not pass it on."
		}
		return fix
	},
}
