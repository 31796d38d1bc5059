package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/shutdowncheck/shutdowncheck/internal/synthetic"
)

// analyzed is the run whose recording is analyzed. Pods ended in it, and requests
// failed.
var analyzed = synthetic.Run{Samples: 10_000_000, Rate: 2500, Restarts: 4}

// analyses is how often that is done.
const analyses = 3

// analysis lets shutdowncheck make the report of ten million samples.
func (b *bench) analysis(ctx context.Context, r *Result) error {
	b.say("analysis: writing the recording")
	dir := filepath.Join(b.Dir, "analyzed")
	if err := b.synthesize(ctx, analyzed, dir); err != nil {
		return err
	}
	r.Analyzed = &Analyzed{From: "a synthetic run of three pods", Samples: analyzed.Samples, Restarts: analyzed.Restarts}
	for i := range analyses {
		b.say("analysis: %d of %d", i+1, analyses)
		round, err := b.analyze(ctx, dir)
		if err != nil {
			return err
		}
		r.Analyses = append(r.Analyses, round)
	}
	r.sumAnalyses()
	return nil
}

// synthesize writes a recording, in a process of its own, so that its memory does not
// count for what is started later.
func (b *bench) synthesize(ctx context.Context, run synthetic.Run, dir string) error {
	told, err := json.Marshal(run)
	if err != nil {
		return err
	}
	_, err = measure(ctx, succeeded, b.Self, "synthesize", string(told), dir)
	return err
}

// Synthesize writes the recording of a synthetic.Run, which is given as JSON.
func Synthesize(run, dir string) error {
	var r synthetic.Run
	if err := json.Unmarshal([]byte(run), &r); err != nil {
		return fmt.Errorf("synthesize: %w", err)
	}
	return r.Write(dir)
}

// analyze makes the report of a synthetic recording.
func (b *bench) analyze(ctx context.Context, dir string) (AnalysisRound, error) {
	// The verdict on such a run.
	failed := func(code int) bool { return code == 1 }
	used, foreign, err := quietly(b, attempts, func() (usage, error) {
		return measure(ctx, failed, b.Tool, "report", dir, "-o", "json")
	})
	return AnalysisRound{Seconds: used.wall.Seconds(), RSSMB: megabytes(used.peak), Foreign: foreign}, err
}
