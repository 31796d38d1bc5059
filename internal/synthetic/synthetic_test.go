package synthetic

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
	"github.com/shutdowncheck/shutdowncheck/report/analysis"
)

func write(t *testing.T, run Run) *recording.Recording {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	if err := run.Write(dir); err != nil {
		t.Fatal(err)
	}
	r, err := recording.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What is measured on a synthetic recording is worth something only if the
// report finds in it what it finds in real ones.
func TestReportOfASyntheticRecording(t *testing.T) {
	r := write(t, Run{Samples: 80_000, Rate: 500, Restarts: 2})
	rep, err := analysis.Analyze(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if rep.Verdict != report.Failed {
		t.Errorf("%s: %v", rep.Verdict, rep.Reasons)
	}
	if len(rep.Terminations) != 2*3 || len(rep.Disruptions) != 2 {
		t.Errorf("%d terminations by %d disruptions", len(rep.Terminations), len(rep.Disruptions))
	}
	for _, s := range rep.Streams {
		if s.Sent != 40_000 || s.Failed == 0 || s.Unattributed > 0 || s.Sent != s.OK+s.Failed {
			t.Errorf("%+v", s)
		}
	}
	for _, term := range rep.Terminations {
		if !term.Covered["short-new"] || !term.Covered["short-reused"] {
			t.Errorf("%s is not covered: %v", term.Pod, term.Covered)
		}
	}
	if len(rep.Validity.Doubts) > 0 || len(rep.Findings) == 0 {
		t.Errorf("findings %v, doubts %v", rep.Findings, rep.Validity.Doubts)
	}
}

// Requests end in order, and none is missing.
func TestSamplesAreWhole(t *testing.T) {
	s := Run{Samples: 80_000, Rate: 500, Restarts: 2}.script()
	next := map[string]map[uint64]bool{"short-new": {}, "short-reused": {}}
	var last time.Time
	s.send(func(sample recording.Sample) {
		if sample.EndAt().Before(last) {
			t.Fatalf("%v after %v", sample.EndAt(), last)
		}
		last = sample.EndAt()
		next[sample.Stream][sample.Seq] = true
	})
	for name, seqs := range next {
		if len(seqs) != 40_000 || !seqs[0] || !seqs[39_999] {
			t.Errorf("%s: %d numbers", name, len(seqs))
		}
	}
}

func TestTheSameRunGivesTheSameRecording(t *testing.T) {
	run := Run{Samples: 80_000, Rate: 500, Restarts: 1}
	a, b := write(t, run), write(t, run)
	if !reflect.DeepEqual(&a.Events, &b.Events) || !reflect.DeepEqual(a.Actions, b.Actions) {
		t.Error("what happened differs")
	}
	var samples []recording.Sample
	for s, err := range a.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, *s)
	}
	n := 0
	for s, err := range b.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		if *s != samples[n] {
			t.Fatalf("sample %d: %+v and %+v", n, *s, samples[n])
		}
		n++
	}
	if n != run.Samples || len(samples) != n {
		t.Errorf("%d and %d samples, want %d", len(samples), n, run.Samples)
	}
}

func TestTooShort(t *testing.T) {
	err := Run{Samples: 1000, Rate: 500, Restarts: 1}.Write(t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "too short for 1 restarts") {
		t.Errorf("got %v", err)
	}
}
