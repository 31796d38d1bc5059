package analysis

import (
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// causeListenerClosedEarly: the pod no longer listened, but was still in rotation.
var causeListenerClosedEarly = cause{
	name:      report.ListenerClosedEarly,
	says:      "the pod stops accepting connections before the cluster has stopped sending them",
	doc:       "listener-closed-early",
	turnsAway: true,
	explains:  func(l loss) bool { return l.manner == turnedAway },
	evident:   func(p proof) bool { return p.certain() || p.every((*termination).goneAtOnce) },
	fix: func(m *measured) report.Fix {
		if m.starved {
			return report.Fix{Text: "Keep accepting until the cluster has stopped sending: a " + m.sleepWords("") + "."}
		}
		return report.Fix{
			Text: fmt.Sprintf("Keep accepting until the cluster has stopped sending: a preStop sleep of %d s. "+
				"The last request that was turned away was sent %s after the kubelet began to stop the pod; %s are added for slower moments.",
				m.sleep(), text.Coarse(m.ownLag), text.Coarse(lagMargin)),
			Patch: m.preStopPatch(),
		}
	},
}
