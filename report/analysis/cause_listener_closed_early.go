package analysis

import (
	"fmt"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// causeListenerClosedEarly: the pod no longer listened, but was still in rotation.
var causeListenerClosedEarly = cause{
	name:      report.ListenerClosedEarly,
	says:      "the pod stops accepting connections before the cluster has stopped sending them",
	turnsAway: true,
	explains:  func(l loss) bool { return l.manner == turnedAway },
	evident: func(p proof) bool {
		return p.certain() || p.every((*termination).goneAtOnce) ||
			!p.refused.IsZero() && p.every(func(t *termination) bool { return t.shutAtOnce() && t.justLeft(p.refused) })
	},
	changes: func(m *measured) change {
		switch h := m.holder; {
		case m.published():
			return change{}
		case h != nil:
			return m.endLast(h.end, h.needed, h.ownWords(), true)
		default:
			return change{sleeps: m.lacksSleep()}
		}
	},
	fix: func(m *measured) report.Fix {
		const keep = "Keep accepting until the cluster has stopped sending: "
		switch {
		case m.published():
			return report.Fix{Text: "Without it, a preStop sleep lets requests stop coming before the pod stops accepting; check again for how long it has to be."}
		case m.change.last != nil:
			return m.letItEndLast()
		case m.numberless() != "" && m.ownSleepKnown():
			return report.Fix{Text: keep + "a longer preStop sleep than its own of " + text.Coarse(time.Duration(m.ends[0].PreStopSleep)) + " (" + m.numberless() + " by how much)."}
		case m.numberless() != "":
			return report.Fix{Text: keep + "a " + m.sleepWords("") + "."}
		case len(m.outlivers) > 0 && m.ownLag == 0:
			return report.Fix{Text: keep + "a " + m.sleepWords("") + "." + m.outlivedWords(), Patch: m.preStopPatch()}
		case m.sleepsEnough():
			return report.Fix{Text: keep + "its " + m.ownSleep() + " is long enough for that, but the pod stopped accepting before it was over."}
		}
		last := "that was turned away"
		if m.lag > m.ownLag {
			last = "that was lost on a new connection"
		}
		instead := ""
		if m.replacesHook() {
			instead = "; " + m.replacedHookWords()
		}
		if m.played != nil {
			return report.Fix{
				Text: fmt.Sprintf("Keep accepting until the balancer has forgotten the pod: a preStop sleep of %d s%s. The one that was played (%s) sends to a pod for %s after it has left its EndpointSlice; %s are added for slower moments.%s",
					m.advisedSleep(), instead, m.played, text.Coarse(m.played.lag), text.Coarse(report.LagMargin), m.longerSleepWords()+m.leftOutWords()) + m.outlivedWords(),
				Patch: m.preStopPatch(),
			}
		}
		return report.Fix{
			Text: fmt.Sprintf(keep+"a preStop sleep of %d s%s. "+
				"The last request %s was sent %s after the kubelet began to stop the pod; %s are added for slower moments.%s%s",
				m.advisedSleep(), instead, last, text.Coarse(m.lag), text.Coarse(report.LagMargin), m.longerSleepWords()+m.slowRotationWords(), m.leftOutWords()) + m.outlivedWords(),
			Patch: m.preStopPatch(),
		}
	},
}

// outlivedWords tell of a proxy in the pod that went on taking requests when the container
// that serves had gone. A sleep of that one keeps new connections away, not what comes on
// those that clients have to the proxy.
func (m *measured) outlivedWords() string {
	if len(m.outlivers) == 0 {
		return ""
	}
	return fmt.Sprintf(" Container %s took requests after %s had ended, and answered them with errors. On connections that clients keep they come for as long as it lives: "+
		"let it %[3]s (drain) for some time before %[2]s ends.", strings.Join(m.outlivers, " or "), m.ends[0].container, m.spoken.lettingGo())
}
