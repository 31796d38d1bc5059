package check

import (
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/balancer"
)

// Via has the senders dial the pods themselves, as a balancer would that learns late of
// them. In a file it is a mapping, the name of a known balancer, or a lag.
type Via struct {
	// Profile is a balancer of package balancer, whose numbers fill what is left open.
	Profile string `json:"profile,omitempty"`
	// Lag is for how long a pod is still sent requests after it has left its
	// EndpointSlice: it is not ready, or ends.
	Lag *Duration `json:"lag,omitempty"`
	// LagIn is how long after it is ready in the slice a pod is sent the first ones.
	LagIn Duration `json:"lagIn,omitempty"`
	// CloseOnForget closes the connections to a pod that is forgotten, as a balancer of
	// layer 7 does, which chooses a pod for each request. Without it a kept connection
	// stays with its pod, as on a path of layer 4.
	CloseOnForget *bool `json:"closeOnForget,omitempty"`
}

// maxLag bounds both lags. Nothing was reported to take longer than some minutes.
const maxLag = Duration(time.Hour)

// ParseVia reads the short form: the name of a balancer, or a lag. What is neither is
// complained of by Validate.
func ParseVia(text string) Via {
	var lag Duration
	if err := lag.UnmarshalText([]byte(text)); err == nil {
		return Via{Lag: &lag}
	}
	return Via{Profile: text}
}

// unmarshalShort reads the short form from a file; what it does not tell stays.
func (v *Via) unmarshalShort(text string) {
	if short := ParseVia(text); short.Lag != nil {
		v.Lag = short.Lag
	} else {
		v.Profile = short.Profile
	}
}

// withDefaults fills what is left open from the profile. Without one a balancer of layer 7
// is played, as those are that are known to be late.
func (v *Via) withDefaults() *Via {
	filled := *v
	p, known := balancer.ByName(v.Profile)
	if v.Lag == nil && known {
		filled.Lag = new(Duration(p.Lag))
	}
	if v.CloseOnForget == nil {
		filled.CloseOnForget = new(!p.Pins())
	}
	return &filled
}

// FallsBack tells that the balancer sends to pods that end where none is ready.
func (v *Via) FallsBack() bool {
	p, _ := balancer.ByName(v.Profile)
	return p.FallsBack()
}

// String names the balancer and its lags, as in "alb (lag 25s)".
func (v *Via) String() string {
	lag := "lag ?"
	if v.Lag != nil {
		lag = "lag " + v.Lag.String()
	}
	if v.LagIn > 0 {
		lag += ", lagIn " + v.LagIn.String()
	}
	if v.Profile == "" {
		return lag
	}
	return v.Profile + " (" + lag + ")"
}

func (c Check) validateVia(p *problems) {
	v := c.Target.Via
	if v == nil {
		return
	}
	if _, known := balancer.ByName(v.Profile); !known && v.Profile != "" {
		p.add("target.via", "%q is no known balancer, and no lag; want one of %s, or a lag such as 20s", v.Profile, Balancers())
		return
	}
	within := func(field string, d Duration) {
		if d < 0 || d > maxLag {
			p.add(field, "%s; want 0s to %s", d, maxLag)
		}
	}
	if v.Lag == nil {
		p.add("target.via", "no lag; want one such as {lag: 20s}, or a balancer: one of %s", Balancers())
	} else {
		within("target.via.lag", *v.Lag)
	}
	within("target.via.lagIn", v.LagIn)
	if c.Target.Proxy {
		p.add("target.via", "the senders dial the pods themselves, and target.proxy says that no connection leads to one; want one of the two")
	}
}

// Balancers names those that are known.
func Balancers() string {
	var names []string
	for _, p := range balancer.Profiles {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}
