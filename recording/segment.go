package recording

import (
	"cmp"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// SegmentAge is how old a segment of samples becomes before it is closed, which
// bounds what a killed run loses: the segment that was being filled, and the one
// that was on its way to the disk if there was one.
const SegmentAge = 4 * time.Second

const (
	// segmentRows is how many samples close a segment before its time, which
	// bounds the memory a run needs.
	segmentRows = 1 << 15

	// batchRows is how many samples are handed to the Parquet writer at once.
	batchRows = 512
)

// segmentWriter gathers samples and has them written into Parquet files one after
// the other. A Parquet file is readable only once its footer is written, hence the
// segments. They are encoded in a goroutine of their own, so that nobody who
// sends requests has to wait for that.
type segmentWriter struct {
	now func() time.Time

	mu      sync.Mutex
	samples []Sample
	since   time.Time

	full chan []Sample
	// free are buffers to be used again: one is filled while the other one is
	// encoded.
	free  chan []Sample
	ended chan struct{}
}

// sealSegment makes a segment of so many samples, with the content that encode writes.
type sealSegment func(samples int, encode func(io.Writer) error) error

// newSegmentWriter tells failed of what goes wrong later.
func newSegmentWriter(now func() time.Time, seal sealSegment, failed func(error)) *segmentWriter {
	w := &segmentWriter{now: now, full: make(chan []Sample), free: make(chan []Sample, 2), ended: make(chan struct{})}
	for range cap(w.free) {
		w.free <- nil
	}
	w.samples = <-w.free
	encoder := segmentEncoder{batch: make([]row, 0, batchRows), codec: zstd.Codec{Level: zstd.SpeedFastest}}
	go func() {
		defer close(w.ended)
		for samples := range w.full {
			// Whatever becomes of a segment, those who write must not be left waiting.
			err := guard.Call("writing a segment of samples", func() error {
				return seal(len(samples), func(to io.Writer) error { return encoder.encode(to, samples) })
			})
			if err != nil {
				failed(err)
			}
			clear(samples) // so that its texts can go
			w.free <- samples[:0]
		}
	}()
	return w
}

// write adds a sample. It waits only where the disk falls behind by a whole
// segment.
func (w *segmentWriter) write(s *Sample) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	if len(w.samples) == 0 {
		w.since = now
	}
	w.samples = append(w.samples, *s)
	if len(w.samples) >= segmentRows || now.Sub(w.since) >= SegmentAge {
		w.hand()
	}
}

// hand gives what was gathered to the encoder.
func (w *segmentWriter) hand() {
	w.full <- w.samples
	w.samples = <-w.free
}

// close writes the last segment and waits until all are sealed.
func (w *segmentWriter) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.samples) > 0 {
		w.hand()
	}
	close(w.full)
	<-w.ended
}

// segmentEncoder puts samples into the form of a segment.
type segmentEncoder struct {
	rows   *parquet.GenericWriter[row] // of the present segment
	codec  zstd.Codec
	batch  []row
	places []place
}

// encode writes the samples stream by stream, in the order in which they were
// sent: numbers, schedules and new connections then go up evenly, which takes
// next to no room.
func (e *segmentEncoder) encode(to io.Writer, samples []Sample) error {
	// Reset of the last segment's writer would lose the columns' names in the
	// footer (parquet-go 0.32).
	e.batch = e.batch[:0] // a panic may have left some
	e.rows = parquet.NewGenericWriter[row](to,
		parquet.Compression(&e.codec),
		// A segment has a page or two of each column: the bounds of the column,
		// which stay, tell nearly as much as theirs.
		parquet.DataPageStatistics(false))
	for _, place := range e.inOrder(samples) {
		e.batch = append(e.batch, rowOf(&samples[place.index]))
		if len(e.batch) == cap(e.batch) {
			if err := e.flush(); err != nil {
				return err
			}
		}
	}
	if err := e.flush(); err != nil {
		return err
	}
	return e.rows.Close()
}

// place is where one of the samples belongs among the others.
type place struct {
	stream int32 // by first appearance
	index  int32 // among the samples
	seq    uint64
}

// inOrder gives the places of the samples in the order in which they are to be
// written. They are valid until the next call.
func (e *segmentEncoder) inOrder(samples []Sample) []place {
	e.places = e.places[:0]
	var streams []string
	for i := range samples {
		stream := slices.Index(streams, samples[i].Stream)
		if stream < 0 {
			stream = len(streams)
			streams = append(streams, samples[i].Stream)
		}
		e.places = append(e.places, place{stream: int32(stream), index: int32(i), seq: samples[i].Seq})
	}
	slices.SortFunc(e.places, func(a, b place) int {
		if a.stream != b.stream {
			return cmp.Compare(a.stream, b.stream)
		}
		return cmp.Compare(a.seq, b.seq)
	})
	return e.places
}

func (e *segmentEncoder) flush() error {
	_, err := e.rows.Write(e.batch)
	e.batch = e.batch[:0]
	return err
}
