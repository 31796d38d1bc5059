package script

import "time"

// elapsed is a moment in a script, as far as it is known.
type elapsed struct {
	// on tells that the script may come to it, unsure that it need not.
	on, unsure bool
	// least is for how long the script has run at the least, exact that it has run for
	// just that.
	least time.Duration
	exact bool
	// asleep tells that nothing but sleep was run up to here, first for how long.
	asleep bool
	first  time.Duration
	// waiting tells that something is in the background, behind when that ends at the
	// least.
	waiting bool
	behind  time.Duration
}

// did is a step other than a sleep.
func (e elapsed) did() elapsed {
	e.asleep = false
	return e
}

func (e elapsed) passes(d time.Duration) elapsed {
	e.least = plus(e.least, d)
	if e.asleep {
		e.first = e.least
	}
	return e
}

// unknown is a moment after something that takes nobody knows how long.
func (e elapsed) unknown() elapsed {
	e.exact, e.asleep = false, false
	return e
}

// either is a moment to which two paths lead.
func either(a, b elapsed) elapsed {
	switch {
	case !a.on:
		return b
	case !b.on:
		return a
	}
	return elapsed{
		on: true, least: min(a.least, b.least), exact: a.exact && b.exact && a.least == b.least, unsure: a.unsure || b.unsure,
		asleep: a.asleep && b.asleep && a.least == b.least, first: min(a.first, b.first), behind: min(a.behind, b.behind), waiting: a.waiting || b.waiting,
	}
}
