package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// streamKeys are what --stream takes, in the words of the check file.
var streamKeys = []string{"name", "kind", "rate", "connections", "pool", "url", "method", "timeout"}

// streamFlag is one --stream. given tells a zero that was asked for from what
// was left open.
type streamFlag struct {
	check.Stream
	given map[string]bool
}

// parseStream reads KEY=VALUE,... as a line of CSV, so that a URL with a comma
// can be put in quotes.
func parseStream(s string) (streamFlag, error) {
	pairs, err := csv.NewReader(strings.NewReader(s)).Read()
	if err != nil {
		return streamFlag{}, errors.New("want KEY=VALUE,...; a pair that holds a comma goes in double quotes")
	}
	stream := streamFlag{given: map[string]bool{}}
	for _, pair := range pairs {
		key, text, found := strings.Cut(pair, "=")
		switch {
		case !found:
			return streamFlag{}, errors.New("want KEY=VALUE,... with keys of " + strings.Join(streamKeys, ", "))
		case !slices.Contains(streamKeys, key):
			return streamFlag{}, fmt.Errorf("unknown key %q; want %s", key, strings.Join(streamKeys, ", "))
		case stream.given[key]:
			return streamFlag{}, errors.New("key " + key + " is given twice; want it once")
		}
		stream.given[key] = true
		if err := stream.set(key, text); err != nil {
			return streamFlag{}, err
		}
	}
	return stream, nil
}

func (s *streamFlag) set(key, text string) error {
	switch key {
	case "name":
		s.Name = text
	case "kind":
		if s.Kind = check.StreamKind(text); s.Kind == check.GRPCCalls {
			return errors.New("kind=grpc; what it calls is told in a check file alone (-f); want short, slow or streaming here")
		}
	case "connections":
		s.Connections = check.Connections(text)
	case "url":
		s.URL = text
	case "method":
		s.Method = text
	case "timeout":
		d, err := time.ParseDuration(text)
		if err != nil {
			return errors.New("timeout=" + text + "; want a number with a unit, for example 250ms, 10s or 5m")
		}
		s.Timeout = check.Duration(d)
	case "rate":
		rate, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return errors.New("rate=" + text + "; want a number")
		}
		s.Rate = rate
	case "pool":
		pool, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("pool=" + text + "; want a whole number")
		}
		s.Pool = pool
	}
	return nil
}

// onto gives the stream with what the flag says on top of the defaults.
func (s *streamFlag) onto(with check.Stream) check.Stream {
	if s.given["kind"] {
		with.Kind = s.Kind
	}
	if s.given["connections"] {
		with.Connections = s.Connections
	}
	if s.given["rate"] {
		with.Rate = s.Rate
	}
	if s.given["pool"] {
		with.Pool = s.Pool
	}
	if s.given["url"] {
		with.URL = s.URL
	}
	if s.given["method"] {
		with.Method = s.Method
	}
	if s.given["timeout"] {
		with.Timeout = s.Timeout
	}
	return with
}
