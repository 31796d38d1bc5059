package experiment

import (
	"errors"
	"time"

	"github.com/shutdowncheck/shutdowncheck/attack"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Feasible tells what of a valid check this machine lacks: files that it names, and
// where it is to send the requests itself ports, descriptors, an address family. It
// asks no cluster and sends nothing. Its errors are of check.FieldError.
func Feasible(c check.Check) error {
	if c.WantsURL() {
		return nil // what is read of the files depends on it
	}
	_, err := contents(c)
	if err == nil && c.Inside == nil {
		return attack.Feasible(c.Streams)
	}
	return err
}

// contents are those of all files that a check names, by the names that they have in it.
func contents(c check.Check) (map[string][]byte, error) {
	files := map[string][]byte{}
	read := func(name string) ([]byte, error) {
		if known, ok := files[name]; ok {
			return known, nil
		}
		data, err := check.ReadFile(name, check.MostTargets)
		if err == nil {
			files[name] = data
		}
		return data, err
	}
	var problems []error
	for i, spec := range c.Streams {
		if c.WantsReflection(spec) {
			// Its message is put together when its server has told the types.
			spec.GRPC = spec.GRPC.Emptied()
		}
		cfg := attack.Config{Stream: spec, Target: c.Target, Now: time.Now, Sink: func(recording.Sample) {}}
		if c.Inside != nil {
			cfg.ReadFile = read
		}
		if _, err := attack.New(cfg); err != nil {
			problems = append(problems, check.InStream(i, err))
		}
	}
	return files, errors.Join(problems...)
}
