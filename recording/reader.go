package recording

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
)

// Recording is a run read back from disk. Samples are read as they are asked
// for; the rest is small and held.
type Recording struct {
	Header  Header
	Events  Events
	Actions []Action
	// Ending is nil for a run that was killed.
	Ending *Ending

	dir      string
	segments []segmentSeal
}

// Open reads the recording in dir. Its errors name the file that is damaged and
// what could be read of it.
func Open(dir string) (*Recording, error) {
	r := &Recording{dir: dir}
	if err := readJSON(filepath.Join(dir, headerFile), &r.Header); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s holds no recording: there is no %s in it", dir, headerFile)
		}
		return nil, err
	}
	if v := r.Header.Version; v < oldestVersion || v > Version {
		return nil, fmt.Errorf("%s was written in version %d of the format; this tool reads versions %d to %d",
			filepath.Join(dir, headerFile), v, oldestVersion, Version)
	}

	var eventsErr, actionsErr, segmentsErr error
	gathered := newGathering()
	gathered.events, eventsErr = readLines(filepath.Join(dir, eventsFile), gathered.take)
	r.Events = gathered.Events
	r.Actions, actionsErr = readLines(filepath.Join(dir, actionsFile), func(*Action) {})
	r.segments, segmentsErr = readLines(filepath.Join(dir, segmentsFile), func(*segmentSeal) {})
	if err := errors.Join(eventsErr, actionsErr, segmentsErr); err != nil {
		return nil, err
	}

	var ending Ending
	switch err := readJSON(filepath.Join(dir, endingFile), &ending); {
	case err == nil:
		r.Ending = &ending
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return r, nil
}

// Samples gives every sample, segment by segment: a segment holds those that
// ended in its few seconds, stream by stream in the order of Seq (in version 1 of
// the format all in the order in which they ended). The sample is overwritten by
// the next one. After an error there are no more.
func (r *Recording) Samples() iter.Seq2[*Sample, error] {
	return func(yield func(*Sample, error) bool) {
		ahead := startReading(r.dir, r.segments)
		defer ahead.stop()
		read := 0
		var s Sample
		for segment := range ahead.decoded {
			if segment.err != nil {
				yield(nil, fmt.Errorf("%s is damaged (%w); %d samples before it could be read", segment.path, segment.err, read))
				return
			}
			for i := range segment.columns.rows {
				s = segment.columns.sample(i)
				if !yield(&s, nil) {
					return
				}
			}
			read += segment.columns.rows
			ahead.done(segment.columns)
		}
	}
}

func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s is damaged: %w", path, err)
	}
	return nil
}
