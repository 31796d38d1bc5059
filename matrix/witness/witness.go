// Package witness compares the pods that a report names for its failed requests
// with what the services themselves logged: which pod really had the connection.
// It shares nothing with the rules by which the report was made.
package witness

import (
	"slices"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// Tally counts the failed requests that a report lists. Of those placed each is
// right, wrong or unnamed. One that reached no process is not placed: no log
// knows of it.
type Tally struct {
	// Read are the requests of which the logs tell, failed or not.
	Read   int `json:"read"`
	Listed int `json:"listed"`
	// Placed are those whose pod the logs tell.
	Placed int `json:"placed"`
	// Right are those whose pod is among the named ones, Sole the part of them
	// for which no other is named.
	Right int `json:"right"`
	Sole  int `json:"sole"`
	// Wrong are those for which only other pods are named, WrongCertain the
	// part of them that is called certain.
	Wrong        int `json:"wrong"`
	WrongCertain int `json:"wrongCertain"`
	// Unnamed are those for which the report names no pod.
	Unnamed int `json:"unnamed"`
	// Windows are the pods of which both the report and their logs tell until when they
	// took connections, WrongWindows those of which the report is wrong.
	Windows      int `json:"windows,omitempty"`
	WrongWindows int `json:"wrongWindows,omitempty"`
}

// Add adds up the tallies of several runs.
func (t *Tally) Add(other Tally) {
	t.Read += other.Read
	t.Listed += other.Listed
	t.Placed += other.Placed
	t.Right += other.Right
	t.Sole += other.Sole
	t.Wrong += other.Wrong
	t.WrongCertain += other.WrongCertain
	t.Unnamed += other.Unnamed
	t.Windows += other.Windows
	t.WrongWindows += other.WrongWindows
}

// Hear compares the report of a run with the logs that the workload's pods left in a
// folder. Those of other pods do not count: a request passes them on its way.
func Hear(r *report.Report, run, folder, workload string) (Tally, error) {
	h, err := hear(r, run, folder, workload)
	if err != nil {
		return Tally{}, err
	}
	t := compare(r, h.place())
	t.Read = len(h.reads)
	events, err := Events(folder)
	t.Windows, t.WrongWindows = windows(r, events)
	return t, err
}

// compare counts how far the report names the pods that the logs tell.
func compare(r *report.Report, placed places) Tally {
	t := Tally{Listed: len(r.Failures)}
	for i := range r.Failures {
		f := &r.Failures[i]
		pod, known := placed[request{f.Stream, f.Seq}]
		if !known {
			continue
		}
		t.Placed++
		switch {
		case len(f.Pods) == 0:
			t.Unnamed++
		case slices.Contains(f.Pods, pod):
			t.Right++
			if len(f.Pods) == 1 {
				t.Sole++
			}
		default:
			t.Wrong++
			if f.Confidence == report.Certain {
				t.WrongCertain++
			}
		}
	}
	return t
}
