package recording

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// fullDisk takes so many bytes and no more, as a full disk does: a write that goes
// beyond is done in part. What is removed or made anew gives its room back only
// where frees is set; a disk may be full of others' files.
type fullDisk struct {
	osDisk
	frees bool

	mu   sync.Mutex // segments are written in a goroutine of their own
	room int64
}

func (d *fullDisk) open(path string, flag int) (io.WriteCloser, error) {
	file, err := d.osDisk.open(path, flag)
	return &fullFile{file, d}, err
}

func (d *fullDisk) remove(path string) error {
	info, err := os.Stat(path)
	if err == nil && d.frees {
		d.mu.Lock()
		d.room += info.Size()
		d.mu.Unlock()
	}
	return d.osDisk.remove(path)
}

type fullFile struct {
	io.WriteCloser
	disk *fullDisk
}

func (f *fullFile) Write(p []byte) (int, error) {
	f.disk.mu.Lock()
	fits := min(int64(len(p)), max(0, f.disk.room))
	f.disk.room -= fits
	f.disk.mu.Unlock()
	n, err := f.WriteCloser.Write(p[:fits])
	if err == nil && n < len(p) {
		err = &os.PathError{Op: "write", Path: "the file", Err: syscall.ENOSPC}
	}
	return n, err
}

// smallRun records a run of so many samples, in two segments, onto the disk.
func smallRun(dir string, d disk, samples int) error {
	now := began
	w, err := create(dir, func() time.Time { return now }, d)
	if err != nil {
		return err
	}
	if err := w.Header(Header{Tool: "test", Began: began, Check: someCheck}); err != nil {
		return errors.Join(err, w.Close(Ending{At: now}))
	}
	for n := range smallSamples {
		now = began.Add(time.Duration(n) * time.Second)
		if n < samples {
			w.Sample(sampleNumber(n))
		}
		w.Event(Event{At: now, Pod: &PodObservation{Name: fmt.Sprint("web-", n)}})
		w.Action(Action{At: now, Kind: Requested, Detail: fmt.Sprint(n)})
	}
	return w.Close(Ending{At: now, Streams: []StreamEnd{{Name: "short-new", Sent: uint64(samples)}}})
}

const smallSamples = 8

// Whatever byte does not fit on the disk any more, what was written whole is read
// back, nothing else is, and what is missing is told. Lines and headers are cut at
// each byte; segments, which take a while to encode, at one of 127.
func TestFullDiskAtEachByte(t *testing.T) {
	for _, tt := range []struct {
		samples int
		step    int64
	}{{0, 1}, {smallSamples, 127}} {
		t.Run(fmt.Sprintf("%d samples", tt.samples), func(t *testing.T) {
			t.Parallel()
			whole := &fullDisk{room: 1 << 30}
			if err := smallRun(filepath.Join(t.TempDir(), "run"), whole, tt.samples); err != nil {
				t.Fatal(err)
			}
			length := 1<<30 - whole.room
			folder := t.TempDir()
			for room := int64(0); room < length; room += tt.step {
				dir := filepath.Join(folder, fmt.Sprint(room))
				if err := smallRun(dir, &fullDisk{room: room, frees: room%2 == 0}, tt.samples); !errors.Is(err, syscall.ENOSPC) {
					t.Fatalf("room for %d of %d bytes: got %v", room, length, err)
				}
				if problem := unlike(dir); problem != nil {
					t.Fatalf("room for %d of %d bytes: %v", room, length, problem)
				}
			}
		})
	}
}

// unlike tells what is wrong with a recording that a full disk cut short.
func unlike(dir string) error {
	r, err := Open(dir)
	if err != nil {
		if strings.Contains(err.Error(), "\n") || !strings.HasSuffix(err.Error(), "holds no recording: there is no run.json in it") {
			return err
		}
		if _, header := os.Stat(filepath.Join(dir, headerFile)); header == nil {
			return fmt.Errorf("there is a header: %w", err)
		}
		return nil
	}
	var read []Sample
	for s, err := range r.Samples() {
		if err != nil {
			return err
		}
		read = append(read, *s)
	}
	for i, s := range read {
		if s != sampleNumber(int(s.Seq)) || (i > 0 && s.Seq <= read[i-1].Seq) {
			return fmt.Errorf("sample %d is %+v", i, s)
		}
	}
	events := slices.Collect(r.Events.All())
	for i, e := range events {
		if e.Pod == nil || !e.At.Equal(began.Add(time.Duration(number(e.Pod.Name))*time.Second)) || (i > 0 && !e.At.After(events[i-1].At)) {
			return fmt.Errorf("event %d is %+v", i, e)
		}
	}
	for i, a := range r.Actions {
		if a.Detail != fmt.Sprint(int(a.At.Sub(began).Seconds())) || (i > 0 && !a.At.After(r.Actions[i-1].At)) {
			return fmt.Errorf("action %d is %+v", i, a)
		}
	}
	if r.Ending == nil {
		return nil
	}
	lost := r.Events.Len() < smallSamples || len(r.Actions) < smallSamples
	if lost != slices.ContainsFunc(r.Losses, func(l Loss) bool { return !l.Samples }) {
		return fmt.Errorf("%d events, %d actions, and it says %v", r.Events.Len(), len(r.Actions), r.Losses)
	}
	return nil
}

// number is that of a pod called web-N.
func number(pod string) (n int) {
	if _, err := fmt.Sscanf(pod, "web-%d", &n); err != nil {
		return -1
	}
	return n
}

// A disk that was full for a while costs the line that was being written, and no
// other.
func TestTornLineCostsThatLineOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	d := &fullDisk{room: 1 << 20}
	w, err := create(dir, func() time.Time { return began }, d)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Header(Header{Tool: "test", Began: began, Check: someCheck}); err != nil {
		t.Fatal(err)
	}
	var told []error
	w.OnError(func(err error) { told = append(told, err) })
	for n := range 5 {
		d.room = 1 << 20
		if n == 1 || n == 2 {
			d.room = 20
		}
		w.Event(Event{At: began, Pod: &PodObservation{Name: fmt.Sprint("web-", n)}})
	}
	if err := w.Close(Ending{At: began}); !errors.Is(err, syscall.ENOSPC) || len(told) != 1 || !errors.Is(err, told[0]) {
		t.Errorf("closing gave %v, and it told of %v", err, told)
	}
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for e := range r.Events.All() {
		names = append(names, e.Pod.Name)
	}
	if !slices.Equal(names, []string{"web-0", "web-3", "web-4"}) {
		t.Errorf("%v are left", names)
	}
	if len(r.Losses) != 1 || !strings.Contains(r.Losses[0].Text, "events.jsonl has 3 lines that can be read, 5 were recorded: 2 lines cannot be read, the first is line 2") {
		t.Errorf("it says %v", r.Losses)
	}
}

// Who asks late is told as well.
func TestErrorIsToldToWhoAsksLater(t *testing.T) {
	d := &fullDisk{room: 1 << 20}
	w, err := create(filepath.Join(t.TempDir(), "run"), func() time.Time { return began }, d)
	if err != nil {
		t.Fatal(err)
	}
	d.room = 0
	w.Action(Action{At: began})
	var told error
	w.OnError(func(err error) { told = err })
	if err := w.Close(Ending{At: began}); !errors.Is(told, syscall.ENOSPC) || !errors.Is(err, told) {
		t.Errorf("told %v, closing gave %v", told, err)
	}
}
