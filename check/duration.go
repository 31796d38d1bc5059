package check

import (
	"fmt"
	"time"
)

// MarshalText writes Go's form of the duration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a number with a unit: "250ms", "10s", "5m".
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no duration; want a number with a unit, for example 250ms, 10s or 5m", text)
	}
	*d = Duration(parsed)
	return nil
}
