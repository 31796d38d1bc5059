package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// withFixes gives the findings, each with what to change.
func withFixes(findings []report.Finding, failures []*explained, longest time.Duration, workload recording.Workload) []report.Finding {
	byCause := map[report.Cause][]*explained{}
	for _, f := range failures {
		byCause[f.cause] = append(byCause[f.cause], f)
	}
	fixes := map[report.Cause]report.Fix{}
	lag := propagationLag(failures)
	for cause, members := range byCause {
		fixes[cause] = causeNamed(cause).fix(&measured{
			longest: longest, longestLost: oldest(members),
			lag: lag, ownLag: propagationLag(members), arrivals: arrivalLag(members),
			ends: endsOf(members), starts: startsOf(members),
			workload: workload,
		})
	}
	fixed := slices.Clone(findings)
	for i := range fixed {
		fixed[i].Fix = fixes[fixed[i].Cause]
	}
	return fixed
}

// endsOf gives the terminations that explain the failures, each once.
func endsOf(failures []*explained) []*termination {
	var ends []*termination
	known := map[int]bool{}
	for _, f := range failures {
		for _, t := range f.suspects {
			if !known[t.number] {
				known[t.number] = true
				ends = append(ends, t.termination)
			}
		}
	}
	return ends
}

// startsOf gives the new pods whose start explains them, each once.
func startsOf(failures []*explained) []*life {
	var starts []*life
	known := map[int]bool{}
	for _, f := range failures {
		for _, l := range f.starting {
			if !known[l.number] {
				known[l.number] = true
				starts = append(starts, l)
			}
		}
	}
	return starts
}

// propagationLag is the longest time from the kubelet's start to a request that
// was still sent to the pod on a new connection.
func propagationLag(failures []*explained) time.Duration {
	return arrivalLag(slices.DeleteFunc(slices.Clone(failures), func(f *explained) bool { return !f.Fresh() }))
}

// arrivalLag is the longest time from the kubelet's start to a request that was
// still sent to the pod. Where several pods may have been meant, it was that
// long at least since the last of them.
func arrivalLag(failures []*explained) time.Duration {
	var lag time.Duration
	for _, f := range failures {
		if f.follows != nil {
			continue // it was not the proxies that sent it there
		}
		var last time.Time
		for _, t := range f.suspects {
			if t.Container != "" {
				continue
			}
			start := t.KubeletStarted
			if !start.Known() {
				start = t.Requested
			}
			last = later(last, start.From)
		}
		if !last.IsZero() {
			lag = max(lag, f.DialledAt().Sub(last))
		}
	}
	return lag
}
