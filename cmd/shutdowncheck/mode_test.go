//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// What a run leaves beside its recording is its owner's, too, whatever the umask.
func TestWhatARunLeavesIsItsOwnersAlone(t *testing.T) {
	before := syscall.Umask(0)
	t.Cleanup(func() { syscall.Umask(before) })
	dir := filepath.Join(t.TempDir(), "runs", "one")
	if _, err := makeFolder(dir); err != nil {
		t.Fatal(err)
	}
	if err := record(string(report.Failed), dir); err != nil {
		t.Fatal(err)
	}
	rep, err := analyze(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := saveReport(dir, rep); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{filepath.Dir(dir): 0o700, dir: 0o700} {
		wantMode(t, path, want)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 11 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		wantMode(t, filepath.Join(dir, file.Name()), 0o600)
	}
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
