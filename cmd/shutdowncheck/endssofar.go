package main

import (
	"context"

	"github.com/shutdowncheck/shutdowncheck/experiment"
)

// endsSoFar counts the ends of pods in a recording that is still being written, as its
// report will count them.
func endsSoFar(ctx context.Context, dir string) (experiment.Ends, error) {
	rep, err := analyze(ctx, dir)
	if err != nil || rep.Ends == nil {
		return experiment.Ends{}, err
	}
	e := rep.Ends
	return experiment.Ends{Seen: e.Seen, Lossy: e.Lossy, InService: e.InService, LossyAtLeast: e.LossyAtLeast}, nil
}
