package main

import (
	"context"
	"io"
	"os"
	"sync"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// behind is how many bytes may wait for a reader before progress is dropped.
const behind = 64 << 10

// backlog writes to a file whose reader may be slow, stalled or gone: no write to it
// waits or fails. What is written is kept until it can be read, so it is for the few
// lines of a run; what tells of progress goes through passing.
type backlog struct {
	file io.Writer
	wake chan struct{}

	mu      sync.Mutex
	pending []byte
	// unread counts what is pending and what is being written.
	unread int
	muted  bool
	// empty are closed when nothing is left to be written.
	empty []chan struct{}
}

// newBacklog begins to write to file. The goroutine that does so may be held up by the
// reader for as long as the process lives; whoever wants to see it done waits for drained.
// A panic in it is told to fail.
func newBacklog(file io.Writer, fail context.CancelCauseFunc) *backlog {
	b := &backlog{file: file, wake: make(chan struct{}, 1)}
	go func() {
		for range b.wake {
			if err := guard.Call("writing to stderr", b.flush); err != nil {
				fail(err)
				b.poke()
			}
		}
	}()
	return b
}

// flush writes until nothing is pending.
func (b *backlog) flush() error {
	for chunk := b.take(); len(chunk) > 0; chunk = b.take() {
		b.write(chunk)
	}
	return nil
}

func (b *backlog) write(chunk []byte) {
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.unread -= len(chunk)
	}()
	// A failed write leaves nobody to tell.
	_, _ = b.file.Write(chunk)
}

func (b *backlog) take() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	chunk := b.pending
	b.pending = nil
	if len(chunk) == 0 {
		for _, empty := range b.empty {
			close(empty)
		}
		b.empty = nil
	}
	return chunk
}

func (b *backlog) poke() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Write implements io.Writer.
func (b *backlog) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keep(p)
	return len(p), nil
}

func (b *backlog) keep(p []byte) {
	b.pending = append(b.pending, p...)
	b.unread += len(p)
	b.poke()
}

// Fd is the file's, so that a terminal is known as one.
func (b *backlog) Fd() uintptr { return descriptor(b.file) }

// drained is closed once all that was written before has been read, or nobody is left
// to read it.
func (b *backlog) drained() <-chan struct{} {
	empty := make(chan struct{})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.empty = append(b.empty, empty)
	b.poke()
	return empty
}

// passing writes what is worth nothing later: it is dropped while the reader is behind.
func (b *backlog) passing() io.Writer { return passing{b} }

// mute drops all that passes from now on, so that it hides nothing that was said.
func (b *backlog) mute() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.muted = true
}

type passing struct{ backlog *backlog }

func (p passing) Write(text []byte) (int, error) {
	b := p.backlog
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.muted && b.unread < behind {
		b.keep(text)
	}
	return len(text), nil
}

func (p passing) Fd() uintptr { return p.backlog.Fd() }

// descriptor is that of a file, and none of anything else.
func descriptor(w any) uintptr {
	if file, ok := w.(interface{ Fd() uintptr }); ok {
		return file.Fd()
	}
	return ^uintptr(0)
}

// passes gives the writer for progress that goes with w.
func passes(w io.Writer) io.Writer {
	if b, ok := w.(*backlog); ok {
		return b.passing()
	}
	return w
}

// leavable is stdout, whose reader may leave: what is written from then on goes nowhere,
// and that is no failure of the program's.
type leavable struct{ *os.File }

// Write implements io.Writer.
func (l leavable) Write(p []byte) (int, error) {
	n, err := l.File.Write(p)
	if err != nil && left(l.File, err) {
		return len(p), nil
	}
	return n, err
}
