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
		m := measure(members)
		m.longest, m.lag, m.workload = longest, lag, workload
		fixes[cause] = causeNamed(cause).fix(m)
	}
	fixed := slices.Clone(findings)
	for i := range fixed {
		fixed[i].Fix = fixes[fixed[i].Cause]
	}
	return fixed
}

// measure takes what the failures of one cause tell of its fix.
func measure(members []*explained) *measured {
	m := &measured{longestLost: oldest(members), ownLag: propagationLag(members), arrivals: arrivalLag(members)}
	ends, starts := map[int]bool{}, map[int]bool{}
	for _, f := range members {
		for _, t := range f.suspects {
			if !ends[t.number] {
				ends[t.number] = true
				m.ends = append(m.ends, t.termination)
			}
		}
		for _, life := range f.starting {
			if !starts[life.number] {
				starts[life.number] = true
				m.starts = append(m.starts, life)
			}
		}
	}
	return m
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
			lag = max(lag, f.SentAt().Sub(last))
		}
	}
	return lag
}
