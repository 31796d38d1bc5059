package recording

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A recording is its owner's, whatever the umask lets others read.
func TestARecordingIsItsOwnersAlone(t *testing.T) {
	before := syscall.Umask(0)
	t.Cleanup(func() { syscall.Umask(before) })
	dir := filepath.Join(t.TempDir(), "runs", "one")
	w, err := Create(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Header(Header{}); err != nil {
		t.Fatal(err)
	}
	w.Sample(Sample{Stream: "short"})
	if err := w.Close(Ending{}); err != nil {
		t.Fatal(err)
	}
	wantMode(t, filepath.Dir(dir), 0o700)
	wantMode(t, dir, 0o700)
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 6 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		wantMode(t, filepath.Join(dir, file.Name()), 0o600)
	}
}

// A folder that somebody else made is left as it is.
func TestAFolderThatIsThereKeepsItsMode(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	w, err := Create(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(Ending{}); err != nil {
		t.Fatal(err)
	}
	wantMode(t, dir, 0o750)
}

func wantMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %o, want %o", filepath.Base(path), got, want)
	}
}
