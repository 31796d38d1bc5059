package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

const (
	// assumedSkew is how far a clock may be off where no lease tells.
	assumedSkew = 50 * time.Millisecond
	// leaseDelay bounds how long the fastest of several renewals takes from
	// the component's clock to the harness. Measured: 4 to 12 ms on a quiet
	// cluster; on one with ten times more work than processors 6 to 1100 ms, and
	// two in three above 50 ms.
	leaseDelay = 50 * time.Millisecond
	// loneLeaseDelay bounds it for a few renewals only, none of which need have
	// been a fast one.
	loneLeaseDelay = time.Second
	// severalLeases is how many renewals make leaseDelay hold.
	severalLeases = 10
	// catchUp is how long after a gap renewals may still arrive late.
	catchUp = time.Second
)

// span is a duration that is known only to lie between least and most.
type span struct {
	least, most time.Duration
}

// clocks knows by how much the clocks of the cluster's components are ahead of
// the harness's.
//
// A component writes the time of its heartbeat into a Lease (coordination.k8s.io
// renewTime, a MicroTime): kubelets every 10 s (pkg/kubelet/kubelet.go,
// nodeLeaseRenewIntervalFraction), the elected controller manager and scheduler
// every 2 s. With offset = component's clock - harness's clock, a renewal at R
// on the component's clock happens at R - offset on the harness's, and arrives
// there at
//
//	A = R - offset + delay, so offset = R - A + delay.
//
// No delay is negative, so offset >= R - A for every renewal, that is >= the
// greatest R - A; and the renewal with the greatest R - A had the least delay,
// which is at most leaseDelay, so offset <= the greatest R - A + leaseDelay.
// Late arrivals are harmless: they only make R - A smaller. The offset is taken
// to stay the same during a run. Clocks are taken to agree within assumedSkew
// for as long as the renewals do not contradict it.
//
// Requests have their times by the clocks of those who sent them. Where these are not
// the harness's, each offset is widened by what is not known of theirs.
type clocks struct {
	offsets map[string]span
	// doubt is by how much the clocks of the requests may be ahead of the harness's.
	doubt span
}

// readClocks takes the offsets from the leases' renewals.
func readClocks(events *recording.Events, doubt span) *clocks {
	type renewals struct {
		greatest time.Duration
		seen     bool
		latest   time.Time
		prompt   int
	}
	gaps := gaps(events)
	afterGap := func(at time.Time) bool {
		return slices.ContainsFunc(gaps, func(gap recording.Gap) bool {
			return gap.Resource == "leases" && !at.Before(gap.From) && !at.After(gap.To.Add(catchUp))
		})
	}

	of := map[string]renewals{}
	for event := range events.ButSlices() {
		lease := event.Lease
		if lease == nil || lease.Renewed.IsZero() {
			continue
		}
		r := of[lease.Component]
		if ahead := lease.Renewed.Sub(event.At); !r.seen || ahead > r.greatest {
			r.greatest, r.seen = ahead, true
		}
		// A renewal that was told again later, or in a catch-up, says nothing
		// about how fast one can be.
		if lease.Renewed.After(r.latest) && !afterGap(event.At) {
			r.prompt++
		}
		r.latest = later(r.latest, lease.Renewed)
		of[lease.Component] = r
	}

	c := &clocks{offsets: map[string]span{}, doubt: doubt}
	for component, r := range of {
		switch {
		case r.prompt >= severalLeases:
			c.offsets[component] = unlessContradicted(span{r.greatest, r.greatest + leaseDelay})
		case r.prompt > 0:
			c.offsets[component] = unlessContradicted(span{r.greatest, r.greatest + loneLeaseDelay})
		}
	}
	return c
}

// unlessContradicted narrows what was measured down to what is assumed, where
// the two have anything in common.
func unlessContradicted(measured span) span {
	common := span{max(measured.least, -assumedSkew), min(measured.most, assumedSkew)}
	if common.least > common.most {
		return measured
	}
	return common
}

// node is the offset of a node's clock.
func (c *clocks) node(name string) span { return c.of("node/" + name) }

// controllerManager is the offset of the clock of the controllers.
func (c *clocks) controllerManager() span { return c.of("kube-controller-manager") }

// apiserver is the offset of the clock that stamps objects and deletions.
func (c *clocks) apiserver() span { return c.of("apiserver") }

func (c *clocks) of(component string) span {
	offset, found := c.offsets[component]
	if !found {
		offset = span{-assumedSkew, assumedSkew}
	}
	return span{offset.least - c.doubt.most, offset.most - c.doubt.least}
}

// toHarness turns a moment on a component's clock into one on the harness's: it
// takes the offset off, and widens the moment by what is not known of it.
func toHarness(moment report.Interval, offset span) report.Interval {
	if !moment.Known() {
		return moment
	}
	moment.From, moment.To = moment.From.Add(-offset.most), moment.To.Add(-offset.least)
	return moment
}

// here turns a moment on a component's clock into one on the harness's for
// comparisons, which allow for clockSlack anyway: it takes off no more of the
// offset than is proven, and widens the moment only by what is doubtful beyond
// the slack.
func here(moment report.Interval, offset span) report.Interval {
	nearest := min(max(0, offset.least), offset.most)
	doubt := func(d time.Duration) time.Duration { return max(0, d-clockSlack) }
	return toHarness(moment, span{nearest - doubt(nearest-offset.least), nearest + doubt(offset.most-nearest)})
}
