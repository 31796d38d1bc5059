package recording

import (
	"fmt"
	"path/filepath"
	"slices"
)

// The files of a recording.
const (
	headerFile  = "run.json"
	eventsFile  = "events.jsonl"
	actionsFile = "actions.jsonl"
	endingFile  = "end.json"

	segmentPattern = "samples-*.parquet"
	// unclosedSuffix marks a segment that is still being written. Such a file
	// has no footer and cannot be read.
	unclosedSuffix = ".part"
)

func segmentName(number int) string { return fmt.Sprintf("samples-%06d.parquet", number) }

// segments lists the closed segments of a recording in the order in which they
// were written.
func segments(dir string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, segmentPattern))
	if err != nil {
		return nil, fmt.Errorf("list the sample segments of %s: %w", dir, err)
	}
	slices.Sort(paths)
	return paths, nil
}
