package analysis

import "github.com/shutdowncheck/shutdowncheck/report"

// causeKeepaliveCut: the pod lived on, or drained, and had let go of the connection.
var causeKeepaliveCut = cause{
	name:     report.KeepaliveCut,
	says:     "the pod closes kept-alive connections without telling the clients first",
	explains: func(l loss) bool { return l.manner == closedWhileKept },
	fix: func(m *measured) report.Fix {
		if m.spoken.multiplexed() {
			return report.Fix{Text: "While draining, send GOAWAY and take what clients send until it has reached them, and close a connection only when the requests on it are over. " +
				"Clients send again by themselves what the server says not to have processed (GOAWAY with a lower last stream, REFUSED_STREAM); what else is lost only some of them do."}
		}
		return report.Fix{Text: "While draining, " + m.spoken.lettingGo() + " and close a kept-alive connection only after that answer, or when it has been idle for long. " +
			"Clients that replay idempotent requests hide this loss; others do not."}
	},
}
