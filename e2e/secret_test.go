//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// wantNoTrace looks for a secret in everything that the run printed and left.
func (o *outcome) wantNoTrace(t *testing.T, secret string) {
	t.Helper()
	if strings.Contains(o.stdout+o.stderr, secret) {
		t.Errorf("the run printed %q", secret)
	}
	files, err := filepath.Glob(filepath.Join(o.folder, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files in %s, %v", len(files), o.folder, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), secret) {
			t.Errorf("%s holds %q", file, secret)
		}
	}
	// The samples are compressed.
	r, err := recording.Open(o.folder)
	if err != nil {
		t.Fatal(err)
	}
	for sample, err := range r.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(fmt.Sprint(*sample), secret) {
			t.Fatalf("a sample holds %q: %+v", secret, sample)
		}
	}
}
