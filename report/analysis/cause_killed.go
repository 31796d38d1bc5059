package analysis

import "github.com/shutdowncheck/shutdowncheck/report"

// causeKilled: what was done to the pod is the cause, however its requests failed.
var causeKilled = cause{
	name:     report.Killed,
	says:     "the pod was killed without being given time: the loss is the disruption's own doing",
	explains: func(l loss) bool { return l.end != nil && l.end.givenNoTime() },
	evident:  proof.certain,
	fix: func(*measured) report.Fix {
		return report.Fix{Text: "Nothing in the manifest prevents this loss: the pod was given no time, which is what the disruption did. Keep forced deletes and signals for pods that are beyond help. " +
			"Clients that try again, and enough replicas, make it small; give it a budget where it has to be borne."}
	},
}
