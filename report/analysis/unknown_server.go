package analysis

import (
	"fmt"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// unknownServer says what to do first where a pod has several containers that ended apart
// and no declared port tells which of them takes the requests: a fix for the wrong one may
// make it worse, as a longer sleep of a proxy does whose program has gone. It is empty where
// that is known, or makes no difference.
func unknownServer(ends []*termination, w *recording.Workload) string {
	for _, t := range ends {
		first, last := t.exitsApart()
		if first == nil {
			continue
		}
		why := "several of its containers may"
		if len(w.TargetPorts) > 0 {
			why = "no container alone declares port " + strings.Join(w.TargetPorts, ", ") + ", to which the service leads"
		}
		return fmt.Sprintf("Which container takes the requests is not known (%s), and %s ended %s before %s. If %[4]s passes requests on to %[2]s, let %[2]s end last: "+
			"give it a preStop sleep that is as long as that of %[4]s and the longest request together. Declare the port (ports[].containerPort) in the container that listens on it and run again: the fix is then told for the right one.",
			why, first.Container, text.Coarse(last.Exited.From.Sub(first.Exited.To)), last.Container)
	}
	return ""
}

// exitsApart gives the first and the last of the containers to exit, where it is not known
// which one serves and these two lie apart; nil otherwise.
func (t *ending) exitsApart() (first, last *report.ContainerExit) {
	if t.serves {
		return nil, nil
	}
	for i := range t.Exits {
		e := &t.Exits[i]
		if !e.Exited.Known() {
			continue
		}
		if first == nil || e.Exited.From.Before(first.Exited.From) {
			first = e
		}
		if last == nil || e.Exited.From.After(last.Exited.From) {
			last = e
		}
	}
	if first == nil || last.Exited.From.Sub(first.Exited.To) < time.Second {
		return nil, nil
	}
	return first, last
}
