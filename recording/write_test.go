package recording

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

// realSamples gives the samples of the golden recordings: what runs on a real cluster
// met.
func realSamples(tb testing.TB) []Sample {
	tb.Helper()
	folders, err := filepath.Glob("../report/testdata/golden/*")
	if err != nil || len(folders) == 0 {
		tb.Fatalf("no golden recordings (%v)", err)
	}
	var samples []Sample
	for _, folder := range folders {
		r, err := Open(folder)
		if err != nil {
			tb.Fatal(err)
		}
		for s, err := range r.Samples() {
			if err != nil {
				tb.Fatal(err)
			}
			samples = append(samples, *s)
		}
	}
	return samples
}

// bytesOf is how long the segments in dir are.
func bytesOf(tb testing.TB, dir string) int64 {
	tb.Helper()
	segments, err := filepath.Glob(filepath.Join(dir, "samples-*.parquet"))
	if err != nil || len(segments) == 0 {
		tb.Fatalf("no segments (%v)", err)
	}
	var sum int64
	for _, segment := range segments {
		info, err := os.Stat(segment)
		if err != nil {
			tb.Fatal(err)
		}
		sum += info.Size()
	}
	return sum
}

// Other readers find a column by the path that the footer has of it.
func TestSegmentsNameTheirColumns(t *testing.T) {
	dir := record(t, 2000)
	segments, err := filepath.Glob(filepath.Join(dir, "samples-*.parquet"))
	if err != nil || len(segments) < 2 {
		t.Fatalf("%d segments (%v)", len(segments), err)
	}
	want := parquet.SchemaOf(row{}).Columns()
	for _, segment := range segments {
		data, err := os.ReadFile(segment)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		var got [][]string
		for _, column := range file.Metadata().RowGroups[0].Columns {
			got = append(got, column.MetaData.PathInSchema)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s has the columns\n%q, want\n%q", segment, got, want)
		}
	}
}

// The 24 bytes that a sample may take are those of the real runs' samples, with
// as many in a segment as come in its time.
func TestSampleTakesFewBytes(t *testing.T) {
	samples := realSamples(t)
	for _, rate := range []int{200, 1000, 5000} {
		dir := filepath.Join(t.TempDir(), "run")
		now := began
		w, err := Create(dir, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			now = now.Add(time.Second / time.Duration(rate))
			w.Sample(s)
		}
		if err := w.Close(Ending{At: now}); err != nil {
			t.Fatal(err)
		}
		if got := float64(bytesOf(t, dir)) / float64(len(samples)); got > 24 {
			t.Errorf("%.1f bytes for each of %d samples at %d per second", got, len(samples), rate)
		}
	}
}

// BenchmarkSample is what a sample costs, on the processor and on disk, at rates
// that fill the segments more or less.
func BenchmarkSample(b *testing.B) {
	samples := realSamples(b)
	for _, rate := range []int{100, 200, 1000, 5000} {
		b.Run(fmt.Sprintf("%d per second", rate), func(b *testing.B) {
			dir := filepath.Join(b.TempDir(), "run")
			now := began
			w, err := Create(dir, func() time.Time { return now })
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			before := processorTime(b)
			n := 0
			for b.Loop() {
				now = now.Add(time.Second / time.Duration(rate))
				w.Sample(samples[n%len(samples)])
				n++
			}
			if err := w.Close(Ending{At: now}); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(processorTime(b)-before)/float64(n), "cpu-ns/op")
			b.ReportMetric(float64(bytesOf(b, dir))/float64(n), "B/sample")
		})
	}
}

// processorTime is what the process has used.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
