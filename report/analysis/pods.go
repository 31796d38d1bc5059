package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// podIndex finds the pod behind a name or an address at a given time. Names
// come back (a StatefulSet's web-0 follows web-0), addresses too.
type podIndex struct {
	byName    map[string][]*podLife
	byAddress map[string][]*podLife
	// all are the pods in the order of first sight.
	all []*podLife
}

// podLife is one pod from its creation to its end.
type podLife struct {
	name, uid string
	created   time.Time
	// ends are the ends of its containers, and at last its own.
	ends []*termination
	// entered is when a slice first called it ready; probed tells whether a
	// readiness probe had a say in that.
	entered report.Interval
	probed  bool
	// young tells whether it was made while the run watched.
	young bool
	// served is its first answer; zero if it gave none that named it.
	served time.Time
}

func indexPods(events *recording.Events, ended []*termination, endpoints *endpoints) *podIndex {
	terminations := map[string][]*termination{}
	for _, t := range ended {
		terminations[t.UID] = append(terminations[t.UID], t)
	}
	index := &podIndex{byName: map[string][]*podLife{}, byAddress: map[string][]*podLife{}}
	lives := map[string]*podLife{}
	addressed := map[string]bool{}
	for event := range events.ButSlices() {
		o := event.Pod
		if o == nil {
			continue
		}
		life := lives[o.UID]
		if life == nil {
			life = &podLife{
				name: o.Name, uid: o.UID, created: o.Created, ends: terminations[o.UID],
				entered: endpoints.entered(o.UID), probed: o.HasReadinessProbe, young: o.Change == recording.Added,
			}
			lives[o.UID] = life
			index.all = append(index.all, life)
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

// answered takes an answer that named the pod as evidence that it served.
func (l *podLife) answered(s *recording.Sample) {
	end := s.EndAt()
	if l.served.IsZero() || end.Before(l.served) {
		l.served = end
	}
	for _, t := range l.ends {
		if t.Container == "" || !end.After(t.exit().To) {
			t.answered(s)
			return
		}
		if t.again.IsZero() || end.Before(t.again) {
			t.again = end
		}
	}
}
