package attack

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Backend is a pod that a played balancer sends to.
type Backend struct {
	// Address is the pod's own, with its port.
	Address string `json:"address"`
	// From is when the balancer learns of it, Until when it has forgotten it, both by the
	// run's clock; Until is zero where it has no reason to.
	From  time.Time `json:"from"`
	Until time.Time `json:"until,omitzero"`
}

// knownAt tells whether the balancer sends to it at a time.
func (b *Backend) knownAt(when time.Time) bool {
	return !when.Before(b.From) && (b.Until.IsZero() || when.Before(b.Until))
}

// Backends are what a played balancer knows of the pods, by the host (and port) of the
// URLs that lead to them. All streams share them. The zero value knows none.
type Backends struct {
	mu    sync.Mutex
	sets  map[string][]Backend
	views map[string]*view
}

// view are the addresses that are known from one change to the next.
type view struct {
	addresses []string
	// until is when the next one comes or goes; zero for never.
	until time.Time
}

// Know replaces what was known. Times to come take effect when they have come, so that what
// is told early enough is played on time.
func (b *Backends) Know(sets map[string][]Backend) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sets, b.views = sets, map[string]*view{}
}

// view gives those of a host that are known then. It is the same one for as long as they
// are.
func (b *Backends) view(host string, now time.Time) *view {
	b.mu.Lock()
	defer b.mu.Unlock()
	if v := b.views[host]; v != nil && (v.until.IsZero() || now.Before(v.until)) {
		return v
	}
	v := &view{}
	for i := range b.sets[host] {
		one := &b.sets[host][i]
		if one.knownAt(now) {
			v.addresses = append(v.addresses, one.Address)
		}
		for _, change := range []time.Time{one.From, one.Until} {
			if change.After(now) && (v.until.IsZero() || change.Before(v.until)) {
				v.until = change
			}
		}
	}
	if b.views != nil {
		b.views[host] = v
	}
	return v
}

// choose gives one of the addresses at random, as kube-proxy does; empty where there is
// none. In turn, as many balancers do, might go in step with a stream's own turns
// (targets) or with another sender's, so that a pod never got some of the requests.
func (v *view) choose() string {
	if len(v.addresses) == 0 {
		return ""
	}
	return v.addresses[rand.IntN(len(v.addresses))]
}

// errNoBackend is a request that came when the balancer knew no pod: its client would get a
// 503 of it.
var errNoBackend error = &protocolError{class: recording.ClassNoBackend, err: errors.New("the played balancer knew no pod")}

// opener makes a connection to where requests go.
type opener func(ctx context.Context, sample *recording.Sample) (net.Conn, error)

// balanced opens connections as a balancer does that chooses a pod for each. One that is
// kept stays with its pod (a path of layer 4).
func (s *service) balanced(b *Backends) opener {
	return func(ctx context.Context, sample *recording.Sample) (net.Conn, error) {
		sample.Phase = recording.PhaseDial
		address := b.view(s.authority, s.now()).choose()
		if address == "" {
			return nil, errNoBackend
		}
		return s.dialFirst(ctx, []string{address}, sample)
	}
}

// straightTo opens connections to one address.
func (s *service) straightTo(address string) opener {
	return func(ctx context.Context, sample *recording.Sample) (net.Conn, error) {
		sample.Phase = recording.PhaseDial
		return s.dialFirst(ctx, []string{address}, sample)
	}
}
