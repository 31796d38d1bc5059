package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// endpoints is how the service's EndpointSlices changed over time.
type endpoints struct {
	// most is the largest number of ready endpoints at once that requests could go to,
	// at least 1.
	most int
	// empty are the times in which there was none, to is zero if that lasted.
	empty []readySpan
	// elsewhere are the pods, by UID, that no request could go to: they are on other
	// nodes than those that were asked and that ask no others.
	elsewhere map[string]bool
	// spans are the times in which a slice called a pod ready, by its UID.
	spans map[string][]readySpan
	// terminating is when a slice first said so of a pod, by its UID.
	terminating map[string]time.Time
	// unready are the pods, by UID, that a slice listed as terminating, or as not Ready:
	// whether one called such a pod ready all the same, and whether one did not.
	unready map[string]unreadiness
	// names are those of the pods, by UID, that slices of the workload's own services listed.
	names map[string]string
	// seen tells that any slice was seen, gaps are the times in which some may have
	// changed unseen.
	seen bool
	gaps []report.Interval
}

type unreadiness struct{ calledReady, calledUnready bool }

// readySpan is a time in which a pod was called ready; to is zero if it still
// was at the end.
type readySpan struct{ from, to time.Time }

// readEndpoints merges the slices: a service has several once it holds more
// than 100 endpoints, and a pod that moves between them is listed twice. Those of other
// services, which no URL leads to, tell nothing of where requests go: one that publishes
// addresses which are not ready never ceases to call a pod ready. A balancer that was played
// went on sending to those that it had not forgotten.
func readEndpoints(events *recording.Events, w *recording.Workload, senders []recording.Sender, by *played) *endpoints {
	nodes, of := asked(w, senders)
	e := &endpoints{most: 1, spans: map[string][]readySpan{}, terminating: map[string]time.Time{}, unready: map[string]unreadiness{}, names: map[string]string{}, elsewhere: elsewhere(events, nodes, of)}
	before := map[string]bool{}
	listed := map[string][]recording.Endpoint{}
	for event := range events.All() {
		if gap := event.Gap; gap != nil && gap.Resource == "endpointslices" {
			e.gaps = append(e.gaps, report.Interval{From: gap.From, To: gap.To})
		}
		o := event.Slice
		if o == nil || slices.Contains(w.OtherServices, o.Service) {
			continue
		}
		e.seen = true
		if o.Change == recording.Deleted {
			delete(listed, o.Name)
		} else {
			listed[o.Name] = o.Endpoints
			if slices.Contains(w.Services, o.Service) {
				e.name(o.Endpoints)
			}
		}
		before = e.take(event.At, listed, before)
	}
	e.most = by.most(e)
	return e
}

func (e *endpoints) name(listed []recording.Endpoint) {
	for _, endpoint := range listed {
		if endpoint.PodUID != "" {
			e.names[endpoint.PodUID] = endpoint.Pod
		}
	}
}

// take notes what the slices tell at a time, and gives the pods that they call
// ready; before are those of the last time.
func (e *endpoints) take(at time.Time, listed map[string][]recording.Endpoint, before map[string]bool) map[string]bool {
	ready := map[string]bool{}
	for _, endpoints := range listed {
		for _, endpoint := range endpoints {
			if endpoint.Ready && endpoint.PodUID != "" {
				ready[endpoint.PodUID] = true
			}
			if _, known := e.terminating[endpoint.PodUID]; endpoint.Terminating && !known {
				e.terminating[endpoint.PodUID] = at
			}
			if endpoint.PodUID != "" && (endpoint.Terminating || !endpoint.Serving) {
				seen := e.unready[endpoint.PodUID]
				seen.calledReady = seen.calledReady || endpoint.Ready
				seen.calledUnready = seen.calledUnready || !endpoint.Ready
				e.unready[endpoint.PodUID] = seen
			}
		}
	}
	for uid := range before {
		if !ready[uid] {
			spans := e.spans[uid]
			spans[len(spans)-1].to = at
		}
	}
	for uid := range ready {
		if !before[uid] {
			e.spans[uid] = append(e.spans[uid], readySpan{from: at})
		}
	}
	if last := len(e.empty) - 1; last >= 0 && e.empty[last].to.IsZero() {
		e.empty[last].to = at
	}
	asked := 0
	for uid := range ready {
		if !e.elsewhere[uid] {
			asked++
		}
	}
	if asked == 0 {
		e.empty = append(e.empty, readySpan{from: at})
	}
	e.most = max(e.most, asked)
	return ready
}

