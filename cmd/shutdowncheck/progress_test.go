package main

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/experiment"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Where no terminal shows it, each phase has its line and a long one a line now
// and then.
func TestProgressWithoutTerminal(t *testing.T) {
	var shown strings.Builder
	p := newProgress(&shown)
	for second := range 12 {
		now := experiment.Progress{
			Phase: recording.Baseline, Elapsed: time.Duration(second) * time.Second, New: second == 0,
			Streams: []experiment.StreamProgress{{Name: "short-new", Sent: uint64(100 * second), Failed: 1}},
		}
		if second >= 8 {
			now.Streams[0].Client = 7
			now.Phase, now.Disruption, now.New = recording.Disrupt, "restart", second == 8
			now.Proof = &experiment.Proof{Ends: experiment.Ends{Seen: 5, Lossy: 1}, Needs: 163}
			now.Pods = []experiment.PodProgress{{State: experiment.PodTerminating}, {State: experiment.PodReady}, {State: experiment.PodTerminating}}
		}
		p.show(now)
	}
	p.end()
	const want = `   0s baseline          short-new: 0 sent, 1 failed  0 terminating
   5s baseline          short-new: 500 sent, 1 failed  0 terminating
   8s disrupt restart   short-new: 800 sent, 1 failed, 7 client (failed on this side)  2 terminating  5 of 163 ends, 1 lossy
`
	if shown.String() != want {
		t.Errorf("showed\n%s\nwant\n%s", shown.String(), want)
	}
}
