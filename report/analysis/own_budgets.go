package analysis

import (
	"slices"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// ownBudget is what a stream is held to besides the whole budget, with what it lost.
type ownBudget struct {
	stream string
	budget check.Budget
	losses losses
}

func ownBudgets(c *check.Check, streams []report.Stream, failures []*explained, validity *report.Validity, t *traffic, starved bool) []ownBudget {
	var all []ownBudget
	for _, s := range c.Streams {
		i := slices.IndexFunc(streams, func(sum report.Stream) bool { return sum.Name == s.Name })
		if s.Budget == nil || i < 0 {
			continue
		}
		its := slices.DeleteFunc(slices.Clone(failures), func(f *explained) bool { return f.Stream != s.Name })
		all = append(all, ownBudget{s.Name, s.Budget.Beside(c.Budget), sumLosses(streams[i:i+1], its, nil, validity, t, starved, c.Prove != nil)})
	}
	return all
}

// over says where the stream exceeds its own budget.
func (b *ownBudget) over() []string {
	var reasons []string
	for _, reason := range b.losses.over(b.budget) {
		reasons = append(reasons, "stream "+b.stream+": "+reason)
	}
	return reasons
}

func (b *ownBudget) standing() bool { return b.losses.standing(b.budget) }

// exceeded notes for each stream what of its own budget it exceeded.
func exceeded(streams []report.Stream, own []ownBudget) {
	for i := range own {
		at := slices.IndexFunc(streams, func(s report.Stream) bool { return s.Name == own[i].stream })
		streams[at].Exceeded = append(streams[at].Exceeded, own[i].losses.over(own[i].budget)...)
	}
}

// ownOver says so of all streams, and whether one of them stands.
func ownOver(all []ownBudget) (reasons []string, standing bool) {
	for i := range all {
		reasons = append(reasons, all[i].over()...)
		standing = standing || all[i].standing()
	}
	return reasons, standing
}
