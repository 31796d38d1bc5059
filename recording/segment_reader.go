package recording

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/parquet-go/parquet-go"
)

// segmentReader reads one segment. The Parquet library panics on some malformed
// files; to the person with a damaged recording that is the same as an error.
type segmentReader struct {
	rows      *parquet.GenericReader[row]
	remaining int64
}

func openSegment(file *os.File) (segment *segmentReader, err error) {
	defer panicAsError(&err)
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	opened, err := parquet.OpenFile(file, info.Size())
	if err != nil {
		return nil, err
	}
	rows := parquet.NewGenericReader[row](opened)
	return &segmentReader{rows: rows, remaining: rows.NumRows()}, nil
}

// read fills rows. It returns an error where fewer are left than the footer
// tells.
func (s *segmentReader) read(rows []row) (n int, err error) {
	defer panicAsError(&err)
	n, err = s.rows.Read(rows)
	s.remaining -= int64(n)
	switch {
	case s.remaining <= 0 && (err == nil || errors.Is(err, io.EOF)):
		return n, nil
	case err != nil && !errors.Is(err, io.EOF):
		return n, err
	case n == 0 || errors.Is(err, io.EOF):
		return n, fmt.Errorf("%d rows fewer than its footer tells", s.remaining)
	default:
		return n, nil
	}
}

func (s *segmentReader) close() {
	var ignored error
	defer panicAsError(&ignored)
	ignored = s.rows.Close()
}

func panicAsError(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("malformed Parquet: %v", p)
	}
}
