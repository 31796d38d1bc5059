package recording

import (
	"encoding/json"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// tooMuch is more memory than any damage of a file of some kilobytes may cost.
const tooMuch = 256 << 20

// bounded fails where do allocates more than a small recording can explain.
func bounded(t *testing.T, do func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > tooMuch {
		t.Errorf("%d MB were allocated", used>>20)
	}
}

// put overwrites files of a recording.
func put(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func get(tb testing.TB, dir, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// Whatever the text files of a recording hold, it is read or refused.
func FuzzOpen(f *testing.F) {
	dir := record(f, 450)
	header, events, actions := get(f, dir, headerFile), get(f, dir, eventsFile), get(f, dir, actionsFile)
	segments, ending := get(f, dir, segmentsFile), get(f, dir, endingFile)
	f.Add(header, events, actions, segments, ending)
	f.Add(header, events[:len(events)/2], actions[:9], segments[:len(segments)-9], ending[:1])
	f.Add([]byte("{}"), []byte("\n"), []byte("null\n"), []byte(`{"name":"../run.json","bytes":-1}`+"\n"), []byte(nil))
	f.Add(header, events, actions, []byte(`{"name":"run.json","samples":9223372036854775807,"bytes":9223372036854775807}`+"\n"), ending)
	f.Fuzz(func(t *testing.T, header, events, actions, segments, ending []byte) {
		put(t, dir, map[string][]byte{
			headerFile: header, eventsFile: events, actionsFile: actions, segmentsFile: segments, endingFile: ending,
		})
		bounded(t, func() {
			r, err := Open(dir)
			if err != nil {
				return
			}
			for _, err := range r.Samples() {
				if err != nil {
					return
				}
			}
		})
	})
}

// Whatever a segment holds, it is read or refused: by its seal, or where that is
// forged as well by the decoder.
func FuzzSamples(f *testing.F) {
	dir := record(f, 20)
	segment := get(f, dir, segmentName(1))
	f.Add(segment)
	f.Add(segment[:len(segment)/2])
	f.Add([]byte("PAR1PAR1"))
	golden, err := os.ReadFile("../report/testdata/golden/graceful-drain/" + segmentName(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Fuzz(func(t *testing.T, data []byte) {
		seal := segmentSeal{Name: segmentName(1), Bytes: int64(len(data)), CRC32C: crc32.Checksum(data, castagnoli)}
		put(t, dir, map[string][]byte{seal.Name: data})
		bounded(t, func() {
			r := &Recording{dir: dir, segments: []segmentSeal{seal}}
			for _, err := range r.Samples() {
				if err != nil {
					return
				}
			}
		})
		seal.CRC32C++
		r := &Recording{dir: dir, segments: []segmentSeal{seal}}
		for s, err := range r.Samples() {
			if err == nil {
				t.Fatalf("read %+v from a segment with a wrong checksum", s)
			}
		}
	})
}

// Whatever lies in a folder, it is read or refused, at once: a pipe that nobody
// writes into, a link, a folder in place of a file, and segments that are sealed as
// they should be.
func FuzzFolder(f *testing.F) {
	dir := record(f, 20)
	header, events, actions := get(f, dir, headerFile), get(f, dir, eventsFile), get(f, dir, actionsFile)
	ending, segment := get(f, dir, endingFile), get(f, dir, segmentName(1))
	for craft := range uint8(24) {
		f.Add(header, events, actions, ending, segment, 20, craft)
	}
	f.Fuzz(func(t *testing.T, header, events, actions, ending, segment []byte, samples int, craft uint8) {
		dir := t.TempDir()
		seal, err := json.Marshal(segmentSeal{Name: segmentName(1), Samples: samples, Bytes: int64(len(segment)), CRC32C: crc32.Checksum(segment, castagnoli)})
		if err != nil {
			t.Fatal(err)
		}
		put(t, dir, map[string][]byte{
			headerFile: header, eventsFile: events, actionsFile: actions, endingFile: ending,
			segmentName(1): segment, segmentsFile: append(seal, '\n'),
		})
		names := []string{headerFile, eventsFile, actionsFile, endingFile, segmentsFile, segmentName(1)}
		path := filepath.Join(dir, names[int(craft)%len(names)])
		special := true
		switch int(craft) / len(names) % 4 {
		case 0:
			special = false
		case 1:
			err = errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600))
		case 2:
			err = errors.Join(os.Rename(path, path+".moved"), os.Symlink(path+".moved", path))
		case 3:
			err = errors.Join(os.Remove(path), os.Mkdir(path, 0o700))
		}
		if err != nil {
			t.Fatal(err)
		}
		bounded(t, func() {
			r, err := Open(dir)
			read := 0
			if err == nil {
				for _, err = range r.Samples() {
					read++
				}
			}
			if special && err == nil {
				t.Errorf("%s was read", path)
			}
			if err == nil && read != samples {
				t.Errorf("%d samples of %d", read, samples)
			}
		})
	})
}
