package witness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/shutdowncheck/shutdowncheck/internal/victim"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Events reads the logs that the pods of a service left in a folder. What a
// killed process was writing ends in the middle of a line; such a last line is
// left out.
func Events(folder string) ([]victim.Event, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	var events []victim.Event
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for line := range bytes.Lines(data) {
			if !bytes.HasSuffix(line, []byte("\n")) {
				break
			}
			var e victim.Event
			if err := json.Unmarshal(line, &e); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			events = append(events, e)
		}
	}
	return events, nil
}

// Samples reads all samples of a recording.
func Samples(folder string) ([]recording.Sample, error) {
	r, err := recording.Open(folder)
	if err != nil {
		return nil, err
	}
	var samples []recording.Sample
	for s, err := range r.Samples() {
		if err != nil {
			return nil, err
		}
		samples = append(samples, *s)
	}
	return samples, nil
}
