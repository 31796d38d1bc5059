package recording

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// lineWriter appends JSON lines. Each line goes to the kernel at once, so that
// only a line that was being written is lost when the process is killed.
type lineWriter struct {
	name string
	mu   sync.Mutex
	file io.WriteCloser
	// torn tells that the file ends in the middle of a line, which could not be
	// written whole.
	torn bool
	// given is how many values there were to write.
	given int
}

func newLineWriter(d disk, path string) (*lineWriter, error) {
	file, err := d.open(path, os.O_EXCL|os.O_APPEND)
	if err != nil {
		return nil, fmt.Errorf("begin the recording: %w", err)
	}
	return &lineWriter{name: filepath.Base(path), file: file}, nil
}

// write appends a line. After one that was torn the next begins on a line of its
// own, so that only the torn one is lost.
func (l *lineWriter) write(v any) error {
	data, err := json.Marshal(v)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.given++
	if err != nil {
		return fmt.Errorf("encode a line of %s: %w", l.name, err)
	}
	data = append(data, '\n')
	if l.torn {
		data = append([]byte{'\n'}, data...)
	}
	n, err := l.file.Write(data)
	if err != nil {
		l.torn = l.torn || n > 0
		return fmt.Errorf("write the recording: %w", err)
	}
	l.torn = false
	return nil
}

func (l *lineWriter) close() error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("close the recording: %w", err)
	}
	return nil
}
