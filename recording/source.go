package recording

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// How much of each file is read. A recording may come from anybody: a file that
// claims more is refused before room is made for it.
const (
	most     = 1 << 20
	mostJSON = 16 * most
	// mostLines bounds a file of lines, mostLine each of its lines.
	mostLines = 1024 * most
	mostLine  = 4 * most
	// mostSegment bounds a segment as it lies on the disk.
	mostSegment = 64 * most
	// mostStreams bounds those of a check: a report keeps a few megabytes of each.
	mostStreams = 100
	// mostSenders bounds those of a run, of which a report keeps counts by stream: one
	// on each node is at most 5,000 (kubernetes.io/docs/setup/best-practices/cluster-large).
	mostSenders = 10_000
)

// source is the folder that a recording is read from. It opens plain files that
// lie in it and nothing else: what leads out of it, a device or a pipe that nobody
// writes into, is refused.
type source struct {
	dir  string
	root *os.Root
}

func openSource(dir string) (*source, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("%s holds no recording: %w", dir, bare(err))
	}
	return &source{dir: dir, root: root}, nil
}

func (s *source) close() { _ = s.root.Close() } // nothing was written

func (s *source) path(name string) string { return filepath.Join(s.dir, name) }

// open opens a file of at most so many bytes and tells its length.
func (s *source) open(name string, atMost int64) (*os.File, int64, error) {
	found, err := s.root.Lstat(name)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", s.path(name), bare(err))
	}
	if !found.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s is %s; want a plain file", s.path(name), kindOf(found.Mode()))
	}
	// Whatever takes its place in this moment, opening it does not wait.
	file, err := s.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", s.path(name), bare(err))
	}
	opened, err := file.Stat()
	switch {
	case err != nil:
		err = fmt.Errorf("%s: %w", s.path(name), bare(err))
	case !os.SameFile(found, opened):
		err = fmt.Errorf("%s was replaced while it was read", s.path(name))
	case opened.Size() > atMost:
		err = fmt.Errorf("%s is %d bytes long; at most %d are read", s.path(name), opened.Size(), atMost)
	}
	if err != nil {
		_ = file.Close() // nothing was written
		return nil, 0, err
	}
	return file, opened.Size(), nil
}

// bare is the error of a call to the system without the call and the path.
func bare(err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err
	}
	return err
}

// kindOf names what is no plain file.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeSymlink != 0:
		return "a link"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device"
	}
}

// json decodes a file of one value.
func (s *source) json(name string, v any) error {
	file, _, err := s.open(name, mostJSON)
	if err != nil {
		return err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, mostJSON))
	if err != nil {
		return fmt.Errorf("read %s: %w", s.path(name), bare(err))
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s is damaged: %w", s.path(name), err)
	}
	return nil
}

// lines are the values of a file of JSON lines, and what is lost of it.
type lines[T any] struct {
	values []T
	// damaged counts the lines that cannot be read; first says which was the first
	// one and why.
	damaged int
	first   string
	// unfinished tells that the last line has no end, as in the recording of a
	// killed run.
	unfinished bool
}

// loss says what is damaged; empty where nothing is.
func (l lines[T]) loss() string {
	switch l.damaged {
	case 0:
		return ""
	case 1:
		return l.first + " cannot be read"
	default:
		return fmt.Sprintf("%d lines cannot be read, the first is %s", l.damaged, l.first)
	}
}

// readLines decodes a file of JSON lines. A damaged line is left out and counted.
// So is a value that is not whole.
func readLines[T any](s *source, name string, whole func(*T) error) (lines[T], error) {
	var all lines[T]
	file, _, err := s.open(name, mostLines)
	if err != nil {
		return all, err
	}
	defer file.Close()
	reader := bufio.NewReaderSize(io.LimitReader(file, mostLines), 1<<16)
	var line []byte
	for number := 1; ; number++ {
		var tooLong bool
		line, tooLong, err = nextLine(reader, line[:0])
		if errors.Is(err, io.EOF) {
			all.unfinished = len(line) > 0
			return all, nil
		}
		if err != nil {
			return all, fmt.Errorf("read %s: %w", s.path(name), bare(err))
		}
		if tooLong {
			err = fmt.Errorf("it is longer than %d bytes", mostLine)
		} else {
			err = all.take(line, whole)
		}
		if err != nil {
			if all.damaged++; all.damaged == 1 {
				all.first = fmt.Sprintf("line %d (%v)", number, err)
			}
		}
	}
}

// nextLine reads a line with its end into buffer, or what there is of it at the
// end of the file. Of one that is too long only the beginning is kept.
func nextLine(reader *bufio.Reader, buffer []byte) (line []byte, tooLong bool, err error) {
	for {
		part, err := reader.ReadSlice('\n')
		if len(buffer)+len(part) > mostLine {
			tooLong = true
		} else {
			buffer = append(buffer, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return buffer, tooLong, err
		}
	}
}

// take decodes a line. It may hold several values, where only the end of a line
// was torn off before the next one was written.
func (l *lines[T]) take(line []byte, whole func(*T) error) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	for taken := 0; ; taken++ {
		var value T
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) && taken > 0 {
			return nil
		}
		if errors.Is(err, io.EOF) {
			err = errors.New("it is empty")
		}
		if err == nil {
			err = whole(&value)
		}
		if err != nil {
			return err
		}
		l.values = append(l.values, value)
	}
}
