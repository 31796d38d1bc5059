package report

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// podIndex finds the pod behind a name or an address at a given time. Names
// come back (a StatefulSet's web-0 follows web-0), addresses too.
type podIndex struct {
	byName    map[string][]*podLife
	byAddress map[string][]*podLife
}

// podLife is one pod with, if it ended, its termination.
type podLife struct {
	name        string
	created     time.Time
	termination *Termination
}

func indexPods(events []recording.Event, ended []*Termination) *podIndex {
	terminations := make(map[string]*Termination, len(ended))
	for _, t := range ended {
		terminations[t.UID] = t
	}
	index := &podIndex{byName: map[string][]*podLife{}, byAddress: map[string][]*podLife{}}
	lives := map[string]*podLife{}
	addressed := map[string]bool{}
	for i := range events {
		o := events[i].Pod
		if o == nil {
			continue
		}
		life := lives[o.UID]
		if life == nil {
			life = &podLife{name: o.Name, created: o.Created, termination: terminations[o.UID]}
			lives[o.UID] = life
			index.byName[o.Name] = append(index.byName[o.Name], life)
		}
		if o.IP != "" && !addressed[o.UID] {
			addressed[o.UID] = true
			index.byAddress[o.IP] = append(index.byAddress[o.IP], life)
		}
	}
	byCreation := func(a, b *podLife) int { return a.created.Compare(b.created) }
	for _, lives := range index.byName {
		slices.SortStableFunc(lives, byCreation)
	}
	for _, lives := range index.byAddress {
		slices.SortStableFunc(lives, byCreation)
	}
	return index
}

// named finds the pod that bore the name at that time, nil if none is known.
func (p *podIndex) named(name string, when time.Time) *podLife {
	return latest(p.byName[name], when)
}

// addressed finds the pod that had the address at that time.
func (p *podIndex) addressed(address string, when time.Time) *podLife {
	return latest(p.byAddress[address], when)
}

func latest(lives []*podLife, when time.Time) *podLife {
	for _, life := range slices.Backward(lives) {
		if !life.created.After(when) {
			return life
		}
	}
	return nil
}
