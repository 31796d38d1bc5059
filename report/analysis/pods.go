package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// podIndex finds the pod behind a name or an address at a given time. Names
// come back (a StatefulSet's web-0 follows web-0), addresses too.
type podIndex struct {
	byName    map[string][]*pod
	byAddress map[string][]*pod
	// all are the pods in the order of first sight.
	all []*pod
}

// pod is one pod from its creation to its end, as the events show it.
type pod struct {
	// number is its place in podIndex.all.
	number    int
	name, uid string
	created   time.Time
	// ends are the ends of its containers, and at last its own.
	ends []*ending
	// entered is when a slice first called it ready; probed tells whether a
	// readiness probe had a say in that, published that nothing had.
	entered           report.Interval
	probed, published bool
	// listened tells that the probe had then connected to the port that requests come to.
	listened bool
	// young tells whether it was made while the run watched.
	young bool
}

func indexPods(events *recording.Events, ended []*ending, endpoints *endpoints, targetPorts []string) *podIndex {
	endings := map[string][]*ending{}
	for _, t := range ended {
		endings[t.UID] = append(endings[t.UID], t)
	}
	index := &podIndex{byName: map[string][]*pod{}, byAddress: map[string][]*pod{}}
	known := map[string]*pod{}
	addressed := map[string]bool{}
	for event := range events.ButSlices() {
		o := event.Pod
		if o == nil {
			continue
		}
		p := known[o.UID]
		if p == nil {
			p = &pod{
				number: len(index.all), name: o.Name, uid: o.UID, created: o.Created, ends: endings[o.UID],
				entered: endpoints.entered(o.UID), young: o.Change == recording.Added, published: endpoints.published(o.UID),
			}
			p.probed = o.HasReadinessProbe && !p.published
			p.listened = p.probed && probed(o.Containers, targetPorts)
			known[o.UID] = p
			index.all = append(index.all, p)
			index.byName[o.Name] = append(index.byName[o.Name], p)
		}
		if o.IP != "" && !addressed[o.UID] {
			addressed[o.UID] = true
			index.byAddress[o.IP] = append(index.byAddress[o.IP], p)
		}
	}
	byCreation := func(a, b *pod) int { return a.created.Compare(b.created) }
	for _, pods := range index.byName {
		slices.SortStableFunc(pods, byCreation)
	}
	for _, pods := range index.byAddress {
		slices.SortStableFunc(pods, byCreation)
	}
	return index
}

// named finds the pod that bore the name at that time, nil if none is known.
func (p *podIndex) named(name string, when time.Time) *pod {
	return latest(p.byName[name], when)
}

// addressed finds the pod that had the address at that time.
func (p *podIndex) addressed(address string, when time.Time) *pod {
	return latest(p.byAddress[address], when)
}

func latest(pods []*pod, when time.Time) *pod {
	for _, p := range slices.Backward(pods) {
		if !p.created.After(when) {
			return p
		}
	}
	return nil
}
