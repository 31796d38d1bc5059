package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// other is a container of the pod that may stand behind the one that serves.
type other struct {
	container string
	// stopping is from when it may have been told to stop.
	stopping time.Time
	exited   report.Interval
}

// readOthers takes the main containers beside the one that serves, where that is known,
// once the exits are. Sidecars are told to stop after the main ones.
func (t *ending) readOthers(events []kubeEvent, clock span) {
	if !t.serves || !t.KubeletStarted.Known() {
		return
	}
	for _, c := range mains(t.containers) {
		if c.Name == t.container {
			continue
		}
		signal := t.signalAfter(t.hookOf(&c, events, clock))
		t.others = append(t.others, other{c.Name, signal.From, t.exitOf(c.Name)})
	}
}
