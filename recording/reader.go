package recording

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"time"
)

// Recording is a run read back from disk. Samples are read as they are asked
// for; the rest is small and held.
type Recording struct {
	Header  Header
	Events  Events
	Actions []Action
	// Ending is nil for a run that was killed.
	Ending *Ending
	// Losses are what was recorded and cannot be read any more. What the killed
	// process of a run had not come to write is none.
	Losses []Loss

	dir      string
	segments []segmentSeal
}

// Loss tells of lines that are missing from one of the files.
type Loss struct {
	// Text says it in words.
	Text string
	// Samples tells that it concerns nothing but samples. Of what the cluster or
	// the run itself did, anything may be missing otherwise.
	Samples bool
}

// Open reads the recording in dir. Lines that are damaged are left out, and told in
// Losses. Its errors name the file that cannot be read, and why. Nothing outside
// dir is read, whatever is in it.
func Open(dir string) (*Recording, error) {
	source, err := openSource(dir)
	if err != nil {
		return nil, err
	}
	defer source.close()
	r := &Recording{dir: dir}
	if err := source.json(headerFile, &r.Header); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s holds no recording: there is no %s in it", dir, headerFile)
		}
		return nil, err
	}
	if v := r.Header.Version; v < oldestVersion || v > Version {
		return nil, fmt.Errorf("%s was written in version %d of the format; this tool reads versions %d to %d",
			source.path(headerFile), v, oldestVersion, Version)
	}
	if n := len(r.Header.Check.Streams); n > mostStreams {
		return nil, fmt.Errorf("%s names %d streams; at most %d are read", source.path(headerFile), n, mostStreams)
	}
	if n := len(r.Header.Senders); n > mostSenders {
		return nil, fmt.Errorf("%s names %d senders; at most %d are read", source.path(headerFile), n, mostSenders)
	}
	var ending Ending
	switch err := source.json(endingFile, &ending); {
	case err == nil:
		r.Ending = &ending
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}

	gathered := newGathering()
	events, eventsErr := readLines(source, eventsFile, func(e *Event) error {
		if err := timed(e.At); err != nil {
			return err
		}
		gathered.take(e)
		return nil
	})
	actions, actionsErr := readLines(source, actionsFile, func(a *Action) error { return timed(a.At) })
	seals, sealsErr := readLines(source, segmentsFile, newSealCheck())
	if err := errors.Join(eventsErr, actionsErr, sealsErr); err != nil {
		return nil, err
	}
	gathered.events = events.values
	r.Events, r.Actions, r.segments = gathered.Events, actions.values, seals.values
	if err := checkNames(source.path(segmentsFile), r.segments); err != nil {
		return nil, err
	}
	r.lose(eventsFile, r.Events.Len(), events.loss(), events.unfinished, func(c *Counts) int { return c.Events })
	r.lose(actionsFile, len(r.Actions), actions.loss(), actions.unfinished, func(c *Counts) int { return c.Actions })
	r.lose(segmentsFile, len(r.segments), seals.loss(), seals.unfinished, nil)
	return r, nil
}

// timed refuses what has no time: everything that is recorded has one.
func timed(at time.Time) error {
	if at.IsZero() {
		return errors.New("it has no time")
	}
	return nil
}

// lose notes what is missing of a file from which so many lines could be read.
func (r *Recording) lose(file string, read int, damage string, unfinished bool, recorded func(*Counts) int) {
	ended := r.Ending != nil
	switch {
	case recorded != nil && ended && r.Ending.Recorded != nil && read != recorded(r.Ending.Recorded):
		text := fmt.Sprintf("%s has %d lines that can be read, %d were recorded", file, read, recorded(r.Ending.Recorded))
		if damage != "" {
			text += ": " + damage
		}
		r.Losses = append(r.Losses, Loss{Text: text})
	case damage != "":
		r.Losses = append(r.Losses, Loss{Text: file + " is damaged: " + damage, Samples: file == segmentsFile})
	case unfinished && ended:
		r.Losses = append(r.Losses, Loss{Text: file + " is damaged: its last line is cut", Samples: file == segmentsFile})
	}
}

// Samples gives every sample, segment by segment: a segment holds those of one sender
// that ended in its few seconds, stream by stream in the order of Seq (in version 1 of
// the format all in the order in which they ended). The segments of a sender come in
// their order, those of several senders as they arrived: one may be later than others
// of its time by as long as its sender could not be reached. The sample is overwritten
// by the next one. After an error there are no more.
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
