package kind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
)

// engine is the path of a container engine's command line, which finds its engine by
// itself (DOCKER_HOST, contexts, ...).
type engine string

// run gives what the command writes to stdout. Where it fails, the error ends with the
// last that it wrote to stderr. input, if any, writes what it reads.
func (e engine) run(ctx context.Context, timeout time.Duration, input func(io.Writer) error, args ...string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("it took longer than %s", timeout))
	defer cancel()
	command := exec.CommandContext(ctx, string(e), args...)
	// What it has begun may keep its streams open when it is dead, so that a write to it
	// never ends either.
	command.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := command.Start(); err != nil {
		return "", err
	}
	var written error
	if input != nil {
		written = input(stdin)
	}
	_ = stdin.Close()
	err = command.Wait()
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil:
		return "", failure(err, stderr.String())
	// One that ends without an error has read what it wanted.
	case written != nil && !errors.Is(written, syscall.EPIPE):
		return "", written
	}
	return stdout.String(), nil
}

// failure is told in the command's own words, where it has any.
func failure(err error, stderr string) error {
	lines := strings.FieldsFunc(stderr, func(c rune) bool { return c == '\n' || c == '\r' })
	for _, line := range slices.Backward(lines) {
		if line = strings.TrimSpace(line); line != "" {
			return fmt.Errorf("%s (%w)", text.Clean(line), err)
		}
	}
	return err
}
