package experiment

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// backends follow the EndpointSlices as the balancer does that a check has played, each in
// its time: it learns of a pod LagIn after a slice has called it ready, and forgets it Lag
// after none does any more. They tell the load beforehand, so that it is played on time
// however long that takes.
type backends struct {
	via    *check.Via
	routes []chaos.Route

	mu sync.Mutex
	// slices are those of the routes' services, by name.
	slices map[string]*recording.SliceObservation
	// known are the pods by the routes' hosts, and by their addresses.
	known  map[string]map[string]sender.Backend
	number uint64
	// tell takes what the load is to know; nil before there is one. What was ready before
	// that the balancer knows from the beginning.
	tell func(sender.Backends)
}

// newBackends gives nil where no balancer is played.
func newBackends(via *check.Via, routes []chaos.Route) *backends {
	if via == nil {
		return nil
	}
	b := &backends{via: via, routes: routes, slices: map[string]*recording.SliceObservation{}, known: map[string]map[string]sender.Backend{}}
	for _, r := range routes {
		b.known[r.Host] = map[string]sender.Backend{}
	}
	return b
}

// begin has the load told, at once and of each change.
func (b *backends) begin(tell func(sender.Backends)) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tell = tell
	b.told()
}

// take follows an event.
func (b *backends) take(e *recording.Event) {
	if b == nil || e.Slice == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if e.Slice.Change == recording.Deleted {
		delete(b.slices, e.Slice.Name)
	} else {
		b.slices[e.Slice.Name] = e.Slice
	}
	changed := false
	for _, r := range b.routes {
		if r.Service == e.Slice.Service {
			changed = b.follow(r, e.At) || changed
		}
	}
	if changed && b.tell != nil {
		b.told()
	}
}

// told tells the load all, under the lock.
func (b *backends) told() {
	b.number++
	all := sender.Backends{Number: b.number, Sets: map[string][]sender.Backend{}}
	for host, known := range b.known {
		for _, one := range known {
			all.Sets[host] = append(all.Sets[host], one)
		}
		slices.SortFunc(all.Sets[host], func(a, b sender.Backend) int {
			if a.Address < b.Address {
				return -1
			}
			return 1
		})
	}
	b.tell(all)
}

// follow takes over what the slices say of a route at a time, and tells whether that
// changes anything.
func (b *backends) follow(r chaos.Route, at time.Time) (changed bool) {
	known, rotation := b.known[r.Host], b.rotation(r)
	for address, one := range known {
		switch {
		case !one.Until.IsZero() && !one.Until.After(at):
			delete(known, address)
		case one.Until.IsZero() && !rotation[address]:
			one.Until = at.Add(time.Duration(*b.via.Lag))
			known[address], changed = one, true
		}
	}
	for address := range rotation {
		one, before := known[address]
		switch {
		case !before && b.tell == nil:
			one = sender.Backend{Address: address, From: at}
		case !before:
			one = sender.Backend{Address: address, From: at.Add(time.Duration(b.via.LagIn))}
		case one.Until.IsZero():
			continue
		default: // It comes back before it is forgotten.
			one.Until = time.Time{}
		}
		known[address], changed = one, true
	}
	return changed
}

// rotation are the addresses that a balancer without lag would send to: of the pods that a
// slice calls ready, or, where it falls back and there is none, of those that end and still
// serve.
func (b *backends) rotation(r chaos.Route) map[string]bool {
	ready, ending := map[string]bool{}, map[string]bool{}
	for _, slice := range b.slices {
		if slice.Service != r.Service {
			continue
		}
		port := portIn(slice, r)
		for i := range slice.Endpoints {
			e := &slice.Endpoints[i]
			ip, err := netip.ParseAddr(e.Address)
			if err != nil || ip.Is6() != r.IPv6 || port == 0 {
				continue
			}
			address := net.JoinHostPort(e.Address, strconv.Itoa(int(port)))
			switch {
			case e.Ready:
				ready[address] = true
			case e.Serving && e.Terminating:
				ending[address] = true
			}
		}
	}
	if len(ready) == 0 && b.via.FallsBack() {
		return ending
	}
	return ready
}

// portIn is the pods' port in a slice, 0 where it has none of that name: pods may have
// different ones, each in slices of their own.
func portIn(slice *recording.SliceObservation, r chaos.Route) int32 {
	if r.Port != 0 {
		return r.Port
	}
	for _, p := range slice.Ports {
		if p.Name == r.PortName {
			return p.Number
		}
	}
	return 0
}
