package check

import "fmt"

// validateAgain refuses what ends pods the first time alone, where it is to be done again:
// what is not put back is there already then, and a disruption that changes nothing ends
// nothing. Between one pass and the next a command of the user's, or whoever is observed,
// may have changed it back; between the repeats of one disruption nothing else is done.
func (c Check) validateAgain(p *problems) {
	for i, d := range c.Disruptions {
		field := d.stays()
		if field == "" {
			continue
		}
		var again string
		switch {
		case d.Repeat > 1:
			again = "repeat"
		case c.changedBetween(i):
			continue
		case c.Soak != nil && c.Soak.For > c.Soak.Every:
			again = "soak"
		case c.Prove != nil:
			again = "prove"
		default:
			continue
		}
		p.add(fmt.Sprintf("disruptions[%d].%s.restore", i, field),
			"false, and %s does it again: what it sets is set already then, so nothing would end; want true, or no %s", again, again)
	}
}

// stays names the kind of a disruption that leaves what it sets; empty for others.
func (d Disruption) stays() DisruptionKind {
	kept := func(restore *bool) bool { return restore != nil && !*restore }
	switch {
	case d.Scale != nil && kept(d.Scale.Restore):
		return KindScale
	case d.Image != nil && kept(d.Image.Restore):
		return KindImage
	}
	return ""
}

// changedBetween tells whether another disruption may change what the one at a place has
// left, before that is done again. A scale cannot: one that ends pods and stays leads down,
// and the next pass would have to lead up.
func (c Check) changedBetween(place int) bool {
	image := c.Disruptions[place].Image != nil
	for i, other := range c.Disruptions {
		if other.Command != nil || other.Observe != nil {
			return true
		}
		if i != place && image && other.stays() == KindImage {
			return true
		}
	}
	return false
}
