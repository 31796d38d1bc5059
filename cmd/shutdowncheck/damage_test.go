package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever is damaged in a recording, the report is made of the rest or refused
// with the name of the file; it never panics.
func TestDamagedRecording(t *testing.T) {
	t.Parallel()
	intact := filepath.Join(t.TempDir(), "run")
	if err := record("failed", intact); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(intact)
	if err != nil {
		t.Fatal(err)
	}
	damages := map[string]func(data []byte, at int) []byte{
		"cut":      func(data []byte, at int) []byte { return data[:at] },
		"one bit":  func(data []byte, at int) []byte { data[at] ^= 1 << (at % 8); return data },
		"one byte": func(data []byte, at int) []byte { data[at] = 0xff; return data },
	}
	for _, file := range files {
		for name, damage := range damages {
			t.Run(file.Name()+" "+name, func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "run")
				if err := os.CopyFS(dir, os.DirFS(intact)); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(dir, file.Name())
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				const places = 25
				for i := range places {
					at := i * len(data) / places
					if err := os.WriteFile(path, damage(bytes.Clone(data), at), 0o600); err != nil {
						t.Fatal(err)
					}
					if _, err := analyze(t.Context(), dir); err != nil && !strings.Contains(err.Error(), file.Name()) && !strings.Contains(err.Error(), dir) {
						t.Errorf("at %d: %v", at, err)
					}
				}
			})
		}
	}
}
