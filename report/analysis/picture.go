package analysis

import (
	"cmp"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// draw makes the picture of what the report was made of.
func draw(rec *recording.Recording, findings []report.Finding, failures []*explained, t *traffic, pods *podIndex, endpoints *endpoints) *report.Picture {
	p := &report.Picture{Pods: drawPods(&rec.Events, pods, endpoints), Failures: describe(failures, len(t.senders)), Finding: make([]int, len(failures))}
	for _, s := range t.streams {
		series := s.series.series()
		series.Late = late(s.series)
		p.Series = append(p.Series, series)
	}
	index := map[findingKey]int{}
	for i := range findings {
		index[findingKey{findings[i].Cause, findings[i].Phase}] = i
	}
	for i, f := range failures {
		p.Finding[i] = index[f.key()]
	}
	return p
}

// late gives the steps in which a request went out later than is tolerated, those in
// a row as one.
func late(c *seriesTally) []report.Lateness {
	var all []report.Lateness
	for i := range c.steps {
		latest := report.Duration(c.steps[i].latest)
		if latest <= report.Duration(latenessTolerance) {
			continue
		}
		from := c.began.Add(time.Duration(i) * c.step)
		to := from.Add(c.step)
		if end := c.began.Add(c.end()); end.After(from) && end.Before(to) {
			to = end
		}
		if last := len(all) - 1; last >= 0 && all[last].To.Equal(from) {
			all[last].To, all[last].Most = to, max(all[last].Most, latest)
			continue
		}
		all = append(all, report.Lateness{From: from, To: to, Most: latest})
	}
	return all
}

// drawPods tells the lives of the pods.
func drawPods(events *recording.Events, index *podIndex, endpoints *endpoints) []report.Pod {
	lives := slices.Clone(index.all)
	slices.SortStableFunc(lives, func(a, b *pod) int {
		return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.name, b.name))
	})
	pods := make([]report.Pod, 0, len(lives))
	byUID := map[string]*report.Pod{}
	for _, life := range lives {
		pod := report.Pod{Name: life.name, UID: life.uid, Created: life.created, New: life.young, Ready: []report.Stretch{}, InSlice: []report.Stretch{}}
		for _, span := range endpoints.spans[life.uid] {
			pod.InSlice = append(pod.InSlice, report.Stretch{From: span.from, To: span.to})
		}
		pods = append(pods, pod)
		byUID[life.uid] = &pods[len(pods)-1]
	}
	for event := range events.ButSlices() {
		if o := event.Pod; o != nil {
			takeLook(byUID[o.UID], event.At, o)
		}
	}
	return pods
}

// takeLook adds what one look at the pod tells.
func takeLook(p *report.Pod, at time.Time, o *recording.PodObservation) {
	if o.Node != "" {
		p.Node = o.Node
	}
	if p.Running.IsZero() && o.Phase == "Running" {
		p.Running = at
	}
	last := len(p.Ready) - 1
	ready, was := o.Ready && o.Change != recording.Deleted, last >= 0 && p.Ready[last].To.IsZero()
	switch {
	case ready && !was:
		p.Ready = append(p.Ready, report.Stretch{From: at})
	case !ready && was:
		p.Ready[last].To = at
	}
}
