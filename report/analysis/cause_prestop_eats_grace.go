package analysis

import (
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// causePrestopEatsGrace: it was killed, because its hook had used up the grace.
var causePrestopEatsGrace = cause{
	name:     report.PrestopEatsGrace,
	says:     "the preStop hook leaves the pod too little of its grace period to finish what it has",
	atExit:   true,
	explains: func(l loss) bool { return l.manner == cutAtExit && l.end.eatenByPreStop() },
	// The manifest shows it where the hook's length is known.
	evident: func(p proof) bool { return p.certain() && p.every((*termination).hookIsLong) },
	changes: func(m *measured) change { return change{grace: m.numberless() == ""} },
	fix: func(m *measured) report.Fix {
		if why := m.numberless(); why != "" {
			return report.Fix{Text: "Set terminationGracePeriodSeconds to more: " + graceNeeds + " (" + why + " how long they are). Or make the hook shorter. " + countsFromHook}
		}
		grace, sum := m.settings.grace, m.settings.sum
		return report.Fix{
			Text:  fmt.Sprintf("Set terminationGracePeriodSeconds to %d: %s. %s%s", grace, sum, m.shorterHookWords(), countsFromHook),
			Patch: patch.PodSpec(patch.Object{"terminationGracePeriodSeconds": grace}),
		}
	},
}

// shorterHookWords name the other way: a hook that is shorter, where it is longer than it has
// to be.
func (m *measured) shorterHookWords() string {
	if m.ownSleepKnown() && wholeSeconds(time.Duration(m.ends[0].PreStopSleep)) <= m.sleep() {
		return ""
	}
	return fmt.Sprintf("Or make the hook shorter: %d s would have outlasted the time in which new connections still came. ", m.sleep())
}

const countsFromHook = "The grace counts from the beginning of the preStop hook, not from its end."
