package bench

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// recordedLateness reads from a recording how late requests went out.
func recordedLateness(dir string) ([]time.Duration, error) {
	r, err := recording.Open(dir)
	if err != nil {
		return nil, err
	}
	var late []time.Duration
	for sample, err := range r.Samples() {
		if err != nil {
			return nil, err
		}
		late = append(late, sample.Sent)
	}
	if len(late) == 0 {
		return nil, fmt.Errorf("%s holds no sample", dir)
	}
	return late, nil
}

// readResults gives the results that the vegeta command wrote to a file. All requests
// have to have been answered; after an error there are no more.
func readResults(path string) iter.Seq2[vegeta.Result, error] {
	return func(yield func(vegeta.Result, error) bool) {
		file, err := os.Open(path)
		if err != nil {
			yield(vegeta.Result{}, err)
			return
		}
		defer file.Close()
		decode := vegeta.NewDecoder(bufio.NewReader(file))
		for {
			var result vegeta.Result
			err := decode.Decode(&result)
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				err = fmt.Errorf("read vegeta's results: %w", err)
			case result.Error != "":
				err = fmt.Errorf("vegeta: %s", result.Error)
			}
			if !yield(result, err) || err != nil {
				return
			}
		}
	}
}

// vegetaLateness reads from vegeta's results how late requests went out.
func vegetaLateness(path string, rate int) ([]time.Duration, error) {
	var all []sentAt
	for result, err := range readResults(path) {
		if err != nil {
			return nil, err
		}
		all = append(all, sentAt{result.Seq, result.Timestamp})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no result", path)
	}
	return lateness(all, float64(rate)), nil
}

// sentAt is a request of vegeta: its number and when it was sent.
type sentAt struct {
	seq uint64
	at  time.Time
}

// lateness of requests behind an even schedule, which begins as late as it can with
// none of them sent too early: vegeta does not tell when it meant to send.
func lateness(all []sentAt, rate float64) []time.Duration {
	due := func(seq uint64) time.Duration { return time.Duration(float64(seq) / rate * float64(time.Second)) }
	var began time.Time
	for i, s := range all {
		if allowed := s.at.Add(-due(s.seq)); i == 0 || allowed.Before(began) {
			began = allowed
		}
	}
	late := make([]time.Duration, len(all))
	for i, s := range all {
		late[i] = s.at.Sub(began) - due(s.seq)
	}
	return late
}
