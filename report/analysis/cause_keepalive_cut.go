package analysis

import "github.com/shutdowncheck/shutdowncheck/report"

// causeKeepaliveCut: the pod lived on, or drained, and had let go of the connection.
var causeKeepaliveCut = cause{
	name:     report.KeepaliveCut,
	says:     "the pod closes kept-alive connections without telling the clients first",
	explains: func(l loss) bool { return l.manner == closedWhileKept },
	fix: func(*measured) report.Fix {
		return report.Fix{Text: "While draining, answer with \"Connection: close\" and close a kept-alive connection only after that answer, or when it has been idle for long. " +
			"Clients that replay idempotent requests hide this loss; others do not."}
	},
}
