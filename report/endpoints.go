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
	// spans are the times in which a slice called a pod ready, by its UID.
	spans map[string][]readySpan
}

type readyCount struct {
	from  time.Time
	count int
}

// readySpan is a time in which a pod was called ready; to is zero if it still
// was at the end.
type readySpan struct{ from, to time.Time }

// readEndpoints merges the slices: a service has several once it holds more
// than 100 endpoints, and a pod that moves between them is listed twice.
func readEndpoints(events []recording.Event) *endpoints {
	e := &endpoints{spans: map[string][]readySpan{}}
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
	for uid, spans := range e.spans {
		if last := &spans[len(spans)-1]; last.to.IsZero() && !ready[uid] {
			last.to = at
		}
	}
	for uid := range ready {
		if spans := e.spans[uid]; len(spans) == 0 || !spans[len(spans)-1].to.IsZero() {
			e.spans[uid] = append(spans, readySpan{from: at})
		}
	}
	e.ready = append(e.ready, readyCount{at, len(ready)})
}

// entered tells when a pod was first called ready.
func (e *endpoints) entered(uid string) Interval {
	if spans := e.spans[uid]; len(spans) > 0 {
		return at(spans[0].from)
	}
	return Interval{}
}

// leave tells when a pod was last taken out, and whether it was ever in.
func (e *endpoints) leave(uid string) (Interval, bool) {
	spans := e.spans[uid]
	if len(spans) == 0 {
		return Interval{}, false
	}
	if last := spans[len(spans)-1]; !last.to.IsZero() {
		return at(last.to), true
	}
	return Interval{}, true
}

// interruption tells when a pod was first taken out after a moment, and when it
// was called ready again. Either may not have happened.
func (e *endpoints) interruption(uid string, after time.Time) (left, back Interval) {
	for _, span := range e.spans[uid] {
		switch {
		case left.Known():
			return left, at(span.from)
		case !span.to.IsZero() && !span.to.Before(after):
			left = at(span.to)
		}
	}
	return left, Interval{}
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
