package recording

import (
	"bytes"
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

// sealedBy gives the segments that a sender makes of its share of so many samples.
func sealedBy(t *testing.T, sender, senders, samples int) []Segment {
	t.Helper()
	var sealed []Segment
	now := began
	segments := NewSegments(func() time.Time { return now }, func(s Segment) { sealed = append(sealed, s) }, func(err error) { t.Error(err) })
	for n := sender; n < samples; n += senders {
		now = began.Add(time.Duration(n) * 10 * time.Millisecond)
		segments.Sample(sentBy(sender, n))
	}
	if err := segments.Close(); err != nil {
		t.Fatal(err)
	}
	return sealed
}

func sentBy(sender, n int) Sample {
	s := sampleNumber(n)
	s.Sender = sender
	return s
}

// A recording takes the segments of many senders as they arrive, beside those that its
// writer makes itself.
func TestSegmentsOfSenders(t *testing.T) {
	const senders, samples = 3, 2000 // the last one is the program itself
	dir := filepath.Join(t.TempDir(), "run")
	now := began
	w, err := Create(dir, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	var taking sync.WaitGroup
	for sender := range senders - 1 {
		sealed := sealedBy(t, sender, senders, samples)
		if len(sealed) < 4 {
			t.Errorf("%d segments for 20 s; a sender that ends would take too much with it", len(sealed))
		}
		taking.Go(func() {
			for _, s := range sealed {
				if err := w.Segment(s); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for n := senders - 1; n < samples; n += senders {
		now = began.Add(time.Duration(n) * 10 * time.Millisecond)
		w.Sample(sentBy(senders-1, n))
	}
	taking.Wait()
	if err := errors.Join(w.Header(Header{Tool: "test", Began: began, Check: someCheck}), w.Close(Ending{At: now})); err != nil {
		t.Fatal(err)
	}

	got, err := readAll(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	last := map[int]uint64{}
	for _, s := range got {
		if before, known := last[s.Sender]; known && s.Seq <= before {
			t.Fatalf("sender %d: request %d after %d", s.Sender, s.Seq, before)
		}
		last[s.Sender] = s.Seq
	}
	slices.SortFunc(got, func(a, b Sample) int { return cmp.Compare(a.Seq, b.Seq) })
	if len(got) != samples {
		t.Fatalf("read %d samples, want %d", len(got), samples)
	}
	for n, s := range got {
		if want := sentBy(n%senders, n); s != want {
			t.Fatalf("sample %d\n got %+v\nwant %+v", n, s, want)
		}
	}
}

// A segment is what a writer would have put on its disk, and is there at once.
func TestSegmentIsWrittenAsItIs(t *testing.T) {
	sealed := sealedBy(t, 0, 1, 10)[0]
	dir := filepath.Join(t.TempDir(), "run")
	w, err := Create(dir, func() time.Time { return began })
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close(Ending{}) //nolint:errcheck // looked at before
	if err := w.Segment(sealed); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(get(t, dir, segmentName(1)), sealed.Data) {
		t.Error("the segment was changed")
	}
	if err := w.Header(Header{Tool: "test", Began: began, Check: someCheck}); err != nil {
		t.Fatal(err)
	}
	if samples, err := readAll(t, dir); err != nil || len(samples) != 10 {
		t.Errorf("read %d samples of the recording as it is now, %v", len(samples), err)
	}
}

// A segment that was damaged on its way leaves no trace, and may be given again.
func TestDamagedSegmentIsRefused(t *testing.T) {
	whole := sealedBy(t, 0, 1, 10)[0]
	for _, tt := range []struct {
		name   string
		damage func(*Segment)
		want   string
	}{
		{"short", func(s *Segment) { s.Data = s.Data[:len(s.Data)-1] }, "its checksum is wrong"},
		{"long", func(s *Segment) { s.Data = append(bytes.Clone(s.Data), 0) }, "its checksum is wrong"},
		{"empty", func(s *Segment) { s.Data = nil }, "its checksum is wrong"},
		{"another bit", func(s *Segment) { s.Data = bytes.Clone(s.Data); s.Data[len(s.Data)/3] ^= 4 }, "its checksum is wrong"},
		{"another checksum", func(s *Segment) { s.CRC32C++ }, "its checksum is wrong"},
		{"another number of samples", func(s *Segment) { s.Samples = 9 }, "10 samples instead of 9"},
		{"nothing, said to be so", func(s *Segment) { *s = Segment{} }, "0 bytes are no Parquet file"},
		{"too long", func(s *Segment) { s.Data = make([]byte, mostSegment+1) }, "67108865 bytes; at most 67108864 are read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			w, err := Create(dir, func() time.Time { return began })
			if err != nil {
				t.Fatal(err)
			}
			damaged := whole
			tt.damage(&damaged)
			if err := w.Segment(damaged); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if left, err := filepath.Glob(filepath.Join(dir, "samples-*")); err != nil || len(left) > 0 || len(get(t, dir, segmentsFile)) > 0 {
				t.Errorf("it has left %q and %q, %v", left, get(t, dir, segmentsFile), err)
			}
			if err := w.Segment(whole); err != nil {
				t.Errorf("whole: %v", err)
			}
			// The recording itself lacks nothing.
			if err := errors.Join(w.Header(Header{Tool: "test", Began: began, Check: someCheck}), w.Close(Ending{At: began})); err != nil {
				t.Error(err)
			}
			if samples, err := readAll(t, dir); err != nil || len(samples) != 10 {
				t.Errorf("%d samples, %v", len(samples), err)
			}
		})
	}
}

// A disk that takes no segment is an error of the recording's too.
func TestSegmentThatCannotBeWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	w, err := Create(dir, func() time.Time { return began })
	if err != nil {
		t.Fatal(err)
	}
	var told error
	w.OnError(func(err error) { told = err })
	if err := os.Mkdir(filepath.Join(dir, segmentName(1)+unclosedSuffix), 0o755); err != nil {
		t.Fatal(err)
	}
	err = w.Segment(sealedBy(t, 0, 1, 10)[0])
	if err == nil || !strings.Contains(err.Error(), segmentName(1)) || told == nil || told.Error() != err.Error() {
		t.Errorf("got %v, told %v", err, told)
	}
	if closed := w.Close(Ending{At: began}); closed == nil || closed.Error() != told.Error() {
		t.Errorf("closed with %v", closed)
	}
}

// What goes wrong with one segment costs no other.
func TestSegmentThatCannotBeMade(t *testing.T) {
	var told []error
	sealed := 0
	now := began
	segments := NewSegments(func() time.Time { return now }, func(Segment) {
		if sealed++; sealed == 1 {
			panic("no room")
		}
	}, func(err error) { told = append(told, err) })
	for n := range 1000 {
		now = now.Add(10 * time.Millisecond)
		segments.Sample(sampleNumber(n))
	}
	err := segments.Close()
	if len(told) != 1 || !strings.Contains(told[0].Error(), "no room") || !errors.Is(err, told[0]) || sealed != 3 {
		t.Errorf("closed with %v, told %v, %d segments", err, told, sealed)
	}
}

// Older tools knew of no senders.
func TestSegmentsWithoutSender(t *testing.T) {
	// The columns of row but for sender, as a schema of their own.
	var fields []reflect.StructField
	for field := range reflect.TypeFor[row]().Fields() {
		if field.Name != "Sender" {
			fields = append(fields, field)
		}
	}
	older := reflect.StructOf(fields)
	var file bytes.Buffer
	w := parquet.NewWriter(&file, parquet.SchemaOf(reflect.New(older).Interface()))
	var want []Sample
	for n := range 10 {
		want = append(want, sampleNumber(n))
		whole, part := reflect.ValueOf(rowOf(&want[n])), reflect.New(older).Elem()
		for _, field := range fields {
			part.FieldByName(field.Name).Set(whole.FieldByName(field.Name))
		}
		if err := w.Write(part.Addr().Interface()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// What was loaded before has senders.
	var c columns
	if err := c.load(sealedBy(t, 2, 3, 60)[0].Data); err != nil || c.sample(0).Sender != 2 {
		t.Errorf("sender %d, %v", c.sample(0).Sender, err)
	}
	if err := c.load(file.Bytes()); err != nil {
		t.Fatal(err)
	}
	for n := range want {
		if got := c.sample(n); got != want[n] {
			t.Errorf("\n got %+v\nwant %+v", got, want[n])
		}
	}
}
