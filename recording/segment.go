package recording

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// A segment is closed once it is this old, which bounds what a killed run loses,
// or once it holds this many samples, which bounds the memory a run needs.
const (
	segmentAge  = 4 * time.Second
	segmentRows = 1 << 17

	// batchRows is how many samples are handed to the Parquet writer at once.
	batchRows = 512
)

// segmentWriter writes samples into Parquet files one after the other. A
// Parquet file is readable only once its footer is written, hence the segments.
type segmentWriter struct {
	dir string
	now func() time.Time

	mu     sync.Mutex
	number int
	file   *os.File
	sealer *sealer
	seals  *lineWriter
	rows   *parquet.GenericWriter[row]
	count  int
	since  time.Time
	batch  []row
}

func newSegmentWriter(dir string, now func() time.Time) (*segmentWriter, error) {
	seals, err := newLineWriter(filepath.Join(dir, segmentsFile))
	if err != nil {
		return nil, err
	}
	return &segmentWriter{dir: dir, now: now, seals: seals, batch: make([]row, 0, batchRows)}, nil
}

func (w *segmentWriter) write(s *Sample) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rows == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	w.batch = append(w.batch, rowOf(s))
	w.count++
	if w.count >= segmentRows || w.now().Sub(w.since) >= segmentAge {
		return w.finish()
	}
	if len(w.batch) == cap(w.batch) {
		return w.flush()
	}
	return nil
}

func (w *segmentWriter) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var err error
	if w.rows != nil {
		err = w.finish()
	}
	return errors.Join(err, w.seals.close())
}

func (w *segmentWriter) begin() error {
	w.number++
	file, err := os.Create(w.path() + unclosedSuffix)
	if err != nil {
		return fmt.Errorf("begin a segment of samples: %w", err)
	}
	w.file = file
	w.sealer = newSealer(file)
	w.rows = parquet.NewGenericWriter[row](w.sealer,
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}))
	w.count, w.since = 0, w.now()
	return nil
}

func (w *segmentWriter) flush() error {
	_, err := w.rows.Write(w.batch)
	w.batch = w.batch[:0]
	if err != nil {
		return fmt.Errorf("write samples: %w", err)
	}
	return nil
}

// finish closes the segment, gives it its readable name and seals it.
func (w *segmentWriter) finish() error {
	err := errors.Join(w.flush(), w.rows.Close(), w.file.Close())
	if err == nil {
		err = os.Rename(w.path()+unclosedSuffix, w.path())
	}
	if err == nil {
		err = w.seals.write(segmentSeal{
			Name: segmentName(w.number), Samples: w.count, Bytes: w.sealer.bytes, CRC32C: w.sealer.sum.Sum32(),
		})
	}
	w.rows, w.file = nil, nil
	if err != nil {
		return fmt.Errorf("close a segment of samples: %w", err)
	}
	return nil
}

func (w *segmentWriter) path() string { return filepath.Join(w.dir, segmentName(w.number)) }
