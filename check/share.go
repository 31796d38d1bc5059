package check

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Share is a part of a whole, from 0 to 1. It is written in per cent.
type Share float64

// sharePattern is of the digits that people write: what else a float may be is a slip.
var sharePattern = regexp.MustCompile(`^([0-9]+\.?[0-9]*|\.[0-9]+)%?$`)

// String gives the share in per cent: "5%".
func (s Share) String() string { return strconv.FormatFloat(100*float64(s), 'g', 10, 64) + "%" }

// MarshalText writes the share in per cent.
func (s Share) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads per cent or a plain number: "5%", "0.05".
func (s *Share) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(string(text), "%")
	parsed, err := strconv.ParseFloat(number, 64)
	if err != nil || !sharePattern.Match(text) {
		return fmt.Errorf("%q is no share; want per cent or a number from 0 to 1, for example 5%% or 0.05", text)
	}
	if percent {
		parsed /= 100
	}
	*s = Share(parsed)
	return nil
}
