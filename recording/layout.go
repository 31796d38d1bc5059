package recording

import (
	"fmt"
	"regexp"
)

// The files of a recording.
const (
	headerFile   = "run.json"
	eventsFile   = "events.jsonl"
	actionsFile  = "actions.jsonl"
	endingFile   = "end.json"
	segmentsFile = "segments.jsonl"

	// unclosedSuffix marks a segment that is still being written. Such a file
	// has no footer and cannot be read.
	unclosedSuffix = ".part"
)

func segmentName(number int) string { return fmt.Sprintf("samples-%06d.parquet", number) }

var segmentPattern = regexp.MustCompile(`^samples-[0-9]{6,}\.parquet$`)
