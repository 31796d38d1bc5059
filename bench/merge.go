package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/shutdowncheck/shutdowncheck/internal/synthetic"
)

// merged is the run of many senders, which send as much together as one may at the most.
var merged = synthetic.Run{Samples: 64_000_000, Rate: 10_000, Restarts: 4, Senders: 64}

// merges is how often its report is made, and that of as many samples of one sender.
const merges = 2

// merge lets shutdowncheck make the reports of the same load of one sender and of many.
func (b *bench) merge(ctx context.Context, r *Result) error {
	one := merged
	one.Senders = 1
	runs := []synthetic.Run{one, merged}
	dirs := map[int]string{}
	for _, run := range runs {
		b.say("merge: writing the recording of %d", run.Senders)
		dir := filepath.Join(b.Dir, fmt.Sprintf("merged-%d", run.Senders))
		if err := b.synthesize(ctx, run, dir); err != nil {
			return err
		}
		dirs[run.Senders] = dir
	}
	r.Merged = &Merged{From: "a synthetic run of three pods", Samples: merged.Samples, Senders: merged.Senders}
	for i := range merges {
		var round MergeRound
		for _, run := range turn(runs, i) {
			b.say("merge: %d of %d with %d", i+1, merges, run.Senders)
			took, err := b.analyze(ctx, dirs[run.Senders])
			if err != nil {
				return err
			}
			if run.Senders == 1 {
				round.One = took
			} else {
				round.Many = took
			}
		}
		r.Merges = append(r.Merges, round)
	}
	for _, dir := range dirs {
		if err := os.RemoveAll(dir); err != nil { // they are large
			return err
		}
	}
	r.sumMerges()
	return nil
}

// Merged tells what the part merge analyzes, of one sender and of so many.
type Merged struct {
	From    string `json:"from"`
	Samples int    `json:"samples"`
	Senders int    `json:"senders"`
}

// MergeRound is both recordings analyzed once.
type MergeRound struct {
	One  AnalysisRound `json:"one"`
	Many AnalysisRound `json:"many"`
}

func (r *Result) sumMerges() {
	r.MergeSecondsRatio = r.sum("merge_seconds_ratio", each(r.Merges, func(m MergeRound) float64 { return m.Many.Seconds / m.One.Seconds }))
	r.MergeRSSRatio = r.sum("merge_rss_ratio", each(r.Merges, func(m MergeRound) float64 { return m.Many.RSSMB / m.One.RSSMB }))
}
