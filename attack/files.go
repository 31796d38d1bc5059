package attack

import (
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// readFile gives the content of a file that the check names, which may have so many
// bytes.
type readFile func(name string, most int64) ([]byte, error)

func (cfg *Config) readFile(name string, most int64) ([]byte, error) {
	if cfg.ReadFile == nil {
		return check.ReadFile(name, most)
	}
	data, err := cfg.ReadFile(name)
	if err == nil && int64(len(data)) > most {
		return nil, fmt.Errorf("%s is longer than %d bytes", name, most)
	}
	return data, err
}
