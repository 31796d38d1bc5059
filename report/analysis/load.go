package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// longestTimeout bounds the requests of all streams.
func longestTimeout(c check.Check) time.Duration {
	var longest time.Duration
	for _, s := range c.Streams {
		longest = max(longest, time.Duration(s.Timeout))
	}
	return longest
}

// freshRate is how many requests per second go out on connections of their own.
func freshRate(c check.Check) float64 {
	rate := 0.0
	for _, s := range c.Streams {
		if s.Connections == check.New {
			rate += s.Rate
		}
	}
	return rate
}
