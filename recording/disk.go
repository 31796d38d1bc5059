package recording

import (
	"fmt"
	"io"
	"os"
)

// disk is what a Writer puts its files on.
type disk interface {
	// open makes or opens a file to write to, with the flags of os.OpenFile.
	open(path string, flag int) (io.WriteCloser, error)
	rename(from, to string) error
	remove(path string) error
}

// osDisk is the machine's own.
type osDisk struct{}

func (osDisk) open(path string, flag int) (io.WriteCloser, error) {
	return os.OpenFile(path, flag|os.O_WRONLY|os.O_CREATE, 0o600)
}

func (osDisk) rename(from, to string) error { return os.Rename(from, to) }
func (osDisk) remove(path string) error     { return os.Remove(path) }

// writeWhole writes a file so that a reader sees all of it or nothing: a process
// that is killed leaves the old one, or none. What could not be written whole is
// taken away again, so that it takes no room.
func writeWhole(d disk, path string, write func(io.Writer) error) error {
	unclosed := path + unclosedSuffix
	file, err := d.open(unclosed, os.O_TRUNC)
	if err != nil {
		return err
	}
	err = write(file)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = d.rename(unclosed, path)
	}
	if err != nil {
		if kept := d.remove(unclosed); kept != nil {
			return fmt.Errorf("%w (and %w)", err, kept)
		}
	}
	return err
}
