package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// otherEndpoint is a pod of another workload behind a service of this one, as the pods of
// a canary beside those of a stable release are: requests come to it as well, and what it
// loses is none of this workload's doing.
type otherEndpoint struct {
	name string
	// ready are the times in which a slice called it ready.
	ready []readySpan
}

// otherEndpoints gives them in the order of their names. Of pods that the run did not watch
// nothing but their slices is known.
func otherEndpoints(e *endpoints, pods *podIndex) []otherEndpoint {
	var all []otherEndpoint
	for uid, name := range e.names {
		if len(e.spans[uid]) > 0 && !slices.ContainsFunc(pods.all, func(p *pod) bool { return p.uid == uid }) {
			all = append(all, otherEndpoint{name, e.spans[uid]})
		}
	}
	slices.SortFunc(all, func(a, b otherEndpoint) int { return cmp.Compare(a.name, b.name) })
	return all
}

// left tells whether it had been taken out shortly before the time, or was just then.
func (o *otherEndpoint) left(from, to time.Time) bool {
	return slices.ContainsFunc(o.ready, func(s readySpan) bool {
		return !s.to.IsZero() && s.to.Before(to.Add(proxyLag)) && s.to.Add(looseProxyLag).After(from)
	})
}

// named tells whether one of them bears the name.
func named(others []otherEndpoint, name string) bool {
	return slices.ContainsFunc(others, func(o otherEndpoint) bool { return o.name == name })
}

// leaving names those that were taken out of the slices about when the request was sent,
// where nothing names the pod that it came to.
func leaving(f *examined, others []otherEndpoint) []string {
	if f.life != nil || f.Pod != "" {
		return nil
	}
	var names []string
	for i := range others {
		if others[i].left(f.DialledAt(), f.EndAt()) {
			names = append(names, others[i].name)
		}
	}
	return names
}

// otherEndpointsWarning tells of them.
func otherEndpointsWarning(others []otherEndpoint, workload string) []report.Warning {
	if len(others) == 0 {
		return nil
	}
	names := make([]string, len(others))
	for i := range others {
		names[i] = others[i].name
	}
	return []report.Warning{{Text: fmt.Sprintf("the service also leads to pods that are not %s's (%s): what these lose counts as well, and where no answer names its pod it cannot be told apart. "+
		"Test by a service that selects this workload's pods alone", workload, list(names))}}
}
