package analysis

import (
	"fmt"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
	"github.com/shutdowncheck/shutdowncheck/internal/shell"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// causeRestarted: who ended the container is the cause, however its requests failed.
var causeRestarted = cause{
	name:     report.Restarted,
	says:     "a container of the pod ended by itself, or was restarted, while the pod was in service",
	explains: func(l loss) bool { return l.end != nil && l.end.restarted() },
	// A probe fails where everything is slow; a crash has a reason of its own.
	evident: func(p proof) bool {
		return p.certain() && p.every(func(t *termination) bool { return t.EndedBy != report.ByProbe })
	},
	fix: func(m *measured) report.Fix {
		var texts []string
		change := ""
		once := map[report.EndedBy]bool{}
		for _, t := range m.ends {
			if once[t.EndedBy] {
				continue
			}
			once[t.EndedBy] = true
			switch t.EndedBy {
			case report.ByOOM:
				texts = append(texts, "Give the container the memory it needs under this load, or find the leak: it was killed at its memory limit"+limitOf(t)+".")
			case report.ByProbe:
				texts = append(texts, fmt.Sprintf("Make the liveness probe more patient than the service is slow, and let it ask for less than the readiness probe does%s. "+
					"A liveness probe is there to end what is stuck; a busy pod gets slower, and the others too, when it is restarted.", slowness(m)))
				change = livenessPatch(t, m)
			default:
				texts = append(texts, fmt.Sprintf("Find out why container %s ended (exit code %s): %s.", t.Container, codeOf(t), shell.Line("kubectl logs %s -c %s --previous", t.Pod, t.Container)))
			}
		}
		return report.Fix{Text: strings.Join(texts, " "), Patch: change}
	},
}

func limitOf(t *termination) string {
	if t.memoryLimit == 0 {
		return ""
	}
	return " of " + size(t.memoryLimit)
}

func codeOf(t *termination) string {
	if t.ExitCode == nil {
		return "not known"
	}
	return fmt.Sprint(*t.ExitCode)
}

// slowness tells how patient a probe has to be.
func slowness(m *measured) string {
	if m.starved {
		return "; " + unmeasured + " how slow that is"
	}
	return fmt.Sprintf(": requests took up to %s here", text.Coarse(m.longest))
}

// livenessPatch makes the probe twice as patient as the longest request, and at
// least as patient as Kubernetes' own default of three attempts. There is none for a
// container that no template has.
func livenessPatch(t *termination, m *measured) string {
	p := t.liveness
	if p == nil || m.starved || m.workload.Injected(t.Container) {
		return ""
	}
	spec := patch.Object{}
	listOf(t.sidecar).Container(spec, t.Container, patch.Object{"livenessProbe": patch.Object{
		"timeoutSeconds":   max(wholeSeconds(2*m.longest), wholeSeconds(2*p.Timeout)),
		"failureThreshold": max(p.Failures, 3),
	}})
	return patch.PodSpec(spec)
}
