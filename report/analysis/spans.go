package analysis

import (
	"slices"
	"time"
)

// spanIndex holds spans of time in some order, mostly that of their beginnings, among
// which those that touch a time are found without looking at all.
type spanIndex struct {
	// earliest is the first beginning of a span and all after it, latest the last
	// end of a span and all before it: both go up.
	earliest, latest []time.Time
}

// newSpanIndex takes n spans.
func newSpanIndex(n int, span func(i int) (from, to time.Time)) spanIndex {
	r := spanIndex{earliest: make([]time.Time, n), latest: make([]time.Time, n)}
	for i := range n {
		r.earliest[i], r.latest[i] = span(i)
	}
	for i := 1; i < n; i++ {
		r.latest[i] = later(r.latest[i], r.latest[i-1])
		r.earliest[n-1-i] = earlier(r.earliest[n-1-i], r.earliest[n-i])
	}
	return r
}

// touching bounds the spans that may touch a time: none before first, and none
// from end on.
func (r spanIndex) touching(from, to time.Time) (first, end int) {
	first, _ = slices.BinarySearchFunc(r.latest, from, time.Time.Compare)
	end, _ = slices.BinarySearchFunc(r.earliest, to.Add(1), time.Time.Compare)
	return first, max(first, end)
}
