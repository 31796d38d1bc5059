package analysis

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// passing is a recording in many segments, of which the report says passed, in a
// folder of its own.
func passing(t *testing.T) string {
	t.Helper()
	return recorded(t, "../testdata/golden/graceful-drain", nil)
}

// failing is one of which it says failed.
func failing(t *testing.T) string {
	t.Helper()
	return recorded(t, "../testdata/golden/exits-at-sigterm", nil)
}

// recorded records a golden recording anew, so that it has all that this version
// writes. Change may give other samples in place of one.
func recorded(t *testing.T, golden string, change func(recording.Sample) []recording.Sample) string {
	t.Helper()
	old, err := recording.Open(golden)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	now := old.Header.Began
	w, err := recording.Create(dir, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Header(old.Header); err != nil {
		t.Fatal(err)
	}
	for e := range old.Events.All() {
		w.Event(*e)
	}
	for _, a := range old.Actions {
		w.Action(a)
	}
	for s, err := range old.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		now = s.EndAt()
		samples := []recording.Sample{*s}
		if change != nil {
			samples = change(*s)
		}
		for _, s := range samples {
			w.Sample(s)
		}
	}
	if err := w.Close(*old.Ending); err != nil {
		t.Fatal(err)
	}
	return dir
}

func edit(t *testing.T, dir, name string, change func([]byte) []byte) {
	t.Helper()
	path := filepath.Join(dir, name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

// without takes a line out.
func without(number int) func([]byte) []byte {
	return func(data []byte) []byte {
		all := slices.Collect(bytes.Lines(data))
		return bytes.Join(slices.Delete(all, number, number+1), nil)
	}
}

// torn leaves half of a line, with the next one behind it.
func torn(number int) func([]byte) []byte {
	return func(data []byte) []byte {
		all := slices.Collect(bytes.Lines(data))
		all[number] = all[number][:len(all[number])/2]
		return bytes.Join(all, nil)
	}
}

// What is missing from a recording, or does not belong into it, keeps the run from
// passing, and is told. Losses that are there stand where nothing but samples are
// missing.
func TestIncompleteRecording(t *testing.T) {
	tests := []struct {
		name   string
		damage func(t *testing.T, dir string)
		says   string
		// stands tells that a run that lost requests is still failed.
		stands bool
	}{
		{"nothing", func(*testing.T, string) {}, "", true},
		{"a segment is gone with its line", func(t *testing.T, dir string) {
			edit(t, dir, "segments.jsonl", without(0))
			if err := os.Remove(filepath.Join(dir, "samples-000001.parquet")); err != nil {
				t.Fatal(err)
			}
		}, `stream (new|reused): [0-9]+ of the [0-9]+ requests that were sent are missing from the recording`, true},
		{
			"a segment's line is torn", func(t *testing.T, dir string) { edit(t, dir, "segments.jsonl", torn(0)) },
			`segments.jsonl is damaged: line 1 \(.*\) cannot be read`, true,
		},
		{"a segment's line is there twice", func(t *testing.T, dir string) {
			edit(t, dir, "segments.jsonl", func(data []byte) []byte { return append(data, data...) })
		}, `segments.jsonl is damaged: [0-9]+ lines cannot be read, the first is line [0-9]+ \(it names "samples-000001.parquet" again\)`, true},
		{
			"an event's line is gone", func(t *testing.T, dir string) { edit(t, dir, "events.jsonl", without(3)) },
			`events.jsonl has [0-9]+ lines that can be read, [0-9]+ were recorded`, false,
		},
		{
			"an event's line is torn", func(t *testing.T, dir string) { edit(t, dir, "events.jsonl", torn(3)) },
			`events.jsonl has [0-9]+ lines that can be read, [0-9]+ were recorded: line 4 \(.*\) cannot be read`, false,
		},
		{"the end of the events is gone", func(t *testing.T, dir string) {
			edit(t, dir, "events.jsonl", func(data []byte) []byte { return data[:len(data)-7] })
		}, `events.jsonl has [0-9]+ lines`, false},
		{"no event is left", func(t *testing.T, dir string) {
			edit(t, dir, "events.jsonl", func([]byte) []byte { return nil })
		}, `events.jsonl has 0 lines`, false},
		{
			"an action's line is gone", func(t *testing.T, dir string) { edit(t, dir, "actions.jsonl", without(4)) },
			`actions.jsonl has [0-9]+ lines that can be read, [0-9]+ were recorded`, false,
		},
		{"of an older tool, an event's line is torn", func(t *testing.T, dir string) {
			edit(t, dir, "end.json", uncounted)
			edit(t, dir, "events.jsonl", torn(3))
		}, `events.jsonl is damaged: line 4`, false},
		{"of an older tool, the last event's line is cut", func(t *testing.T, dir string) {
			edit(t, dir, "end.json", uncounted)
			edit(t, dir, "events.jsonl", func(data []byte) []byte { return data[:len(data)-7] })
		}, `events.jsonl is damaged: its last line is cut`, false},
		{"more was sent", func(t *testing.T, dir string) {
			edit(t, dir, "end.json", regexpReplace(`"sent": `, `"sent": 1`))
		}, `are missing from the recording`, true},
		{"less was sent", func(t *testing.T, dir string) {
			edit(t, dir, "end.json", regexpReplace(`"sent": [0-9]+`, `"sent": 9`))
		}, `the recording has [0-9]+ requests, but 9 were sent`, false},
		{"no end", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "end.json")); err != nil {
				t.Fatal(err)
			}
		}, `the run was cut off: its recording has no end`, true},
		{"no stream's end", func(t *testing.T, dir string) {
			edit(t, dir, "end.json", regexpReplace(`"name": "`, `"name": "another `))
		}, `the recording does not say how many requests were sent`, true},
	}
	for _, tt := range tests {
		for _, run := range []struct {
			dir  string
			want report.Verdict
		}{{passing(t), report.Passed}, {failing(t), report.Failed}} {
			t.Run(tt.name+", "+string(run.want), func(t *testing.T) {
				tt.damage(t, run.dir)
				r, err := recording.Open(run.dir)
				if err != nil {
					t.Fatal(err)
				}
				rep, err := Analyze(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				if said := strings.Join(rep.Reasons, "\n"); !regexp.MustCompile(tt.says).MatchString(said) {
					t.Errorf("the reasons are %q, want %q among them", said, tt.says)
				}
				want := run.want
				if tt.says != "" && (want == report.Passed || !tt.stands) {
					want = report.Inconclusive
				}
				if rep.Verdict != want {
					t.Errorf("%s, want %s (%v)", rep.Verdict, want, rep.Reasons)
				}
				if said := strings.Join(rep.Validity.Doubts, "\n"); !regexp.MustCompile(tt.says).MatchString(said) {
					t.Errorf("it says %q, want %s", said, tt.says)
				}
				if tt.says == "" && len(rep.Validity.Doubts) > 0 {
					t.Errorf("it says %q", rep.Validity.Doubts)
				}
			})
		}
	}
}

