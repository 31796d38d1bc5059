package image

import (
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime/debug"
	"strings"
)

const (
	// tool is what the program is called in the image, and the image by its name.
	tool = "shutdowncheck"
	// source is the package that the program is built from.
	source = "github.com/shutdowncheck/shutdowncheck/cmd/shutdowncheck"
)

// PlatformError tells that a program is built for another system than an image or a
// node takes, in Go's words.
type PlatformError struct {
	OS, Architecture string
}

func (e *PlatformError) Error() string {
	return fmt.Sprintf("it is built for %s/%s", e.OS, e.Architecture)
}

// program is what one tells of itself.
type program struct {
	architecture string
	version      string
}

func inspect(r io.ReaderAt) (program, error) {
	info, err := buildinfo.Read(r)
	if err != nil || info.Path != source {
		return program{}, errors.New("it is no program of shutdowncheck")
	}
	os, architecture := setting(info, "GOOS"), setting(info, "GOARCH")
	if os != "linux" {
		return program{}, &PlatformError{OS: os, Architecture: architecture}
	}
	if err := isStatic(r); err != nil {
		return program{}, err
	}
	return program{architecture: architecture, version: released(info.Main.Version)}, nil
}

func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// isStatic wants a program that needs no other file to run.
func isStatic(r io.ReaderAt) error {
	file, err := elf.NewFile(r)
	if err != nil {
		return fmt.Errorf("it cannot be read: %w", err)
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			interpreter, err := io.ReadAll(io.LimitReader(p.Open(), 256))
			if err != nil {
				return fmt.Errorf("it cannot be read: %w", err)
			}
			return fmt.Errorf("it needs %q to run, which is not in the image; build it with CGO_ENABLED=0", strings.TrimRight(string(interpreter), "\x00"))
		}
	}
	return nil
}

// A release's version, and no other one, may stand in an image's tag: Go's
// pseudo-versions are long, and have a "+" in them where something was changed.
var release = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.]{1,32})?$`)

func released(version string) string {
	if release.MatchString(version) {
		return version
	}
	return "dev"
}
