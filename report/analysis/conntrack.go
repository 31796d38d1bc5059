package analysis

import (
	"cmp"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// trackedAfterReset is for how long Linux' connection tracking holds a connection that
// the other side reset, with the pod that it was led to
// (net.netfilter.nf_conntrack_tcp_timeout_close). A new one between the same two
// addresses and ports is led there, be the pod dead or not: of four pods one got 20 of
// 20. After a FIN it is a connection of its own (nf_conntrack_proto_tcp.c).
const trackedAfterReset = 10 * time.Second

// flow is what connection tracking knows a client's connection by.
type flow struct {
	localPort uint16
	remote    string
}

// followed gives the failures, with those explained anew whose connection followed on
// one that was reset. They are told from others by having come to no connection at
// all: whatever accepts connections itself would have let them.
func followed(failures []*explained) []*explained {
	all := slices.Clone(failures)
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Or(all[a].EndAt().Compare(all[b].EndAt()), cmp.Compare(a, b)) })
	resets := map[flow]*explained{}
	for _, i := range order {
		f := all[i]
		if f.LocalPort == 0 {
			continue
		}
		on := flow{f.LocalPort, f.RemoteAddr}
		if reset := resets[on]; reset != nil && f.isLedBy(reset) {
			all[i] = &explained{
				examined: f.examined, suspects: reset.suspects, starting: reset.starting,
				cause: reset.cause, confidence: reset.confidence, follows: reset,
			}
		}
		if f.Class == recording.ClassReset || f.Class == recording.ClassRefused {
			resets[on] = all[i]
		}
	}
	return all
}

// isLedBy tells whether connection tracking still held the connection that was reset
// when the failure was dialled. What explains nothing leads nowhere.
func (f *explained) isLedBy(reset *explained) bool {
	after := f.DialledAt().Sub(reset.EndAt())
	return f.life == nil && f.Phase == recording.PhaseDial && reset.cause.Explains() && 0 <= after && after < trackedAfterReset
}
