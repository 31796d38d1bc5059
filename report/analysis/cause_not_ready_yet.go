package analysis

import (
	"fmt"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// causeNotReadyYet: a new pod was given the request before its first answer.
var causeNotReadyYet = cause{
	name:     report.NotReadyYet,
	says:     "a new pod is given requests before it can answer them",
	explains: func(l loss) bool { return l.manner == tooEarly },
	evident:  proof.certain,
	fix: func(m *measured) report.Fix {
		if slices.ContainsFunc(m.starts, func(l *life) bool { return l.published }) {
			return report.Fix{Text: "Take publishNotReadyAddresses off the Service that clients use, and give pods that look for their peers a second, headless one with it: " +
				"it sends requests to a pod as soon as that has an address, whatever its readiness probe says."}
		}
		var longest time.Duration
		probed := true
		for _, life := range m.starts {
			probed = probed && life.probed
			if !life.served.IsZero() {
				longest = max(longest, life.served.Sub(life.entered.From))
			}
		}
		line := "Add a readiness probe that fails until the program can answer requests: without one a pod gets traffic as soon as its process runs. "
		switch {
		case probed && !slices.ContainsFunc(m.starts, func(l *life) bool { return !l.listened }):
			line = "Let the readiness probe fail until the program can answer requests, not only until it listens. "
		case probed:
			line = "Let the readiness probe ask the port that requests come to, and fail until the program can answer them, not only until it listens. "
		}
		if longest > 0 && !m.starved {
			line += fmt.Sprintf("The first answer came up to %s after the pod was called ready. ", text.Coarse(longest))
		}
		return report.Fix{Text: line + "minReadySeconds slows a rollout down, but does not keep traffic away."}
	},
}
