package check

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/balancer"
)

// Needed is for how long after they have left their EndpointSlice the budget wants pods to
// go on answering on their own addresses, and the path that wants it; 0 where it does not
// say, and no path where it gives the time itself.
func (b Budget) Needed() (time.Duration, balancer.Profile) {
	if path, known := balancer.ByName(b.Path); known {
		return path.Lag, path
	}
	return time.Duration(b.Outlasts), balancer.Profile{}
}

// validateOutlasts refuses what nothing can be held to. What the requests of the check
// themselves go by is target's to say: here it is what users' requests will.
func (c Check) validateOutlasts(p *problems) {
	b := c.Budget
	if b.Outlasts < 0 {
		p.add("budget.outlasts", "%s; want more than 0, or 0s for no bound", b.Outlasts)
	}
	if _, known := balancer.ByName(b.Path); !known && b.Path != "" {
		p.add("budget.path", "%q is no known path; want one of %s, or a time in budget.outlasts", b.Path, Balancers())
	}
	if b.Outlasts > 0 && b.Path != "" {
		p.add("budget.path", "both it and budget.outlasts say how long pods have to answer; want one of them")
	}
	if via := c.Target.Via; via != nil && via.Profile != "" && b.Path != "" && via.Profile != b.Path {
		p.add("budget.path", "%s, while target.via plays %s; want one and the same", b.Path, via.Profile)
	}
	if need, _ := b.Needed(); need > 0 && c.Window == nil {
		p.add("window", "the window is off, and budget.%s is about what it measures; want it on, or no such budget", b.asked())
	}
}

// asked is the field that wants pods to outlast something.
func (b Budget) asked() string {
	if b.Path != "" {
		return "path"
	}
	return "outlasts"
}
