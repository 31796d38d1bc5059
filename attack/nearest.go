package attack

import (
	"cmp"
	"slices"
	"strings"
)

// nearestFirst sorts names by how little they differ from the one that is wanted, and those
// that differ as much by themselves.
func nearestFirst(names []string, wanted string) {
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(difference(a, wanted), difference(b, wanted)), strings.Compare(a, b))
	})
}

// difference is how many bytes two names have between what they begin with and what they end
// with alike, in the longer of the two: a letter that is wrong, missing or too many makes one.
// The case of letters is no difference.
func difference(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return max(len(a), len(b))
}
