package main

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// latencyFlags are the bounds of latency, in the order of check.Quantiles.
type latencyFlags [5]time.Duration

func (f *latencyFlags) add(flags *pflag.FlagSet) {
	for i, q := range check.Quantiles {
		share := fmt.Sprintf("%d of 100", q.Percent())
		if q == check.Max {
			share = "all"
		}
		flags.DurationVar(&f[i], "budget-"+string(q), 0, "within how long "+share+" answers of each stream have to come, while pods end and otherwise")
	}
}

func (f *latencyFlags) onto(b *check.Budget) {
	for i, field := range []*check.Duration{&b.P50, &b.P90, &b.P95, &b.P99, &b.Max} {
		*field = check.Duration(f[i])
	}
}
