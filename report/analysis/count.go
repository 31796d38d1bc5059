package analysis

// countFunc is of how many of the values something holds.
func countFunc[T any](values []T, holds func(T) bool) int {
	n := 0
	for _, v := range values {
		if holds(v) {
			n++
		}
	}
	return n
}
