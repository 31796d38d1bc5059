package bench

import (
	"runtime"
	"slices"
)

// turn gives the order of round i: as it is, then reversed, so that over two rounds
// what drifts favours none.
func turn[T any](all []T, i int) []T {
	all = slices.Clone(all)
	if i%2 == 1 {
		slices.Reverse(all)
	}
	return all
}

const (
	// noise is the part of the processors that others may use.
	noise = 0.1
	// attempts is how often one thing is measured if it is always noisy, repeats how
	// often things are measured again in all.
	attempts = 3
	repeats  = 6
)

// quietly measures something until others have left the processors alone meanwhile,
// at most so often, and gives the quietest attempt with the others' part.
func quietly[T any](b *bench, attempts int, measure func() (T, error)) (best T, least float64, err error) {
	for attempt := 1; ; attempt++ {
		from, err := b.look()
		if err != nil {
			return best, 0, err
		}
		got, err := measure()
		if err != nil {
			return best, 0, err
		}
		to, err := b.look()
		if err != nil {
			return best, 0, err
		}
		if foreign := foreign(from, to, runtime.NumCPU()); attempt == 1 || foreign < least {
			best, least = got, foreign
		}
		if least <= noise {
			return best, least, nil
		}
		if attempt == attempts || b.repeats == 0 {
			b.noisy = true
			return best, least, nil
		}
		b.repeats--
		b.say("  others used %.0f %% of the processors: once more", 100*least)
	}
}
