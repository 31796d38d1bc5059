package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/shutdowncheck/shutdowncheck/image"
)

// imageProgram is the program that an image is made of.
type imageProgram struct {
	name  string
	file  *os.File
	image *image.Image
}

// openProgram opens that in a file, or where none is named the one that is running, and
// makes an image of it. architecture is the one that is wanted, for who has another.
func openProgram(path, architecture string) (*imageProgram, error) {
	p := &imageProgram{name: path}
	if path == "" {
		p.name = "this program"
		var err error
		if path, err = running(); err != nil {
			return nil, fmt.Errorf("find this program's file: %w", err)
		}
	}
	var err error
	if p.file, err = os.Open(path); err != nil {
		return nil, fmt.Errorf("make an image of %s: %w", p.name, err)
	}
	info, err := p.file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no file")
	}
	if err == nil {
		p.image, err = image.Of(p.file, info.Size())
	}
	if err != nil {
		p.close()
		return nil, refused(p.name, err, architecture)
	}
	return p, nil
}

func (p *imageProgram) close() { _ = p.file.Close() }

// running is the path of this program. On Linux it leads to what is running even where the
// file has been replaced since.
func running() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

// refused says why no image is made of a program, and what to do where it is for another system.
func refused(name string, err error, architecture string) error {
	if _, ok := errors.AsType[*image.PlatformError](err); ok {
		return fmt.Errorf("make an image of %s: %w; build one with CGO_ENABLED=0 GOOS=linux GOARCH=%s: shutdowncheck image load --program FILE prints what to give as --sender-image", name, err, architecture)
	}
	return fmt.Errorf("make an image of %s: %w", name, err)
}
