package check

import (
	"fmt"
	"io"
	"os"
)

// The most that is read of a file that a user names, in bytes. What is longer was not
// meant: a device that never ends, or the wrong file.
const (
	MostText    = 1 << 20  // a check, headers, certificates
	MostTargets = 64 << 20 // bodies and lists of targets
)

// ReadFile reads a file, or a pipe, of at most so many bytes. A longer one is an error.
func ReadFile(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("%s is longer than %d bytes", path, most)
	}
	return data, nil
}
