package synthetic

import (
	"path/filepath"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report/analysis"
)

// BenchmarkAnalyze is what a report costs for each sample.
func BenchmarkAnalyze(b *testing.B) {
	run := Run{Samples: 1_000_000, Rate: 2500, Restarts: 4}
	dir := filepath.Join(b.TempDir(), "run")
	if err := run.Write(dir); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r, err := recording.Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := analysis.Analyze(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(run.Samples), "ns/sample")
}
