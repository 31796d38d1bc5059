package check_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := check.ReadFile(path, 5); err != nil || string(data) != "12345" {
		t.Errorf("got %q, %v", data, err)
	}
	if data, err := check.ReadFile(path, 4); err == nil || err.Error() != path+" is longer than 4 bytes" {
		t.Errorf("got %q, %v", data, err)
	}
	// One that never ends.
	if _, err := check.ReadFile("/dev/zero", 1<<20); err == nil {
		t.Error("all of /dev/zero was read")
	}
}
