package witness

import (
	"slices"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// heard is what a run sent, and what the pods say that they read of it.
type heard struct {
	samples []recording.Sample
	base    recording.TraceBase
	reads   []read
}

func hear(r *report.Report, run, folder, workload string) (*heard, error) {
	events, err := Events(folder)
	if err != nil {
		return nil, err
	}
	reads, err := accessLogs(folder, workload)
	if err != nil {
		return nil, err
	}
	rec, err := recording.Open(run)
	if err != nil {
		return nil, err
	}
	base := rec.Header.TraceBase
	h := &heard{base: base, reads: slices.Concat(reads, readEvents(events, base, r.Began, r.Ended))}
	for s, err := range rec.Samples() {
		if err != nil {
			return nil, err
		}
		if _, probed := recording.WindowOf(s.Stream); !probed {
			h.samples = append(h.samples, *s)
		}
	}
	return h, nil
}

// byRequest tells which pod read a request, the last one where several did.
func (h *heard) byRequest() func(*recording.Sample) (by read, known bool) {
	byID := map[recording.TraceID]read{}
	for _, r := range slices.SortedFunc(slices.Values(h.reads), func(a, b read) int { return a.at.Compare(b.at) }) {
		byID[r.id] = r
	}
	return func(s *recording.Sample) (read, bool) {
		r, known := byID[h.base.Traces(s.Stream).ID(s.Seq)]
		return r, known
	}
}
