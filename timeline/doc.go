// Package timeline watches what the cluster does to a workload and turns it
// into recording events, each stamped with the time of its arrival here.
//
// It draws no conclusions: what the events mean is the report's business, so
// that a better rule can be tried on an old recording.
package timeline
