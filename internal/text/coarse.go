package text

import "time"

// Coarse writes a length of time as [Duration] does, to a millisecond at the
// closest: what was measured from outside is no closer.
func Coarse(d time.Duration) string {
	if d.Abs() < 10*time.Millisecond {
		return d.Round(time.Millisecond).String()
	}
	return Duration(d)
}
