package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// logs are the lines by which the pods told of their SIGTERM, by pod UID in the
// order of their arrival.
type logs map[string][]*recording.LogLine

func readLogs(events *recording.Events) logs {
	l := logs{}
	for event := range events.ButSlices() {
		if line := event.Log; line != nil {
			l[line.UID] = append(l[line.UID], line)
		}
	}
	return l
}

// logDelay is how long a program may take from the signal to its line in the
// log. Measured from the line's own time to the runtime's: 0.3 to 3 ms.
const logDelay = 100 * time.Millisecond

// narrow places the signal by the first line of the pod's main container that
// lies within its termination, if there is one.
func (l logs) narrow(signal report.Interval, t *ending, clock span) (placed report.Interval, found bool) {
	for _, line := range l[t.UID] {
		written := here(at(line.Written), clock)
		if line.Container != t.container || !within(written.To, report.Interval{From: t.begin(), To: t.exit().To}, clockSlack) {
			continue
		}
		from := written.From.Add(-logDelay)
		if signal.Known() {
			from = later(from, earlier(signal.From, written.To))
		}
		return sourced(report.Interval{From: from, To: written.To}, "the program's own line in its log"), true
	}
	return signal, false
}
