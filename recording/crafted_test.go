package recording

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A recording may come from anybody. What is no plain file of its folder, or claims
// to be larger than any recording's, is refused in one line that names it, at once.
func TestCraftedRecordingIsRefused(t *testing.T) {
	files := []string{headerFile, eventsFile, actionsFile, endingFile, segmentsFile, segmentName(1)}
	crafts := []struct {
		name  string
		craft func(path string) error
		want  string
	}{
		{"a pipe", func(path string) error { return syscall.Mkfifo(path, 0o600) }, "a pipe; want a plain file"},
		{"a folder", func(path string) error { return os.Mkdir(path, 0o700) }, "a folder; want a plain file"},
		{"a link", func(path string) error { return os.Symlink(path+".moved", path) }, "a link; want a plain file"},
		{"a link to a device", func(path string) error { return os.Symlink("/dev/zero", path) }, "a link; want a plain file"},
		{"a hole", func(path string) error {
			return errorsOf(os.WriteFile(path, nil, 0o600), os.Truncate(path, 1<<40))
		}, "is 1099511627776 bytes long; at most"},
	}
	for _, file := range files {
		for _, tt := range crafts {
			t.Run(file+" "+tt.name, func(t *testing.T) {
				dir := record(t, 20)
				path := filepath.Join(dir, file)
				if err := os.Rename(path, path+".moved"); err != nil {
					t.Fatal(err)
				}
				if err := tt.craft(path); err != nil {
					t.Fatal(err)
				}
				refuses(t, dir, file, tt.want)
			})
		}
	}
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func refuses(t *testing.T, dir, file, want string) {
	t.Helper()
	bounded(t, func() {
		_, err := readAll(t, dir)
		if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want %s", err, want)
		}
	})
}

// Only segments of the folder itself are read.
func TestSegmentsOutsideTheFolderAreRefused(t *testing.T) {
	for _, name := range []string{"/etc/passwd", "../run/samples-000001.parquet", "./samples-000001.parquet", "run.json", "samples-1.parquet", "samples-000001.parquet/"} {
		t.Run(name, func(t *testing.T) {
			dir := record(t, 20)
			rewrite(t, dir, segmentsFile, segmentName(1), name)
			refuses(t, dir, segmentsFile, fmt.Sprintf("names the file %q; want names like samples-000001.parquet", name))
		})
	}
}

// What a file of JSON makes of a little text is refused as well.
func TestCraftedTextIsBounded(t *testing.T) {
	t.Run("a deep header", func(t *testing.T) {
		dir := record(t, 20)
		put(t, dir, map[string][]byte{headerFile: []byte(strings.Repeat(`{"check":`, 1<<20))})
		refuses(t, dir, headerFile, "is damaged")
	})
	t.Run("an endless line", func(t *testing.T) {
		dir := record(t, 20)
		if err := os.Truncate(filepath.Join(dir, eventsFile), 500<<20); err != nil {
			t.Fatal(err)
		}
		bounded(t, func() {
			r, err := Open(dir)
			if err != nil || r.Events.Len() != 3 || len(r.Losses) != 1 {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	})
	t.Run("many streams", func(t *testing.T) {
		dir := record(t, 20)
		put(t, dir, map[string][]byte{headerFile: []byte(`{"version":2,"check":{"streams":[{}` + strings.Repeat(",{}", mostStreams) + `]}}`)})
		refuses(t, dir, headerFile, "names 101 streams; at most 100 are read")
	})
	t.Run("many senders", func(t *testing.T) {
		dir := record(t, 20)
		put(t, dir, map[string][]byte{headerFile: []byte(`{"version":2,"senders":[{}` + strings.Repeat(",{}", mostSenders) + `]}`)})
		refuses(t, dir, headerFile, "names 10001 senders; at most 10000 are read")
	})
}

// Whatever counts a segment claims, no room is made for them before they are found
// to be possible.
func TestCraftedCountsOfASegment(t *testing.T) {
	dir := record(t, 20)
	segment := get(t, dir, segmentName(1))
	end := len(segment) - 8
	footer := int(binary.LittleEndian.Uint32(segment[end:]))
	tried, refused := 0, 0
	for at := end - footer; at < end; at++ {
		// Five bytes of a variable-length number up to 2^31-1 in place of whatever
		// is there: sooner or later it is the length of a list.
		crafted := append([]byte(nil), segment...)
		copy(crafted[at:end], []byte{0xfc, 0xff, 0xff, 0xff, 0x07}[:min(5, end-at)])
		seal := segmentSeal{Name: segmentName(1), Samples: 20, Bytes: int64(len(crafted)), CRC32C: crc32.Checksum(crafted, castagnoli)}
		put(t, dir, map[string][]byte{seal.Name: crafted})
		bounded(t, func() {
			tried++
			for _, err := range (&Recording{dir: dir, segments: []segmentSeal{seal}}).Samples() {
				if err != nil {
					refused++
				}
			}
		})
	}
	if refused < tried/2 {
		t.Errorf("%d of %d were refused", refused, tried)
	}
}
