package analysis

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A recording of any format that is written anew, in the present one with its own
// order of samples, has the same report.
func TestFormatDoesNotChangeTheReport(t *testing.T) {
	before := 0
	folders, err := filepath.Glob("../testdata/golden/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no golden recordings (%v)", err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			old, err := recording.Open(folder)
			if err != nil {
				t.Fatal(err)
			}
			anew := recordAnew(t, old)
			if old.Header.Version < anew.Header.Version {
				before++
			}
			sameButForDigits(t, "report", reportOf(t, anew), reportOf(t, old))
		})
	}
	if before == 0 {
		t.Error("all golden recordings are of the present format")
	}
}

// The golden recordings hold one at least of all that is read in a way of its own.
func TestGoldenRecordingsAreOfEachKind(t *testing.T) {
	folders, err := filepath.Glob("../testdata/golden/*")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, folder := range folders {
		r, err := recording.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		found[fmt.Sprintf("format %d", r.Header.Version)] = true
		for _, s := range r.Header.Check.Streams {
			found[string(cmp.Or(s.Kind, check.Short))] = true
			if s.Protocol == check.HTTP2 || s.Protocol == check.H2C {
				found["HTTP/2"] = true
			}
		}
		for i := range r.Actions {
			if len(r.Actions[i].Spread) > 0 {
				found["spread"] = true
			}
		}
	}
	wanted := []string{string(check.Slow), string(check.Streaming), "HTTP/2", "spread"}
	for version := range recording.Version {
		wanted = append(wanted, fmt.Sprintf("format %d", version+1))
	}
	for _, kind := range wanted {
		if !found[kind] {
			t.Errorf("%s: no golden recording", kind)
		}
	}
}

func recordAnew(t *testing.T, old *recording.Recording) *recording.Recording {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "anew")
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
		w.Sample(*s)
	}
	if err := w.Close(*old.Ending); err != nil {
		t.Fatal(err)
	}
	anew, err := recording.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return anew
}

// reportOf gives the report as JSON has it.
func reportOf(t *testing.T, r *recording.Recording) any {
	t.Helper()
	rep, err := Analyze(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	// Two that were sent within a microsecond may have changed places.
	slices.SortFunc(rep.Failures, func(a, b report.Failure) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Seq, b.Seq))
	})
	encoded, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	var decoded any
	if err := json.Unmarshal(encoded, &decoded); err != nil {
		t.Fatal(err)
	}
	return decoded
}

// sameButForDigits compares all values. Moments and lengths of time may differ
// by what the points of a request are rounded down by since version 2.
func sameButForDigits(t *testing.T, path string, got, want any) {
	t.Helper()
	const rounding = time.Microsecond
	switch want := want.(type) {
	case map[string]any:
		got, _ := got.(map[string]any)
		if len(got) != len(want) {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
		for key := range want {
			sameButForDigits(t, path+"."+key, got[key], want[key])
		}
	case []any:
		got, _ := got.([]any)
		if len(got) != len(want) {
			t.Fatalf("%s: got %v, want %v", path, got, want)
		}
		for i := range want {
			sameButForDigits(t, fmt.Sprintf("%s[%d]", path, i), got[i], want[i])
		}
	default:
		if off, ok := apart(got, want); got != want && (!ok || off > rounding) {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}

// apart is the time between two moments, or by which two lengths of time differ.
func apart(got, want any) (off time.Duration, ok bool) {
	a, isText := got.(string)
	b, bIsText := want.(string)
	if !isText || !bIsText {
		return 0, false
	}
	if x, err := time.ParseDuration(a); err == nil {
		y, err := time.ParseDuration(b)
		return (x - y).Abs(), err == nil
	}
	x, err := time.Parse(time.RFC3339Nano, a)
	y, otherErr := time.Parse(time.RFC3339Nano, b)
	return x.Sub(y).Abs(), err == nil && otherErr == nil
}
