package report

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// endpoints is how the service's EndpointSlices changed over time.
type endpoints struct {
	// ready counts the distinct pods that some slice called ready, from each
	// moment on.
	ready []readyCount
	// left and everReady are by pod UID.
	left      map[string]time.Time
	everReady map[string]bool
}

type readyCount struct {
	from  time.Time
	count int
}

// readEndpoints merges the slices: a service has several once it holds more
// than 100 endpoints, and a pod that moves between them is listed twice.
func readEndpoints(events []recording.Event) *endpoints {
	e := &endpoints{left: map[string]time.Time{}, everReady: map[string]bool{}}
	slices := map[string][]recording.Endpoint{}
	for i := range events {
		o := events[i].Slice
		if o == nil {
			continue
		}
		if o.Change == recording.Deleted {
			delete(slices, o.Name)
		} else {
			slices[o.Name] = o.Endpoints
		}
		e.take(events[i].At, slices)
	}
	return e
}

func (e *endpoints) take(at time.Time, slices map[string][]recording.Endpoint) {
	ready := map[string]bool{}
	for _, endpoints := range slices {
		for _, endpoint := range endpoints {
			if endpoint.Ready && endpoint.PodUID != "" {
				ready[endpoint.PodUID] = true
			}
		}
	}
	for uid := range e.everReady {
		if _, already := e.left[uid]; !already && !ready[uid] {
			e.left[uid] = at
		}
	}
	for uid := range ready {
		e.everReady[uid] = true
		delete(e.left, uid)
	}
	e.ready = append(e.ready, readyCount{at, len(ready)})
}

// leave tells when a pod was last taken out, and whether it was ever in.
func (e *endpoints) leave(uid string) (Interval, bool) {
	if when, ok := e.left[uid]; ok {
		return at(when), true
	}
	return Interval{}, e.everReady[uid]
}

// emptyDuring tells whether there was a moment between from and to at which no
// endpoint was ready.
func (e *endpoints) emptyDuring(from, to time.Time) bool {
	for i, r := range e.ready {
		until := to
		if i+1 < len(e.ready) {
			until = e.ready[i+1].from
		}
		if r.count == 0 && !r.from.After(to) && !until.Before(from) {
			return true
		}
	}
	return false
}

// most is the largest number of ready endpoints at once, at least 1.
func (e *endpoints) most() int {
	most := 1
	for _, r := range e.ready {
		most = max(most, r.count)
	}
	return most
}
