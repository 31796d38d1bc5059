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
	if err := fitsRecording(dir); err != nil {
		return nil, err
	}
	var m made
	for path := filepath.Clean(dir); ; path = filepath.Dir(path) {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		m = append(m, path)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return m, forbidden(err)
	}
	probe, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return m, forbidden(err)
	}
	return m, errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// fitsRecording tells without making anything why a recording has no place in dir.
func fitsRecording(dir string) error {
	if holdsRecording(dir) {
		return fmt.Errorf("%s already holds a recording; want another folder", dir)
	}
	about, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !about.IsDir():
		return fmt.Errorf("%s is a file; want a folder", dir)
	}
	return nil
}

// forbidden says who has to have the right to write, which a volume of a pod may not give
// to a user that is not root.
func forbidden(err error) error {
	if user := os.Getuid(); errors.Is(err, fs.ErrPermission) && user >= 0 {
		return fmt.Errorf("%w; want a folder in which user %d may write", err, user)
	}
	return err
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
