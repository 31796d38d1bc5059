package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// made are the folders that were made for a run, the innermost first.
type made []string

// makeFolder makes the folder of a run and tries to write in it, so that a run
// whose results have no place never begins.
func makeFolder(dir string) (made, error) {
	if holdsRecording(dir) {
		return nil, fmt.Errorf("%s already holds a recording; want another folder", dir)
	}
	var m made
	for path := filepath.Clean(dir); ; path = filepath.Dir(path) {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		m = append(m, path)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return m, err
	}
	probe, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return m, err
	}
	return m, errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// remove takes the folders away again as far as nothing is in them.
func (m made) remove() {
	for _, path := range m {
		_ = os.Remove(path)
	}
}

// holdsRecording tells whether a recording has been begun in dir.
func holdsRecording(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "run.json"))
	return err == nil
}
