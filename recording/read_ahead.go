package recording

import (
	"fmt"
	"path/filepath"
)

// readAhead decodes the segments of a recording in their order, each while the
// one before it is used.
type readAhead struct {
	decoded chan decoded
	// free are columns to be used again. There are two of them: one is used
	// while the other one is loaded.
	free    chan *columns
	stopped chan struct{}
}

// decoded is a segment, or why it cannot be read.
type decoded struct {
	path    string
	columns *columns
	err     error
}

func startReading(dir string, segments []segmentSeal) *readAhead {
	a := &readAhead{decoded: make(chan decoded), free: make(chan *columns, 2), stopped: make(chan struct{})}
	for range cap(a.free) {
		a.free <- new(columns)
	}
	go a.run(dir, segments)
	return a
}

// stop ends the reading, and returns when it has ended.
func (a *readAhead) stop() {
	close(a.stopped)
	for range a.decoded {
		// What was decoded last is not wanted any more.
	}
}

// done gives columns back.
func (a *readAhead) done(c *columns) { a.free <- c }

func (a *readAhead) run(dir string, segments []segmentSeal) {
	defer close(a.decoded)
	from, err := openSource(dir)
	if err != nil {
		a.give(decoded{path: dir, err: err})
		return
	}
	defer from.close()
	var data []byte
	for _, seal := range segments {
		next := decoded{path: filepath.Join(dir, seal.Name)}
		select {
		case next.columns = <-a.free:
		case <-a.stopped:
			return
		}
		if data, next.err = seal.read(from, data); next.err == nil {
			next.err = next.columns.load(data)
		}
		if rows := next.columns.rows; next.err == nil && rows != seal.Samples {
			next.err = fmt.Errorf("%d samples instead of %d", rows, seal.Samples)
		}
		if !a.give(next) || next.err != nil {
			return
		}
	}
}

// give hands over what was decoded, if it is still wanted.
func (a *readAhead) give(d decoded) bool {
	select {
	case a.decoded <- d:
		return true
	case <-a.stopped:
		return false
	}
}