// published tells whether the pod was called ready whatever it was, as a Service with
// publishNotReadyAddresses has it: such a pod is ready from when it has an address until
// it is gone (KEP-1672, and podToEndpoint in kubernetes
// staging/src/k8s.io/endpointslice). Where several services may be meant and one does
// not do so, it is not known.
func (e *endpoints) published(uid string) bool {
	seen := e.unready[uid]
	return seen.calledReady && !seen.calledUnready
}

// asked are the nodes that are asked, where each asks its own pods alone, and how a pod's
// node is called there; nil where each pod may be asked.
func asked(w *recording.Workload, senders []recording.Sender) (nodes map[string]bool, of func(*recording.PodObservation) string) {
	switch {
	case w.LocalNode != "":
		return map[string]bool{w.LocalNode: true}, func(o *recording.PodObservation) string { return o.HostIP }
	case w.OwnNodes && len(senders) > 0:
		nodes = map[string]bool{}
		for _, s := range senders {
			nodes[s.Node] = true
		}
		return nodes, func(o *recording.PodObservation) string { return o.Node }
	default:
		return nil, nil
	}
}

// elsewhere are the pods, by UID, of other nodes than those that are asked; none where no
// pod is of these: then the address is one of something else that leads to a node.
func elsewhere(events *recording.Events, nodes map[string]bool, of func(*recording.PodObservation) string) map[string]bool {
	if nodes == nil {
		return nil
	}
	others := map[string]bool{}
	here := false
	for event := range events.ButSlices() {
		if event.Pod == nil {
			continue
		}
		if node := of(event.Pod); node != "" {
			here = here || nodes[node]
			others[event.Pod.UID] = !nodes[node]
		}
	}
	if !here {
		return nil
	}
	return others
}

// entered tells when a pod was first called ready.
func (e *endpoints) entered(uid string) report.Interval {
	if spans := e.spans[uid]; len(spans) > 0 {
		return at(spans[0].from)
	}
	return report.Interval{}
}

// leave tells when a pod was last taken out, and whether it was ever in.
func (e *endpoints) leave(uid string) (report.Interval, bool) {
	spans := e.spans[uid]
	if len(spans) == 0 {
		return report.Interval{}, false
	}
	if last := spans[len(spans)-1]; !last.to.IsZero() {
		return at(last.to), true
	}
	return report.Interval{}, true
}

// followed tells when a slice first took notice of a pod's end, if the pod was ever in
// one: it called the pod terminating, which it does of those too that it goes on
// calling ready (publishNotReadyAddresses), or no longer ready.
func (e *endpoints) followed(uid string) (time.Time, bool) {
	left, _ := e.leave(uid)
	switch told, known := e.terminating[uid]; {
	case known && (!left.Known() || told.Before(left.From)):
		return told, true
	default:
		return left.From, left.Known()
	}
}

// readyAt counts the pods that slices called ready at a moment, of those that requests
// could go to.
func (e *endpoints) readyAt(when time.Time) int {
	n := 0
	for uid, spans := range e.spans {
		if !e.elsewhere[uid] && slices.ContainsFunc(spans, func(s readySpan) bool {
			return !s.from.After(when) && (s.to.IsZero() || when.Before(s.to))
		}) {
			n++
		}
	}
	return n
}

// emptyFor is for how long, between from and to, no endpoint was ready.
func (e *endpoints) emptyFor(from, to time.Time) time.Duration {
	var sum time.Duration
	for _, none := range e.empty {
		until := none.to
		if until.IsZero() || until.After(to) {
			until = to
		}
		sum += max(0, until.Sub(later(none.from, from)))
	}
	return sum
}

// emptyDuring tells whether there was a moment between from and to at which no
// endpoint was ready.
func (e *endpoints) emptyDuring(from, to time.Time) bool {
	for _, none := range e.empty {
		until := none.to
		if until.IsZero() {
			until = to
		}
		if !none.from.After(to) && !until.Before(from) {
			return true
		}
	}
	return false
}
