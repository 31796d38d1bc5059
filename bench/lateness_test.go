package bench

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// writeResults writes a file as the vegeta command does.
func writeResults(t *testing.T, results ...vegeta.Result) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "results.gob")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	encode := vegeta.NewEncoder(file)
	for i := range results {
		if err := encode(&results[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// The schedule is the latest one that sends nothing before its time.
func TestVegetaLateness(t *testing.T) {
	began := time.Unix(1_800_000_000, 0)
	path := writeResults(t,
		vegeta.Result{Seq: 2, Code: 200, Timestamp: began.Add(23 * time.Millisecond)},
		vegeta.Result{Seq: 0, Code: 200, Timestamp: began.Add(5 * time.Millisecond)},
		vegeta.Result{Seq: 1, Code: 200, Timestamp: began.Add(11 * time.Millisecond)},
	)
	want := []time.Duration{2 * time.Millisecond, 4 * time.Millisecond, 0}
	if got, err := vegetaLateness(path, 100); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}

func TestVegetaLatenessOfNothing(t *testing.T) {
	if late, err := vegetaLateness(writeResults(t), 100); err == nil {
		t.Errorf("no result, no error: %v", late)
	}
}

// What was not answered is no measure of anything.
func TestVegetaLatenessOfFailures(t *testing.T) {
	path := writeResults(t, vegeta.Result{Timestamp: time.Now(), Error: "connection refused"})
	if late, err := vegetaLateness(path, 100); err == nil {
		t.Errorf("a failure, no error: %v", late)
	}
}
