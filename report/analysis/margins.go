package analysis

import (
	"math"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// margins are those of a termination.
func (t *termination) margins() report.Margins {
	var m report.Margins
	if t.LeftSlice.Known() && t.signalPlaced() {
		m.Drain = between(t.LeftSlice.To, t.Sigterm.From)
	}
	if t.KubeletStarted.Known() && t.Exited.Known() && t.Container == "" {
		m.GraceHeadroom = between(t.Exited.To, t.deadline().From)
	}
	if t.Seen.Known() && t.LeftSlice.Known() {
		m.SliceLag = between(t.Seen.From, t.LeftSlice.From)
	}
	if t.Seen.Known() && t.LastAnswered.Known() {
		m.LastAnswer = between(t.Seen.From, t.LastAnswered.From)
	}
	if least, most := t.outlasts(); least != nil && most != nil {
		m.Outlasts = &report.Span{From: *least, To: *most}
	}
	return m
}

// signalledWithin tells whether SIGTERM certainly came less than d after the pod had
// left the slice, or before.
func (t *termination) signalledWithin(d time.Duration) bool {
	return t.LeftSlice.Known() && t.Sigterm.Known() && t.Sigterm.To.Sub(t.LeftSlice.From) < d
}

// exitedWithin tells whether the pod certainly exited less than d before its grace
// ended, or later.
func (t *termination) exitedWithin(d time.Duration) bool {
	return t.KubeletStarted.Known() && t.Exited.Known() && t.Container == "" && t.deadline().To.Sub(t.Exited.From) < d
}

// smallestOutageSeen is the shortest time for which one pod of so many could
// have refused requests with the run seeing it with a probability of 99 %. A
// request meets that pod with a probability of 1/pods, so that n requests all
// miss it with (1 - 1/pods)^n. Those on kept connections take turns over the
// pool, so that no more of them are independent than there are connections, of which
// each sender has one at least: zero where that does not suffice, however long the outage.
func smallestOutageSeen(s check.Stream, senders, pods int) report.Duration {
	if s.Rate <= 0 {
		return 0
	}
	requests := 1.0
	if pods > 1 {
		requests = math.Log(0.01) / math.Log(1-1/float64(pods))
	}
	if s.Connections == check.Reused && requests > float64(max(s.Pool, senders)) {
		return 0
	}
	return report.Duration(time.Duration(requests / s.Rate * float64(time.Second)).Round(time.Millisecond))
}
