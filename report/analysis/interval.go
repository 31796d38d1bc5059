package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// at is a moment that is known exactly.
func at(t time.Time) report.Interval { return report.Interval{From: t, To: t} }

// sourced names what the moment is known from.
func sourced(i report.Interval, source string) report.Interval {
	if i.Known() {
		i.Source = source
	}
	return i
}

// shifted moves a moment by d.
func shifted(i report.Interval, d time.Duration) report.Interval {
	if !i.Known() {
		return i
	}
	i.From, i.To = i.From.Add(d), i.To.Add(d)
	return i
}

// notBefore raises the lower bound, as far as the upper one allows.
func notBefore(i report.Interval, t time.Time) report.Interval {
	if i.Known() && t.After(i.From) {
		i.From = earlier(t, i.To)
	}
	return i
}

// notAfter lowers the upper bound, as far as the lower one allows.
func notAfter(i report.Interval, t time.Time) report.Interval {
	if i.Known() && t.Before(i.To) {
		i.To = later(t, i.From)
	}
	return i
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// clock writes the time of day.
func clock(t time.Time) string { return t.UTC().Format("15:04:05.000") }

// within tells whether a time lies in a moment's bounds, give or take the slack.
func within(when time.Time, i report.Interval, slack time.Duration) bool {
	return !when.Before(i.From.Add(-slack)) && !when.After(i.To.Add(slack))
}

// covers tells whether at each moment within i at least one of some times was under way.
func covers(some []report.Interval, i report.Interval) bool {
	slices.SortFunc(some, func(a, b report.Interval) int { return a.From.Compare(b.From) })
	reached := i.From
	for _, one := range some {
		if one.From.After(reached) {
			return false
		}
		if reached = later(reached, one.To); !reached.Before(i.To) {
			return true
		}
	}
	return false
}

// endless is later than all that is recorded.
var endless = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// How late things are told, or take effect.
const (
	// clockSlack widens the comparisons of times from different processes.
	clockSlack = 50 * time.Millisecond
	// delivery is how much later than a cut an answer may arrive that was given
	// before it: proxies pass both on in their own time (38 ms were seen on a busy
	// machine).
	delivery = 100 * time.Millisecond
	// proxyLag is how long a kube-proxy may take to drop an endpoint: its
	// minSyncPeriod of 1 s plus the sync itself (kubernetes pkg/proxy).
	proxyLag = 1500 * time.Millisecond
	// looseProxyLag is what a loaded node may need, and what its connection
	// tracking may add.
	looseProxyLag = 4 * time.Second
	// gatewayLag is how long a proxy of layer 7 may go on sending to a pod that is
	// gone: HAProxy and others that follow names keep an address for as long as a
	// headless service's is cached (30 s in the Corefile that Kubernetes comes with),
	// and balancers of clouds were reported to take up to 25 s.
	gatewayLag = 30 * time.Second
	// leastGrace is what a kubelet gives at the least between the signal and the
	// kill (kubernetes pkg/kubelet/kuberuntime, minimumGracePeriodInSeconds).
	leastGrace = 2 * time.Second
)

// together joins those that touch, in the order of their beginnings.
func together(all []report.Interval) []report.Interval {
	slices.SortFunc(all, func(a, b report.Interval) int { return a.From.Compare(b.From) })
	var times []report.Interval
	for _, one := range all {
		if last := len(times) - 1; last >= 0 && !one.From.After(times[last].To) {
			times[last].To = later(times[last].To, one.To)
			continue
		}
		times = append(times, one)
	}
	return times
}
