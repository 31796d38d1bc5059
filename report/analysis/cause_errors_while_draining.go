package analysis

import (
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// causeErrorsWhileDraining: the pod itself answered with an error after its end began.
var causeErrorsWhileDraining = cause{
	name:     report.ErrorsWhileDraining,
	says:     "the pod answers with errors while it is shutting down",
	explains: func(l loss) bool { return l.manner == answeredWrongly },
	evident:  proof.certain,
	fix: func(m *measured) report.Fix {
		if t, first := m.endedFirst(); first != nil {
			return m.letItEndLast(t, first)
		}
		sleep := "A " + m.sleepWords(" keeps SIGTERM away until new connections have stopped coming")
		if m.sleepsEnough() {
			sleep = "Its " + m.ownSleep() + " is long enough for new connections to have stopped coming"
		}
		return report.Fix{
			Text: "After SIGTERM go on answering requests as before; only the readiness probe's path may say no. " + sleep +
				". Kept-alive connections still need a program that answers properly, with \"Connection: close\"." + m.leftOutWords(),
			Patch: m.preStopPatch(),
		}
	},
}

// endedFirst gives an end at which another container of the pod had exited before the
// one that serves, and before the last of the errors was answered; nil if there is none.
func (m *measured) endedFirst() (*termination, *report.ContainerExit) {
	for _, t := range m.ends {
		first := t.endedFirst()
		if first == nil || !t.KubeletStarted.Known() {
			continue
		}
		if !first.Exited.From.After(t.KubeletStarted.To.Add(m.arrivals + m.longestLost)) {
			return t, first
		}
	}
	return nil, nil
}

// letItEndLast lets a container outlive the one that serves: its hook sleeps for as
// long as requests come, and as the longest of them takes.
func (m *measured) letItEndLast(t *termination, first *report.ContainerExit) report.Fix {
	const outlasts = ", which outlasts the requests"
	hook := max(time.Duration(t.PreStopSleep), time.Duration(m.sleep())*time.Second)
	seconds := wholeSeconds(hook + m.longest + drainMargin)
	fix := report.Fix{Text: fmt.Sprintf("Container %s had ended before %s, which takes the requests: let it end last. ", first.Container, t.container)}
	if !t.sidecar && !first.Sidecar {
		fix.Text += fmt.Sprintf("Make %s a native sidecar (an init container with restartPolicy: Always), which gets SIGTERM only after the main containers have ended. Or give it a preStop sleep", first.Container)
	} else {
		fix.Text += fmt.Sprintf("Give %s a preStop sleep", first.Container)
	}
	if why := m.numberless(); why != "" {
		fix.Text += outlasts + " (" + why + " how long they are)."
		return fix
	}
	fix.Text += fmt.Sprintf(" of %d s%s; the patch adds that.", seconds, outlasts)

	spec := patch.Object{}
	addPreStopSleep(spec, first.Container, first.Sidecar, t.hookOf(first.Container), seconds)
	if hook > time.Duration(t.PreStopSleep) {
		addPreStopSleep(spec, t.container, t.sidecar, t.PreStop, m.sleep())
		fix.Text += fmt.Sprintf(" The errors may also be %s's own: after SIGTERM it has to go on answering as before. The patch gives it a preStop sleep of %d s as well, which keeps SIGTERM away until new connections have stopped coming.", t.container, m.sleep())
	}
	if needed := time.Duration(seconds)*time.Second + drainMargin; time.Duration(t.Grace) < needed {
		spec["terminationGracePeriodSeconds"] = wholeSeconds(needed)
	}
	fix.Patch = patch.PodSpec(spec)
	return fix
}

// hookOf is the kind of a container's hook.
func (t *ending) hookOf(container string) recording.PreStopKind {
	for _, c := range t.containers {
		if c.Name == container {
			return c.PreStop
		}
	}
	return recording.PreStopNone
}
