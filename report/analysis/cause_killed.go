package analysis

import (
	"fmt"
	"slices"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// causeKilled: what was done to the pod is the cause, however its requests failed.
var causeKilled = cause{
	name:     report.Killed,
	says:     "the pod was killed and not ended in good order: the loss is the disruption's own doing",
	explains: func(l loss) bool { return l.end != nil && l.end.givenNoTime() },
	evident:  proof.certain,
	fix: func(m *measured) report.Fix {
		done := "the pod was given no time, which is what the disruption did"
		if m.signalledInService() {
			done = fmt.Sprintf("the run sent %s to a container while its pod was in service, which the kubelet does only to a pod that is taken out of it or that failed a probe; the proxies learn of it when the container has ended", m.signal())
		}
		return report.Fix{Text: "Nothing in the manifest prevents this loss: " + done + ". Keep forced deletes and signals for pods that are beyond help. " +
			"Clients that try again, and enough replicas, make it small; give it a budget where it has to be borne."}
	},
}

// signalledInService tells of ends by the run's own signal that it was one which a
// program can take its time after.
func (m *measured) signalledInService() bool {
	return len(m.ends) > 0 && !slices.ContainsFunc(m.ends, func(t *termination) bool { return t.EndedBy != report.ByKill || !t.Sigterm.Known() })
}
