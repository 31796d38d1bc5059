package witness

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// eachLine gives the lines of the files that a pattern names. What a killed process
// was writing ends in the middle of a line; such a last line is left out.
func eachLine(pattern string, take func(path string, line []byte) error) error {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for line := range bytes.Lines(data) {
			if !bytes.HasSuffix(line, []byte("\n")) {
				break
			}
			if err := take(path, line); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	return nil
}
