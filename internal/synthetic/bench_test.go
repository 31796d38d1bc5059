package synthetic

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report/analysis"
)

// BenchmarkAnalyze is what a report costs for each sample, of one sender and of many,
// whose segments are smaller.
func BenchmarkAnalyze(b *testing.B) {
	for _, senders := range []int{1, 64} {
		b.Run(fmt.Sprintf("senders=%d", senders), func(b *testing.B) {
			run := Run{Samples: 2_000_000, Rate: 10_000, Restarts: 3, Senders: senders}
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
		})
	}
}
