package recording

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Writer writes a recording. Its methods may be called from many goroutines at
// once. The first error is told to whoever asked with OnError, and returned by
// Close; after it the Writer goes on with what still works, because a run in
// progress has to put the cluster back whatever becomes of its disk.
type Writer struct {
	dir     string
	disk    disk
	samples *segmentWriter
	folder  *segmentFolder
	events  *lineWriter
	actions *lineWriter

	mu       sync.Mutex
	firstErr error
	failed   func(error)
}

// Create makes the folder dir and begins a recording in it, for its owner alone: a
// folder that is there keeps its mode. One that
// already holds a recording is refused, so that none is overwritten.
func Create(dir string, now func() time.Time) (*Writer, error) {
	return create(dir, now, osDisk{})
}

func create(dir string, now func() time.Time, d disk) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the recording: %w", err)
	}
	for _, name := range []string{headerFile, eventsFile, segmentsFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return nil, fmt.Errorf("%s already holds a recording; name another folder", dir)
		}
	}
	w := &Writer{dir: dir, disk: d, failed: func(error) {}}
	folder, err := newSegmentFolder(dir, d)
	if err != nil {
		return nil, err
	}
	events, err := newLineWriter(d, filepath.Join(dir, eventsFile))
	if err != nil {
		return nil, errors.Join(err, folder.close())
	}
	actions, err := newLineWriter(d, filepath.Join(dir, actionsFile))
	if err != nil {
		return nil, errors.Join(err, folder.close(), events.close())
	}
	w.folder, w.events, w.actions = folder, events, actions
	w.samples = newSegmentWriter(now, folder.seal, w.keep)
	return w, nil
}

// OnError has failed told, once, of the first error, which may have come
// already. It is called from whatever goroutine met the error, which waits for it.
func (w *Writer) OnError(failed func(error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = failed
	if w.firstErr != nil {
		failed(w.firstErr)
	}
}

// Header writes what is known before the run begins.
func (w *Writer) Header(h Header) error {
	h.Version = Version
	return writeJSON(w.disk, filepath.Join(w.dir, headerFile), h)
}

// Sample adds one request.
func (w *Writer) Sample(s Sample) { w.samples.write(&s) }

// Segment adds a segment that was sealed elsewhere. It is on the disk when Segment
// returns. One that did not arrive as it was sealed is refused and leaves no trace: it
// may be given again. Those of a sender are to be given one after the other, in their
// order.
func (w *Writer) Segment(s Segment) error {
	if err := s.check(); err != nil {
		return fmt.Errorf("a segment of samples: %w", err)
	}
	err := w.folder.seal(s.Samples, func(to io.Writer) error {
		_, err := to.Write(s.Data)
		return err
	})
	w.keep(err)
	return err
}

// Event adds one thing the watches saw.
func (w *Writer) Event(e Event) { w.keep(w.events.write(e)) }

// Action adds one thing the run did.
func (w *Writer) Action(a Action) { w.keep(w.actions.write(a)) }

// Close ends the recording and returns the first error met while writing it.
// No other method may be called from then on. What end says to be recorded is
// what was given to the Writer, whether it could be written or not.
func (w *Writer) Close(end Ending) error {
	w.samples.close()
	w.keep(w.folder.close())
	w.keep(w.events.close())
	w.keep(w.actions.close())
	end.Recorded = &Counts{Events: w.events.given, Actions: w.actions.given}
	w.keep(writeJSON(w.disk, filepath.Join(w.dir, endingFile), end))
	return w.firstErr
}

func (w *Writer) keep(err error) {
	if err == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.firstErr == nil {
		w.firstErr = err
		w.failed(err)
	}
}

// writeJSON writes v to path so that a reader sees all of it or nothing.
func writeJSON(d disk, path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", filepath.Base(path), err)
	}
	err = writeWhole(d, path, func(to io.Writer) error {
		_, err := to.Write(append(data, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("write the recording: %w", err)
	}
	return nil
}
