package tune

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// lastExits are the latest moments at which the container that sleeps can have exited, and
// the last other main one, zero where there is none; each with the sidecars after it, which
// are told to stop when all main ones have ended (KEP-753). The kubelet runs the hooks of all
// containers at once and sends each its stop signal when its own is over
// (killContainersWithSyncResult in pkg/kubelet/kuberuntime/kuberuntime_container.go): that of
// another container does not follow the sleep. One that takes no notice of its stop signal
// is killed at the end of every grace, and needs none.
func lastExits(t *report.Termination, container string) (own, beside time.Time) {
	own = t.Exited.To
	if len(t.Exits) == 0 {
		return own, time.Time{}
	}
	// mains is the earliest moment at which the main containers can have ended, last the
	// latest one at which all can that ended by themselves.
	mains, last := t.Exited.From, own
	var sidecars time.Time
	for _, e := range t.Exits {
		if !e.Exited.Known() {
			continue
		}
		if !e.Sidecar {
			mains = later(mains, e.Exited.From)
		}
		if wasKilled(t, e) {
			continue
		}
		last = later(last, e.Exited.To)
		switch {
		case e.Sidecar:
			sidecars = later(sidecars, e.Exited.To)
		case e.Container == container:
			own = e.Exited.To
		default:
			beside = later(beside, e.Exited.To)
		}
	}
	after := max(0, sidecars.Sub(mains))
	own = earlier(own.Add(after), last)
	if !beside.IsZero() {
		beside = earlier(beside.Add(after), last)
	}
	return own, beside
}

// wasKilled tells that a container was there until the grace was over.
func wasKilled(t *report.Termination, e report.ContainerExit) bool {
	deadline := t.KubeletStarted.From.Add(time.Duration(t.Grace) - report.NearDeadline)
	return e.ExitCode == killedExit && !e.Exited.To.Before(deadline)
}

// killedSince says which container was killed when the grace was over as it was in no pod of
// the run before; empty where none was. A sidecar whose own hook takes longer than the others
// do is such a one: nothing in a report tells it from one that follows them.
func killedSince(before, rep *report.Report) string {
	known := killedContainers(before)
	killed := killedContainers(rep)
	for _, container := range slices.Sorted(maps.Keys(killed)) {
		if known[container] == "" {
			return fmt.Sprintf("nothing was lost with these settings, but container %s of pod %s was killed when its grace period ended, as it was in no pod of the run that measured", container, killed[container])
		}
	}
	return ""
}

// killedContainers gives a pod for each container that was there until a grace was over.
func killedContainers(rep *report.Report) map[string]string {
	pods := map[string]string{}
	for i := range rep.Terminations {
		t := &rep.Terminations[i]
		for _, e := range t.Exits {
			if t.KubeletStarted.Known() && e.Exited.Known() && wasKilled(t, e) {
				pods[e.Container] = t.Pod
			}
		}
	}
	return pods
}

// killedExit is the exit code of what SIGKILL has ended: 128 and its number.
const killedExit = 137

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
