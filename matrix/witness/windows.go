package witness

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/victim"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// windowSlack is by how much the end of a window may be off: requests to a pod's own address
// are 0.1 s apart, and a busy machine sends and serves some of them late.
const windowSlack = 300 * time.Millisecond

// windows counts the pods of which a report tells until when they answered on their own
// addresses and that say in their logs when they closed their listeners, or left; and those
// of them of which it is wrong: the moment lies outside of what the report says, or that is
// so wide that it says nothing.
func windows(r *report.Report, events []victim.Event) (told, wrong int) {
	closed := map[string]time.Time{}
	for _, e := range events {
		if _, known := closed[e.Pod]; !known && (e.Event == victim.ListenerClosed || e.Event == victim.Exiting) {
			closed[e.Pod] = e.Time
		}
	}
	for i := range r.Terminations {
		t := &r.Terminations[i]
		at, known := closed[t.Pod]
		if !known || t.Container != "" || t.Window == nil || !t.Window.Answers.Known() {
			continue
		}
		told++
		from, to := t.Window.Answers.From, t.Window.Answers.To
		if at.Before(from.Add(-windowSlack)) || at.After(to.Add(windowSlack)) || to.Sub(from) > 2*windowSlack {
			wrong++
		}
	}
	return told, wrong
}
