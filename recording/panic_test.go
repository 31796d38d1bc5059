package recording

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// A sample that makes the encoder panic costs its own segment: those who write
// are not left waiting, what comes after it is recorded once, and the end says
// where it was.
func TestPanicOfTheEncoder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	w, err := Create(dir, func() time.Time { return began })
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Header(Header{Tool: "test", Began: began, Check: someCheck}); err != nil {
		t.Fatal(err)
	}
	const segments = 4
	for i := range segments * segmentRows {
		s := sampleNumber(i)
		if i == segmentRows/2 {
			s.Error = poison()
		}
		w.Sample(s)
	}
	err = w.Close(Ending{At: began})
	if err == nil {
		t.Fatal("the recording was closed without an error")
	}
	first, rest, _ := strings.Cut(err.Error(), "\n")
	if !strings.HasPrefix(first, "writing a segment of samples panicked: ") || !strings.Contains(rest, "recording.(*segmentEncoder)") {
		t.Errorf("got %v", err)
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	next := segmentRows
	for s, err := range r.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		if *s != sampleNumber(next) {
			t.Fatalf("got %+v, want sample %d", s, next)
		}
		next++
	}
	if next != segments*segmentRows {
		t.Errorf("the samples end before %d, want all up to %d", next, segments*segmentRows)
	}
}

// poison is a text that nobody can read.
func poison() string {
	broken := struct{ data, length uintptr }{0, 5}
	return *(*string)(unsafe.Pointer(&broken))
}
