package main

import (
	"errors"
	"time"

	"github.com/spf13/pflag"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// addProve adds the flags of a share that is to be proven.
func addProve(flags *pflag.FlagSet, p *check.Prove) {
	share := func(into *check.Share) value {
		return value{"string", func(s string) error {
			if into.UnmarshalText([]byte(s)) != nil {
				return errors.New("want per cent or a number from 0 to 1, for example 5% or 0.05")
			}
			return nil
		}}
	}
	p.Confidence = check.DefaultConfidence
	flags.Var(share(&p.LossyEnds), "prove", "do all disruptions again and again until it is proven or refuted that at most this `SHARE` of the pods' ends lose a request (5%)")
	flags.Var(share(&p.Confidence), "prove-confidence", "`CONFIDENCE` of the proof (default 95%)")
	flags.DurationVar((*time.Duration)(&p.Within), "prove-within", time.Duration(check.DefaultWithin), "how long it may take")
}
