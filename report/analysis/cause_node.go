package analysis

import "github.com/shutdowncheck/shutdowncheck/report"

// causeNode: who ended the pod is the cause, however its requests failed.
var causeNode = cause{
	name:     report.Node,
	says:     "the node ended the pod by itself and went on calling it ready meanwhile",
	explains: func(l loss) bool { return l.end != nil && l.end.byNode() },
	evident:  proof.certain,
	fix: func(*measured) report.Fix {
		return report.Fix{Text: "Drain a node before it is shut down, and give the pods requests and limits that keep the node out of pressure. " +
			"Where the kubelet ends a pod by itself, its endpoint stays ready until the containers have stopped (kubernetes#116965), so a preStop sleep alone does not help."}
	},
}
