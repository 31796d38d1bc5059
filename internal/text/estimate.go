package text

import (
	"math"
	"time"
)

// Estimate says how long so many take, each of which takes that long, to a second: "about
// 12m0s". It may be more than a Duration holds.
func Estimate(each time.Duration, times int) string {
	if time.Duration(times) > math.MaxInt64/max(each, 1) {
		return "more than 290 years"
	}
	return "about " + (each * time.Duration(times)).Round(time.Second).String()
}
