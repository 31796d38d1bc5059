package analysis

import (
	"fmt"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/balancer"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// played is the balancer that the senders played (check.Via): each connection was dialled
// to a pod's own address, so that it names the pod. Nil where requests went to where their
// URL leads.
type played struct {
	*check.Via
	lag time.Duration
}

func playedIn(h *recording.Header) *played {
	via := h.Check.Target.Via
	if via == nil || via.Lag == nil {
		return nil
	}
	return &played{via, time.Duration(*via.Lag)}
}

// usualLag is for how long requests may still be sent to a pod that has left its slices: by
// the played balancer, or by kube-proxies.
func (p *played) usualLag() time.Duration {
	if p == nil {
		return proxyLag
	}
	return p.lag
}

// late is how much later than its readiness a pod gets its first requests by the balancer's
// own doing.
func (p *played) late() time.Duration { return time.Duration(p.LagIn) }

// most is how many pods the balancer knew at once at the most: those that were ready, and
// those that it had not forgotten yet.
func (p *played) most(e *endpoints) int {
	if p == nil {
		return e.most
	}
	type change struct {
		at time.Time
		by int
	}
	var changes []change
	for _, spans := range e.spans {
		for _, span := range spans {
			changes = append(changes, change{span.from, 1})
			if !span.to.IsZero() {
				changes = append(changes, change{span.to.Add(p.lag), -1})
			}
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return a.at.Compare(b.at) })
	most, known := e.most, 0
	for _, c := range changes {
		known += c.by
		most = max(most, known)
	}
	return most
}

// rule says when it sends to a pod.
func (p *played) rule() string {
	said := fmt.Sprintf("a balancer was played (%s): it sends to a pod for %s after it has left its EndpointSlice", p.Via, text.Coarse(p.lag))
	if late := p.late(); late > 0 {
		said += fmt.Sprintf(", and learns of one %s after it is ready there", text.Coarse(late))
	}
	return said
}

// told is what a report says of it. forgot bounds how long after they had left the pods
// were still sent requests; nil where that was not seen.
func (p *played) told(forgot *report.Span) *report.Via {
	if p == nil {
		return nil
	}
	v := &report.Via{Profile: p.Profile, Lag: report.Duration(p.lag), LagIn: p.LagIn, ClosesConnections: p.CloseOnForget == nil || *p.CloseOnForget, Forgot: forgot}
	of := ""
	if profile, known := balancer.ByName(p.Profile); known {
		v.Title = profile.Title
		of = ", as " + profile.Title + " does"
	}
	v.Says = fmt.Sprintf("a balancer was played (%s)%s: the senders dialled the pods themselves, each until %s after it had left its EndpointSlice", p.Via, of, text.Coarse(p.lag))
	if forgot != nil {
		from, to := text.Coarse(time.Duration(forgot.From)), text.Coarse(time.Duration(forgot.To))
		if from != to {
			to = from + " to " + to
		}
		v.Says += " (last requests seen after " + to + ")"
	}
	if v.ClosesConnections {
		v.Says += "; its connections were closed then"
	} else {
		v.Says += "; connections that were kept stayed with it"
	}
	return v
}
