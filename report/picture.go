package report

import "time"

// Picture is what a drawing of the run needs besides the report: the pods' lives,
// the traffic over time, and every failure.
type Picture struct {
	// Pods are all that were seen, in the order of their creation.
	Pods []Pod
	// Series are those of the streams, in the order of Report.Streams.
	Series []Series
	// Failures are all that were examined, up to 100,000, in the order in which
	// they were sent. Finding is, for each of them, the index of the one it
	// belongs to in Report.Findings.
	Failures []Failure
	Finding  []int
}

// Pod is one pod's life. How it ended is told by the terminations of its UID.
type Pod struct {
	Name    string    `json:"name"`
	UID     string    `json:"uid"`
	Node    string    `json:"node,omitempty"`
	Created time.Time `json:"created"`
	// New tells that it was made while the run watched.
	New bool `json:"new"`
	// Running is when it was first seen to run.
	Running time.Time `json:"running,omitzero"`
	// Ready are the times in which its condition was seen to be true, InSlice
	// those in which a slice called it ready.
	Ready   []Stretch `json:"ready"`
	InSlice []Stretch `json:"inSlice"`
}

// Stretch is a time from one moment to another; To is zero where it went on
// until the watch ended.
type Stretch struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
}

// Series is how a stream fared, in equal steps from Report.Began on. A request
// counts for the step in which it was scheduled.
type Series struct {
	Step Duration
	// Until is when the next request would have been due: the last step is cut
	// short.
	Until    Duration
	OK       []int
	Failed   []int
	Maskable []int
	// P50, P99 and Max are the latencies of the answered requests, 0 where there
	// was none.
	P50, P99, Max []Duration
	// Late are the times in which its requests went out late, in their order.
	Late []Lateness
}

// Lateness is a time, in whole steps of a series, in each of which at least one
// request that was due then went out later than the 50 ms that a run may be late:
// the sending process was too busy, and what the traffic met then tells less.
type Lateness struct {
	From, To time.Time
	// Most is how late the latest of them went out.
	Most Duration
}
