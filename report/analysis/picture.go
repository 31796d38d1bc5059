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
	p := &report.Picture{Pods: drawPods(&rec.Events, pods, endpoints), Failures: describe(failures), Finding: make([]int, len(failures))}
	for _, s := range t.streams {
		p.Series = append(p.Series, s.series.series())
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
