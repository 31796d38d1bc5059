package recording

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

var began = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

func sampleNumber(n int) Sample {
	s := Sample{
		Stream: "short-new", Seq: uint64(n), Scheduled: began.Add(time.Duration(n) * 10 * time.Millisecond),
		Sent: 12_000, Resolved: 150_000, Lookup: 137_000, Acquired: 200_000, Written: 210_000, FirstByte: 20_400_000, End: 20_500_000,
		Outcome: OK, Status: 200, BytesOut: 3, BytesIn: 17,
		Conn: uint64(n + 1), LocalPort: uint16(40000 + n%1000), RemoteAddr: "127.0.0.1:30080", Pod: "web-1",
	}
	if n%10 == 9 {
		s.FirstByte, s.Outcome, s.Phase, s.Class = NotReached, Failed, PhaseFirstByte, ClassEOF
		s.Resolved, s.Lookup = NotReached, 0
		s.Error, s.Status, s.BytesOut, s.BytesIn, s.Pod, s.ConnPod, s.Served, s.Maskable = "EOF", 0, 0, 0, "", "web-1", 3, true
	}
	return s
}

// someCheck is as short as a valid one can be.
var someCheck = check.Check{Workload: check.Workload{Kind: check.Deployment, Name: "web"}}

// record writes a small recording into a new folder and returns it.
func record(t testing.TB, samples int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	now := began
	w, err := Create(dir, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	header := Header{
		Tool: "test", Began: began, Namespace: "demo",
		Check:    check.Check{Workload: check.Workload{Kind: check.Deployment, Name: "web"}},
		Workload: Workload{Kind: "Deployment", Name: "web", Replicas: 3},
	}
	if err := w.Header(header); err != nil {
		t.Fatal(err)
	}
	for n := range samples {
		now = began.Add(time.Duration(n) * 10 * time.Millisecond)
		w.Sample(sampleNumber(n))
	}
	for n := range 3 {
		w.Event(Event{At: began.Add(time.Duration(n) * time.Second), Pod: &PodObservation{Name: fmt.Sprint("web-", n)}})
		w.Action(Action{At: began, Kind: PhaseBegan, Phase: Baseline, Disruption: NoDisruption})
	}
	if err := w.Close(Ending{At: now, Streams: []StreamEnd{{Name: "short-new", Sent: uint64(samples)}}}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func readAll(t *testing.T, dir string) ([]Sample, error) {
	t.Helper()
	r, err := Open(dir)
	if err != nil {
		return nil, err
	}
	var samples []Sample
	for s, err := range r.Samples() {
		if err != nil {
			return samples, err
		}
		samples = append(samples, *s)
	}
	return samples, nil
}

func TestRecordingReadsBackAsWritten(t *testing.T) {
	const count = 2000 // 20 s of the clock: several segments
	dir := record(t, count)
	samples, err := readAll(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(samples) != count {
		t.Fatalf("read %d samples, wrote %d", len(samples), count)
	}
	for n, got := range samples {
		if want := sampleNumber(n); !reflect.DeepEqual(got, want) {
			t.Fatalf("sample %d\n got %+v\nwant %+v", n, got, want)
		}
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.segments) < 4 {
		t.Errorf("%d segments for 20 s; a killed run would lose too much", len(r.segments))
	}
	if r.Events.Len() != 3 || len(r.Actions) != 3 || r.Ending == nil || r.Header.Workload.Replicas != 3 {
		t.Errorf("the rest of the recording did not come back: %+v", r)
	}
}

func TestRecordingIsNeverOverwritten(t *testing.T) {
	dir := record(t, 1)
	if _, err := Create(dir, time.Now); err == nil || !strings.Contains(err.Error(), "already holds a recording") {
		t.Fatalf("got %v", err)
	}
}

func TestKilledRunCanBeRead(t *testing.T) {
	dir := record(t, 2000)
	if err := os.Remove(filepath.Join(dir, endingFile)); err != nil {
		t.Fatal(err)
	}
	// The last segment was being written, and was not sealed yet.
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	last := filepath.Join(dir, r.segments[len(r.segments)-1].Name)
	if err := os.Rename(last, last+unclosedSuffix); err != nil {
		t.Fatal(err)
	}
	seals, err := os.ReadFile(filepath.Join(dir, segmentsFile))
	if err != nil {
		t.Fatal(err)
	}
	cut := bytes.LastIndexByte(seals[:len(seals)-1], '\n') + 10
	truncate(t, dir, segmentsFile, int64(cut))
	// A kill may fall into the middle of a line.
	appendTo(t, filepath.Join(dir, eventsFile), `{"at":"2026-03-01T12:`)

	samples, err := readAll(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(samples) < 1500 {
		t.Errorf("only %d of 2000 samples are left", len(samples))
	}
	if r, err = Open(dir); err != nil || r.Ending != nil || r.Events.Len() != 3 {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestDamageIsNamed(t *testing.T) {
	tests := []struct {
		name   string
		damage func(t *testing.T, dir string)
		want   []string
	}{
		{"no header", func(t *testing.T, dir string) { remove(t, dir, headerFile) }, []string{"holds no recording", headerFile}},
		{"header cut", func(t *testing.T, dir string) { truncate(t, dir, headerFile, 20) }, []string{headerFile, "damaged"}},
		{"a later format", func(t *testing.T, dir string) { rewrite(t, dir, headerFile, `"version": 2`, `"version": 9`) }, []string{"version 9", "versions 1 to 2"}},
		{"no events", func(t *testing.T, dir string) { remove(t, dir, eventsFile) }, []string{eventsFile}},
		{"ending cut", func(t *testing.T, dir string) { truncate(t, dir, endingFile, 5) }, []string{endingFile, "damaged"}},
		{"segment cut", func(t *testing.T, dir string) { truncate(t, dir, segmentName(2), 100) }, []string{segmentName(2), "samples before it could be read"}},
		{"one bit of a segment", func(t *testing.T, dir string) { flip(t, dir, segmentName(2)) }, []string{segmentName(2), "checksum"}},
		{"segment gone", func(t *testing.T, dir string) { remove(t, dir, segmentName(2)) }, []string{segmentName(2)}},
		{"segment empty", func(t *testing.T, dir string) { truncate(t, dir, segmentName(2), 0) }, []string{segmentName(2)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := record(t, 2000)
			tt.damage(t, dir)
			_, err := readAll(t, dir)
			if err == nil {
				t.Fatal("read without an error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

func flip(t *testing.T, dir, name string) {
	t.Helper()
	path := filepath.Join(dir, name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/3] ^= 4
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, dir, name string, size int64) {
	t.Helper()
	if err := os.Truncate(filepath.Join(dir, name), size); err != nil {
		t.Fatal(err)
	}
}

func rewrite(t *testing.T, dir, name, old, replacement string) {
	t.Helper()
	path := filepath.Join(dir, name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(data, []byte(old), []byte(replacement), 1)
	if bytes.Equal(changed, data) {
		t.Fatalf("%s does not hold %s", name, old)
	}
	if err := os.WriteFile(path, changed, 0o644); err != nil {
		t.Fatal(err)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestEveryKindOfEventSurvives(t *testing.T) {
	grace := 30 * time.Second
	want := []Event{
		{At: began, Pod: &PodObservation{Change: Modified, Name: "web-1", DeletionGrace: &grace, Containers: []Container{{
			Name: "proxy", Sidecar: true, StopSignal: "SIGUSR1", MemoryLimit: 64 << 20, Waiting: "CrashLoopBackOff", Ready: true,
			Liveness: &Probe{InitialDelay: time.Second, Period: 10 * time.Second, Timeout: time.Second, Failures: 3},
		}}}},
		{At: began, Node: &NodeObservation{Change: Listed, Name: "worker", Ready: true, Unschedulable: true, Taints: []string{"gone:NoExecute"}}},
		{At: began, Lease: &LeaseObservation{Component: "node/worker", Renewed: began.Truncate(time.Microsecond)}},
		{At: began, Log: &LogLine{Pod: "web-1", UID: "uid-1", Container: "app", Written: began, Text: "sigterm \u00fc \"quoted\""}},
		{At: began, Gap: &Gap{Resource: "leases", From: began, To: began.Add(time.Second), Reason: "the watch was down"}},
	}
	dir := filepath.Join(t.TempDir(), "run")
	w, err := Create(dir, func() time.Time { return began })
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Header(Header{
		Tool: "test", Began: began, Check: check.Check{Workload: check.Workload{Kind: check.Deployment, Name: "web"}},
	}); err != nil {
		t.Fatal(err)
	}
	for _, e := range want {
		w.Event(e)
	}
	if err := w.Close(Ending{At: began}); err != nil {
		t.Fatal(err)
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []Event
	for e := range r.Events.All() {
		got = append(got, *e)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

// Of a segment that an older tool has written no lookup is known.
func TestSegmentsWithoutLookups(t *testing.T) {
	for i, s := range realSamples(t, 200) {
		if s.Resolved != NotReached || s.Lookup != 0 || !s.DialledAt().Equal(s.SentAt()) {
			t.Fatalf("sample %d: %+v", i, s)
		}
	}
}

// Requests end in any order. A segment has them by stream, as these come first
// in it, and by number.
func TestSegmentsAreInOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	w, err := Create(dir, func() time.Time { return began })
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Header(Header{Tool: "test", Began: began, Check: someCheck}); err != nil {
		t.Fatal(err)
	}
	var want []Sample
	const each = 1000 // more than a batch
	for _, stream := range []string{"", "a", "b"} {
		for n := range each {
			s := sampleNumber(n)
			s.Stream = stream
			want = append(want, s)
		}
	}
	for stream := range 3 {
		w.Sample(want[stream*each]) // the first of each, for the order of the streams
	}
	for _, n := range rand.New(rand.NewPCG(1, 2)).Perm(len(want)) {
		if n%each > 0 {
			w.Sample(want[n])
		}
	}
	if err := w.Close(Ending{At: began}); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%d samples came back in another order or changed", len(got))
	}
}

// A worker that is early by the precision of a timer has not failed to come to
// its points.
func TestPointsAreInMicroseconds(t *testing.T) {
	written := sampleNumber(0)
	written.Sent, written.Acquired, written.Written = -1500, -1000, 1999
	written.FirstByte, written.End = NotReached, time.Hour+999
	want := written
	want.Sent, want.Acquired, want.Written = -time.Microsecond, 0, time.Microsecond
	want.End = time.Hour

	dir := filepath.Join(t.TempDir(), "run")
	w, err := Create(dir, func() time.Time { return began })
	if err != nil {
		t.Fatal(err)
	}
	w.Sample(written)
	if err := errors.Join(w.Header(Header{Tool: "test", Began: began, Check: someCheck}), w.Close(Ending{At: began})); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(t, dir)
	if err != nil || len(got) != 1 {
		t.Fatalf("%d samples, %v", len(got), err)
	}
	if got[0] != want {
		t.Errorf("\n got %+v\nwant %+v", got[0], want)
	}
}

func TestCloseTellsWhatWentWrongBefore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	now := began
	w, err := Create(dir, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, segmentName(1)+unclosedSuffix), 0o755); err != nil {
		t.Fatal(err)
	}
	for n := range 2 * batchRows {
		now = now.Add(10 * time.Millisecond)
		w.Sample(sampleNumber(n))
	}
	if err := w.Close(Ending{At: now}); err == nil || !strings.Contains(err.Error(), segmentName(1)) {
		t.Errorf("got %v", err)
	}
}

// Whoever has seen enough may stop at any sample.
func TestReadingCanStop(t *testing.T) {
	r, err := Open(record(t, 2000))
	if err != nil {
		t.Fatal(err)
	}
	for _, enough := range []int{1, 400, 401, 1999} {
		read := 0
		for _, err := range r.Samples() {
			if err != nil {
				t.Fatal(err)
			}
			if read++; read == enough {
				break
			}
		}
		if read != enough {
			t.Errorf("read %d, wanted %d", read, enough)
		}
	}
}
