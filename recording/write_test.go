package recording

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/shutdowncheck/shutdowncheck/internal/cputime"
)

// realSamples gives the samples of all golden recordings, which a real cluster
// gave, as if they were one run at the given rate: numbers, connections and the
// schedule of a stream go on from one to the next. They stand in the order in
// which they end.
func realSamples(tb testing.TB, rate float64) []Sample {
	tb.Helper()
	folders, err := filepath.Glob("../report/testdata/golden/*")
	if err != nil || len(folders) == 0 {
		tb.Fatalf("no golden recordings (%v)", err)
	}
	var samples []Sample
	next := map[string]Sample{} // the first number and connection of the next recording
	for _, folder := range folders {
		r, err := Open(folder)
		if err != nil {
			tb.Fatal(err)
		}
		first := maps.Clone(next)
		for s, err := range r.Samples() {
			if err != nil {
				tb.Fatal(err)
			}
			s.Seq += first[s.Stream].Seq
			s.Conn += first[s.Stream].Conn
			streams := float64(len(r.Header.Check.Streams))
			s.Scheduled = began.Add(time.Duration(float64(s.Seq) * streams / rate * float64(time.Second)))
			next[s.Stream] = Sample{Seq: max(next[s.Stream].Seq, s.Seq+1), Conn: max(next[s.Stream].Conn, s.Conn)}
			samples = append(samples, *s)
		}
	}
	slices.SortStableFunc(samples, func(a, b Sample) int { return a.EndAt().Compare(b.EndAt()) })
	return samples
}

// write records the samples and gives the folder.
func write(tb testing.TB, samples iter.Seq[Sample]) string {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "run")
	now := began
	w, err := Create(dir, func() time.Time { return now })
	if err != nil {
		tb.Fatal(err)
	}
	for s := range samples {
		now = s.EndAt()
		w.Sample(s)
	}
	if err := w.Close(Ending{At: now}); err != nil {
		tb.Fatal(err)
	}
	return dir
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

// A sample may take 24 bytes, at the rate of the default check and above. At
// lower rates the footers of the segments count for more.
func TestSampleTakesFewBytes(t *testing.T) {
	for _, rate := range []float64{200, 1000, 5000} {
		samples := realSamples(t, rate)
		dir := write(t, slices.Values(samples))
		if got := float64(bytesOf(t, dir)) / float64(len(samples)); got > 24 {
			t.Errorf("%.1f bytes for each of %d samples at %g per second", got, len(samples), rate)
		}
	}
}

// BenchmarkSample is what a sample costs, on the processor and on disk, at rates
// that fill the segments more or less.
func BenchmarkSample(b *testing.B) {
	for _, rate := range []float64{100, 200, 1000, 5000} {
		b.Run(fmt.Sprintf("%g per second", rate), func(b *testing.B) {
			samples := realSamples(b, rate)
			length := samples[len(samples)-1].EndAt().Sub(began)
			b.ReportAllocs()
			var before time.Duration
			dir := write(b, func(yield func(Sample) bool) {
				before = processorTime(b)
				for n := 0; b.Loop(); n++ {
					s, round := samples[n%len(samples)], n/len(samples)
					s.Seq += uint64(round * len(samples))
					s.Scheduled = s.Scheduled.Add(time.Duration(round) * length)
					yield(s)
				}
			})
			b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
			b.ReportMetric(float64(bytesOf(b, dir))/float64(b.N), "B/sample")
		})
	}
}

// processorTime is what the process has used.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	used, err := cputime.Used()
	if err != nil {
		tb.Fatal(err)
	}
	return used
}

// A Parquet file of somebody else's is refused with what it lacks.
func TestForeignColumns(t *testing.T) {
	type lacking struct {
		Stream string `parquet:"stream,dict"`
	}
	type otherwise struct {
		Stream string `parquet:"stream"`
	}
	tests := []struct {
		name string
		file func(io.Writer) error
		want string
	}{
		{"no column", func(w io.Writer) error { return parquet.Write(w, []lacking{{"new"}}) }, "it has no column seq"},
		{"no dictionary", func(w io.Writer) error { return parquet.Write(w, []otherwise{{"new"}}) }, "column stream: its encoding is DELTA_LENGTH_BYTE_ARRAY"},
		{"nothing", func(io.Writer) error { return nil }, "0 bytes are no Parquet file"},
		{"an endless footer", func(w io.Writer) error { _, err := io.WriteString(w, "PAR1\xff\xff\xff\x7fPAR1"); return err }, "a footer of 2147483647 bytes in a file of 12"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var file bytes.Buffer
			if err := tt.file(&file); err != nil {
				t.Fatal(err)
			}
			if err := new(columns).load(file.Bytes()); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
