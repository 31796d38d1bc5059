package analysis

import (
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A sender that could not be reached for a while is read long after the others. What it
// saw of a pod's leaving counts all the same, and only for a sender that was lost is
// nothing waited for.
func TestASenderIsReadLate(t *testing.T) {
	const late = 2 * time.Minute
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	senders := []*sender{{Sender: recording.Sender{Node: "a"}}, {Sender: recording.Sender{Index: 1, Node: "a"}}}
	for _, lost := range []string{"", "its node is gone"} {
		senders[1].lost = lost
		var endings []*ending
		for i, left := range []time.Time{began, began.Add(late)} {
			endings = append(endings, &ending{number: i, Termination: report.Termination{LeftSlice: at(left), Exited: at(left)}})
		}
		r := newRotation(endings, time.Second, 2, senders)
		for _, from := range []time.Time{began, began.Add(late)} {
			for n := range sweepLeast {
				r.take(freshConnection{sent: from.Add(time.Duration(n) * rotationReach / sweepLeast), ok: true})
			}
		}
		if settled := lost != ""; (r.settled == 1) != settled {
			t.Errorf("sender 1 lost: %q; %d pods are settled before it is read", lost, r.settled)
		}
		refused := began.Add(5 * time.Millisecond) // before enough others were answered
		r.take(freshConnection{sender: 1, sent: refused})
		want := refused
		if lost != "" {
			want = began
		}
		if got := r.settle(&starts{unanswering: newSpanIndex(0, nil)})[0]; !got.Equal(want) {
			t.Errorf("sender 1 lost: %q; forgotten after %v, want %v", lost, got.Sub(began), want.Sub(began))
		}
	}
}
