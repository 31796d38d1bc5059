package analysis

import (
	"cmp"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// For how long Linux' connection tracking holds a client's connection with the pod that
// it was led to. A new one between the same two addresses and ports is led there
// meanwhile, be the pod dead or not: of four pods one got 20 of 20. After a FIN, an RST
// of the client's own, and an RST that was all that answered its first packet it is a
// connection of its own (net/netfilter/nf_conntrack_proto_tcp.c).
const (
	// trackedAfterReset is of one that the other side reset
	// (net.netfilter.nf_conntrack_tcp_timeout_close).
	trackedAfterReset = 10 * time.Second
	// trackedAfterSilence is of one that was never answered
	// (nf_conntrack_tcp_timeout_syn_sent).
	trackedAfterSilence = 120 * time.Second
)

// flow is what connection tracking knows a client's connection by.
type flow struct {
	sender    int
	localPort uint16
	remote    string
}

// followed gives the failures, with those explained anew whose connection followed on
// one that was still held. They are told from others by having come to no connection at
// all: whatever accepts connections itself would have let them.
func followed(failures []*explained) []*explained {
	all := slices.Clone(failures)
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Or(all[a].EndAt().Compare(all[b].EndAt()), cmp.Compare(a, b)) })
	held := map[flow]*explained{}
	for _, i := range order {
		f := all[i]
		if f.LocalPort == 0 {
			continue
		}
		on := flow{f.Sender, f.LocalPort, f.RemoteAddr}
		if last := held[on]; last != nil && f.isLedBy(last) {
			all[i] = &explained{
				examined: f.examined, suspects: last.suspects, starting: last.starting,
				cause: last.cause, confidence: last.confidence, manner: last.manner, follows: last,
			}
		}
		if all[i].tracked() > 0 {
			held[on] = all[i]
		}
	}
	return all
}

// isLedBy tells whether connection tracking still held the last connection when the
// failure was dialled. What explains nothing leads nowhere.
func (f *explained) isLedBy(last *explained) bool {
	after := f.DialledAt().Sub(last.EndAt())
	return f.life == nil && f.Phase == recording.PhaseDial && last.cause.Explains() && 0 <= after && after < last.tracked()
}

// tracked is for how long connection tracking holds the failure's connection from its
// end on; 0 where it does not.
func (f *explained) tracked() time.Duration {
	switch {
	case f.Class == recording.ClassReset, f.Class == recording.ClassRefused && f.follows != nil:
		return trackedAfterReset
	case f.Phase == recording.PhaseDial && (f.Class == recording.ClassTimeout || f.Class == recording.ClassUnreachable):
		return trackedAfterSilence
	default:
		return 0
	}
}
