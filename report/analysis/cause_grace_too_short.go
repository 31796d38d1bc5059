package analysis

import (
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// causeGraceTooShort: it was killed while it answered.
var causeGraceTooShort = cause{
	name:     report.GraceTooShort,
	says:     "the pod is still answering when its grace period ends, and is killed",
	atExit:   true,
	explains: func(l loss) bool { return l.manner == cutAtExit && l.end.killed() },
	changes:  func(m *measured) change { return change{grace: m.numberless() == ""} },
	fix: func(m *measured) report.Fix {
		if why := m.numberless(); why != "" {
			return report.Fix{Text: "Set terminationGracePeriodSeconds to more: " + graceNeeds + " (" + why + " how long they are). Or make the requests shorter."}
		}
		grace, sum := m.settings.grace, m.settings.sum
		return report.Fix{
			Text:  fmt.Sprintf("Set terminationGracePeriodSeconds to %d: %s. Or make the requests shorter.", grace, sum),
			Patch: patch.PodSpec(patch.Object{"terminationGracePeriodSeconds": grace}),
		}
	},
}
