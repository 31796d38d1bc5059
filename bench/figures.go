package bench

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// median of an odd or even number of figures; 0 of none.
func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// quantile of durations, in microseconds.
func quantile(all []time.Duration, q float64) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	at := min(int(q*float64(len(sorted))), len(sorted)-1)
	return float64(sorted[at]) / float64(time.Microsecond)
}

// sentAt is a request of vegeta: its number and when it was sent.
type sentAt struct {
	seq uint64
	at  time.Time
}

// lateness of requests behind an even schedule that begins as early as any of them
// allows: vegeta does not tell when it meant to send.
func lateness(all []sentAt, rate float64) []time.Duration {
	if len(all) == 0 {
		return nil
	}
	due := func(seq uint64) time.Duration { return time.Duration(float64(seq) / rate * float64(time.Second)) }
	first := all[0].at.Add(-due(all[0].seq))
	for _, s := range all {
		if began := s.at.Add(-due(s.seq)); began.Before(first) {
			first = began
		}
	}
	late := make([]time.Duration, len(all))
	for i, s := range all {
		late[i] = s.at.Sub(first) - due(s.seq)
	}
	return late
}

var wrkTotal = regexp.MustCompile(`(?m)^\s*(\d+) requests in ([0-9.]+)(us|ms|s|m),`)

// parseWrk reads how many requests wrk sent, and in what time.
func parseWrk(text string) (requests int, took time.Duration, err error) {
	m := wrkTotal.FindStringSubmatch(text)
	if m == nil {
		return 0, 0, fmt.Errorf("wrk printed no total:\n%s", text)
	}
	requests, err = strconv.Atoi(m[1])
	took, err2 := time.ParseDuration(m[2] + m[3])
	return requests, took, errors.Join(err, err2)
}
