package bench

import (
	"context"
	"path/filepath"

	"github.com/shutdowncheck/shutdowncheck/internal/synthetic"
)

// analyzed is the run whose recording is analyzed. Pods ended in it, and requests
// failed.
var analyzed = synthetic.Run{Samples: 10_000_000, Rate: 2500, Restarts: 4}

// analyses is how often that is done.
const analyses = 3

// Synthesize writes the recording that is analyzed.
func Synthesize(dir string) error { return analyzed.Write(dir) }

// analysis lets shutdowncheck make the report of ten million samples.
func (b *bench) analysis(ctx context.Context, r *Result) error {
	b.say("analysis: writing the recording")
	dir := filepath.Join(b.Dir, "analyzed")
	if _, err := measure(ctx, succeeded, b.Self, "synthesize", dir); err != nil {
		return err
	}
	r.Analyzed = &Analyzed{From: "a synthetic run of three pods", Samples: analyzed.Samples, Restarts: analyzed.Restarts}
	// The verdict on such a run.
	failed := func(code int) bool { return code == 1 }
	for i := range analyses {
		b.say("analysis: %d of %d", i+1, analyses)
		used, foreign, err := quietly(b, attempts, func() (usage, error) {
			return measure(ctx, failed, b.Tool, "report", dir, "-o", "json")
		})
		if err != nil {
			return err
		}
		r.Analyses = append(r.Analyses, AnalysisRound{Seconds: used.wall.Seconds(), RSSMB: megabytes(used.peak), Foreign: foreign})
	}
	r.sumAnalyses()
	return nil
}
