package recording

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// lineWriter appends JSON lines. Each line goes to the kernel at once, so that
// only a line that was being written is lost when the process is killed.
type lineWriter struct {
	mu   sync.Mutex
	file *os.File
}

func newLineWriter(path string) (*lineWriter, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("begin the recording: %w", err)
	}
	return &lineWriter{file: file}, nil
}

func (l *lineWriter) write(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode a line of %s: %w", filepath.Base(l.file.Name()), err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.file.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("write the recording: %w", err)
	}
	return nil
}

func (l *lineWriter) close() error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("close the recording: %w", err)
	}
	return nil
}

// readLines decodes a file of JSON lines. A damaged line ends the reading: what
// came before it is returned together with an error that names the line. The
// unfinished last line of a killed run is no damage. take sees each value before it
// is kept, and may change it.
func readLines[T any](path string, take func(*T)) ([]T, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()

	var values []T
	reader := bufio.NewReader(file)
	for number := 1; ; number++ {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return values, fmt.Errorf("read %s: %w", path, err)
		}
		var value T
		decoder := json.NewDecoder(bytes.NewReader(line))
		if err := decoder.Decode(&value); err != nil {
			return values, fmt.Errorf("%s:%d is damaged (%w); %d lines before it could be read", path, number, err, len(values))
		}
		take(&value)
		values = append(values, value)
	}
}
