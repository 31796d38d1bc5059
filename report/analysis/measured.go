package analysis

import (
	"fmt"
	"math"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// lagMargin is added to a measured propagation lag: a kube-proxy may wait up to
// 1 s longer another time (its minSyncPeriod), and the kubelet may begin up to
// 1 s earlier (both measured on a kind cluster).
const lagMargin = 2 * time.Second

// drainMargin is added to the longest request when a grace is computed.
const drainMargin = 2 * time.Second

// measured is what the fix of a cause is computed from.
type measured struct {
	// longest is how long an answered request took at the most, longestLost one
	// that was lost by the cause.
	longest, longestLost time.Duration
	// lag is how long after the kubelet's start a pod was still sent new
	// connections, over all failures, so that the fixes agree with each other;
	// ownLag is that over those of the cause, arrivals the same for all requests.
	lag, ownLag, arrivals time.Duration
	// ends and starts are the terminations and the new pods that the cause is
	// seen in.
	ends     []*termination
	starts   []*life
	workload recording.Workload
	// noticed tells that all ends are known to have noticed their SIGTERM.
	noticed bool
}

// sleep is the preStop sleep, in whole seconds, that outlasts the lag.
func (m *measured) sleep() int { return wholeSeconds(m.lag + lagMargin) }

// longestSeen is how long a request took at the most, answered or cut.
func (m *measured) longestSeen() time.Duration { return max(m.longest, m.longestLost) }

// neededGrace is the grace, in whole seconds, that would have let the cut
// requests finish, and how it comes about: the preStop hook, or longer where
// requests still came, be it on kept connections; then the longest request.
func (m *measured) neededGrace() (seconds int, sum string) {
	var hook, grace time.Duration
	unknown := false
	for _, t := range m.ends {
		hook = max(hook, time.Duration(t.PreStopSleep))
		grace = max(grace, time.Duration(t.Grace))
		if t.PreStop != recording.PreStopNone && t.Sigterm.Known() && !t.signalPlaced() {
			hook, unknown = max(hook, t.Sigterm.To.Sub(t.KubeletStarted.From)), true
		}
	}
	first := text.Coarse(hook) + " for the preStop hook"
	if unknown {
		first = "up to " + first + ", whose length is not known"
	}
	if m.arrivals > hook {
		first = text.Coarse(m.arrivals) + " in which requests still came after the stop had begun"
	}
	needed := max(m.arrivals, hook) + m.longestSeen() + drainMargin
	return wholeSeconds(max(needed, grace+time.Second)),
		fmt.Sprintf("%s, %s for the longest request, and %s to spare", first, text.Coarse(m.longestSeen()), text.Coarse(drainMargin))
}

// preStopPatch adds the sleep, and the grace that it needs.
func (m *measured) preStopPatch() string {
	if len(m.ends) == 0 || m.ends[0].container == "" {
		return ""
	}
	t := m.ends[0]
	var others []string
	switch t.PreStop {
	case recording.PreStopExec:
		others = []string{"exec"}
	case recording.PreStopHTTP:
		others = []string{"httpGet"}
	}
	spec := patch.PreStopSleep(t.container, m.sleep(), others...)
	if needed := time.Duration(m.sleep())*time.Second + m.longest + drainMargin; time.Duration(t.Grace) < needed {
		spec["terminationGracePeriodSeconds"] = wholeSeconds(needed)
	}
	return patch.PodSpec(spec)
}

func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// size writes a number of bytes the way manifests do.
func size(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1 << 30, "Gi"}, {1 << 20, "Mi"}, {1 << 10, "Ki"}} {
		if n >= unit.size && n%unit.size == 0 {
			return fmt.Sprintf("%d%s", n/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
