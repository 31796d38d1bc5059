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
	Events  []Event
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
	if r.Header.Version != Version {
		return nil, fmt.Errorf("%s was written in version %d of the format; this tool reads version %d",
			filepath.Join(dir, headerFile), r.Header.Version, Version)
	}

	var eventsErr, actionsErr, segmentsErr error
	r.Events, eventsErr = readLines[Event](filepath.Join(dir, eventsFile))
	r.Actions, actionsErr = readLines[Action](filepath.Join(dir, actionsFile))
	r.segments, segmentsErr = readLines[segmentSeal](filepath.Join(dir, segmentsFile))
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

// Samples gives every sample, segment by segment. Within a segment they stand
// in the order in which they ended. After an error there are no more.
func (r *Recording) Samples() iter.Seq2[*Sample, error] {
	return func(yield func(*Sample, error) bool) {
		read := 0
		for _, seal := range r.segments {
			path := filepath.Join(r.dir, seal.Name)
			more, err := eachSample(path, seal, func(s *Sample) bool {
				read++
				return yield(s, nil)
			})
			if err != nil {
				yield(nil, fmt.Errorf("%s is damaged (%w); %d samples before it could be read", path, err, read))
				return
			}
			if !more {
				return
			}
		}
	}
}

// eachSample calls use for each sample of one segment until it returns false.
func eachSample(path string, seal segmentSeal, use func(*Sample) bool) (more bool, err error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	if err := seal.verify(file); err != nil {
		return false, err
	}
	segment, err := openSegment(file)
	if err != nil {
		return false, err
	}
	defer segment.close()

	rows := make([]row, batchRows)
	for segment.remaining > 0 {
		n, err := segment.read(rows)
		for i := range rows[:n] {
			s := rows[i].sample()
			if !use(&s) {
				return false, nil
			}
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
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
