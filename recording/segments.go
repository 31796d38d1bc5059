package recording

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"
)

// Segment is a sealed segment of samples in memory, as it lies in a recording's
// folder.
type Segment struct {
	Samples int
	// CRC32C is the Castagnoli checksum of Data.
	CRC32C uint32
	// Data is Parquet.
	Data []byte
}

// check tells whether the segment is as it was sealed.
func (s *Segment) check() (err error) {
	defer panicAsError(&err)
	if len(s.Data) > mostSegment {
		return fmt.Errorf("%d bytes; at most %d are read", len(s.Data), mostSegment)
	}
	if crc32.Checksum(s.Data, castagnoli) != s.CRC32C {
		return errors.New("its checksum is wrong")
	}
	file, err := openSegment(s.Data)
	if err != nil {
		return err
	}
	if rows := file.NumRows(); rows != int64(s.Samples) {
		return fmt.Errorf("%d samples instead of %d", rows, s.Samples)
	}
	return nil
}

// Segments makes segments of samples for [Writer.Segment] of a recording that is
// written elsewhere, by the same rules as a Writer makes its own.
type Segments struct {
	samples *segmentWriter
	// firstErr belongs to the goroutine that seals until that has ended.
	firstErr error
}

// NewSegments gives each segment to sealed, in order, from one goroutine: while sealed
// does not return, samples of two segments are kept, and then Sample waits. What goes
// wrong costs a segment's samples, and is told to failed.
func NewSegments(now func() time.Time, sealed func(Segment), failed func(error)) *Segments {
	s := &Segments{}
	var encoded bytes.Buffer
	s.samples = newSegmentWriter(now, func(samples int, encode func(io.Writer) error) error {
		encoded.Reset()
		if err := encode(&encoded); err != nil {
			return fmt.Errorf("make a segment of samples: %w", err)
		}
		data := bytes.Clone(encoded.Bytes())
		sealed(Segment{Samples: samples, CRC32C: crc32.Checksum(data, castagnoli), Data: data})
		return nil
	}, func(err error) {
		if s.firstErr == nil {
			s.firstErr = err
		}
		failed(err)
	})
	return s
}

// Sample adds one request. It may be called from many goroutines at once.
func (s *Segments) Sample(sample Sample) { s.samples.write(&sample) }

// Close seals what is left and returns the first error. No other method may be called
// from then on.
func (s *Segments) Close() error {
	s.samples.close()
	return s.firstErr
}
