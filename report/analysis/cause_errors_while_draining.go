package analysis

import (
	"fmt"

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
	changes: func(m *measured) change {
		if t, needed := m.endedEarly(); needed != nil {
			return m.endLast(t, needed, fmt.Sprintf("The errors may also be %s's own: after SIGTERM it has to go on answering as before.", t.container), true)
		}
		return change{sleeps: m.lacksSleep()}
	},
	fix: func(m *measured) report.Fix {
		if m.change.last != nil {
			return m.letItEndLast()
		}
		sleep := "A " + m.sleepWords(" keeps SIGTERM away until new connections have stopped coming")
		if m.sleepsEnough() {
			sleep = "Its " + m.ownSleep() + " is long enough for new connections to have stopped coming"
		}
		return report.Fix{
			Text: "After SIGTERM go on answering requests as before; only the readiness probe's path may say no. " + sleep +
				". Kept-alive connections still need a program that answers properly, with " + m.spoken.farewell() + "." + m.leftOutWords(),
			Patch: m.preStopPatch(),
		}
	},
}

// needed is a container without which the one that serves answers with errors.
type needed struct {
	container string
	sidecar   bool
	how       earliness
}

// earliness is how the needed one was too early, in words that take the name of the one
// that serves.
type earliness string

const (
	endedBefore  earliness = "had ended before %s, which takes the requests"
	toldBefore   earliness = "had been told to stop before %s, which takes the requests and answers in its place"
	heldRequests earliness = "had ended before %s, and its end cut the requests whose connections it held"
	mayHaveHeld  earliness = "had ended before %s, and its end may have cut the requests"
	tookRequests earliness = "had ended before %s, and nobody took what came to the pod from then on"
)

// endedEarly gives an end at which the one that serves was a gateway to another container
// that ended before it, or at which another had exited before it, and before the last of
// the errors was answered; nil if there is none.
func (m *measured) endedEarly() (*termination, *needed) {
	for _, t := range m.gateways {
		if o, first := t.behind(t.exit().To), t.endedFirst(); o != nil && first != nil && first.Container == o.container {
			return t, &needed{o.container, false, endedBefore}
		}
	}
	for _, t := range m.gateways {
		if o := t.behind(t.exit().To); o != nil {
			return t, &needed{o.container, false, toldBefore}
		}
	}
	for _, t := range m.ends {
		first := t.endedFirst()
		if first == nil || !t.KubeletStarted.Known() {
			continue
		}
		if !first.Exited.From.After(t.KubeletStarted.To.Add(m.arrivals + m.longestLost)) {
			return t, &needed{first.Container, first.Sidecar, endedBefore}
		}
	}
	return nil, nil
}

// letItEndLast lets a container outlive the one that serves: its hook sleeps for as
// long as requests come, and as the longest of them takes. A sidecar that serves is told
// to stop after it, whatever its own hook.
func (m *measured) letItEndLast() report.Fix {
	const outlasts = ", which outlasts the requests"
	t, first := m.change.last.end, m.change.last.needed
	sleep := max(m.sleep(), m.settings.sleeps[t.container])
	fix := report.Fix{Text: fmt.Sprintf("Container %s "+string(first.how), first.container, t.container)}
	injected := m.workload.Injected(first.container)
	outlives := t.sidecar && !first.sidecar
	if !outlives {
		fix.Text += ": let it end last. "
	}
	switch {
	case outlives:
		fix.Text += fmt.Sprintf(". As a native sidecar %s outlives it, however long it sleeps, and requests go on coming on the connections that clients keep to %[1]s: "+
			"let a preStop hook of %[1]s wait until new connections have stopped coming, then stop it in good order and wait for that (for nginx: sleep %[2]d; kill -QUIT 1; while kill -0 1; do sleep 0.1; done). "+
			"And give %[3]s a preStop sleep", t.container, sleep, first.container)
	case first.sidecar:
		fix.Text += fmt.Sprintf("Give %s a preStop sleep", first.container)
	case injected:
		fix.Text += fmt.Sprintf("Have %s injected as a native sidecar, which gets SIGTERM only after the main containers have ended. Or have it wait before it ends", first.container)
	default:
		fix.Text += fmt.Sprintf("Make %s a native sidecar (an init container with restartPolicy: Always), which gets SIGTERM only after the main containers have ended. Or give it a preStop sleep", first.container)
	}
	if m.starved {
		fix.Text += outlasts + " (" + unmeasured + " how long they are)."
		return fix
	}
	seconds := m.settings.sleeps[first.container]
	fix.Text += fmt.Sprintf(" of %d s%s", seconds, outlasts)
	spec := patch.Object{}
	if injected {
		fix.Text += "."
	} else {
		fix.Text += "; the patch adds that."
		t.addPreStopSleep(spec, first.container, seconds)
	}
	if own := m.change.last.own; own != "" {
		fix.Text += " " + own
	}
	if m.change.last.sleepsToo {
		t.addPreStopSleep(spec, t.container, sleep)
		fix.Text += fmt.Sprintf(" The patch gives it a preStop sleep of %d s as well, which keeps SIGTERM away until new connections have stopped coming.", sleep)
	}
	if len(spec) > 0 {
		t.addGrace(spec, m.settings.grace)
		fix.Patch = patch.PodSpec(spec)
	}
	return fix
}

// of is one of the pod's containers.
func (t *ending) of(container string) recording.Container {
	for _, c := range t.containers {
		if c.Name == container {
			return c
		}
	}
	return recording.Container{}
}