// Where a line of what the run did is missing, nobody knows when its baseline was: no
// failure is said to be of it, and nothing is said not to have been done.
func TestNothingIsSaidOfPhasesThatAreNotKnown(t *testing.T) {
	lines, err := os.ReadFile(filepath.Join(failing(t), "actions.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.Count(lines, []byte("\n")) - 1
	for number := range last {
		dir := failing(t)
		edit(t, dir, "actions.jsonl", torn(number)) // and with it the next one
		r, err := recording.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		rep, err := Analyze(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		said := strings.Join(append(rep.Reasons, rep.Validity.Doubts...), "\n")
		if rep.Verdict != report.Inconclusive || !strings.Contains(said, "part of the recording is lost") ||
			regexp.MustCompile("baseline|nothing was done|ended no pod").MatchString(said) {
			t.Errorf("without lines %d and %d: %s:\n%s", number+1, number+2, rep.Verdict, said)
		}
	}
}

func regexpReplace(old, replacement string) func([]byte) []byte {
	return func(data []byte) []byte { return regexp.MustCompile(old).ReplaceAll(data, []byte(replacement)) }
}

// uncounted takes out what older tools did not write.
func uncounted(data []byte) []byte {
	return regexp.MustCompile(`(?s),\s*"recorded": \{[^}]*\}`).ReplaceAll(data, nil)
}

// A sample that is there twice is as bad as one that is missing.
func TestSamplesThatWereNeverSent(t *testing.T) {
	tests := []struct {
		name   string
		change func(recording.Sample) []recording.Sample
		says   string
	}{
		{"one is there twice", func(s recording.Sample) []recording.Sample {
			if s.Seq == 100 {
				return []recording.Sample{s, s}
			}
			return []recording.Sample{s}
		}, "requests, but"},
		{"one is there twice in place of another", func(s recording.Sample) []recording.Sample {
			if s.Seq == 100 {
				s.Seq = 99
			}
			return []recording.Sample{s}
		}, "some requests are in the recording twice, and others are missing"},
		{"one is of a stream that the check does not have", func(s recording.Sample) []recording.Sample {
			other := s
			other.Stream = "another"
			return []recording.Sample{s, other}[:min(2, 1+int(s.Seq))]
		}, `of streams that the check does not have ("another")`},
	}
	for _, tt := range tests {
		for _, golden := range []string{"graceful-drain", "exits-at-sigterm"} {
			t.Run(tt.name+", "+golden, func(t *testing.T) {
				r, err := recording.Open(recorded(t, "../testdata/golden/"+golden, tt.change))
				if err != nil {
					t.Fatal(err)
				}
				rep, err := Analyze(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				if said := strings.Join(rep.Validity.Doubts, "\n"); rep.Verdict != report.Inconclusive || !strings.Contains(said, tt.says) {
					t.Errorf("%s (%v), want inconclusive as it says %s", rep.Verdict, rep.Reasons, tt.says)
				}
			})
		}
	}
}
