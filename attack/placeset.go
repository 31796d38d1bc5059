package attack

import "math/bits"

// placeSet is a set of places in a list, of which the next one is found at once.
type placeSet []uint64

func newPlaceSet(n int) placeSet { return make(placeSet, (n+63)/64) }

func (s placeSet) add(place int)    { s[place/64] |= 1 << (place % 64) }
func (s placeSet) remove(place int) { s[place/64] &^= 1 << (place % 64) }

// from gives the first one from a place on, or else from the beginning; ok is false
// where there is none.
func (s placeSet) from(place int) (next int, ok bool) {
	first := place / 64
	for i := range len(s) + 1 {
		at := (first + i) % len(s)
		word := s[at]
		switch i {
		case 0:
			word &= ^uint64(0) << (place % 64)
		case len(s):
			word &^= ^uint64(0) << (place % 64)
		}
		if word != 0 {
			return at*64 + bits.TrailingZeros64(word), true
		}
	}
	return 0, false
}
