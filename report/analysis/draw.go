package analysis

import (
	"cmp"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// courseSteps bounds the steps of a course. A longer run gets longer steps.
const courseSteps = 600

// courseTally counts a stream's requests step by step.
type courseTally struct {
	began time.Time
	step  time.Duration
	// until is when the last of those taken was scheduled.
	until time.Duration
	taken int
	steps []stepTally
}

type stepTally struct {
	ok, failed, maskable int
	latency              *hdrhistogram.Histogram
	maximum              time.Duration
}

func newCourseTally(began time.Time) *courseTally {
	return &courseTally{began: began, step: time.Second}
}

func (c *courseTally) take(s *recording.Sample) {
	since := max(0, s.Scheduled.Sub(c.began))
	c.until = max(c.until, since)
	c.taken++
	for since/c.step >= courseSteps { // no product: a damaged header puts the beginning centuries away
		c.widen()
	}
	i := int(since / c.step)
	for len(c.steps) <= i {
		c.steps = append(c.steps, stepTally{})
	}
	step := &c.steps[i]
	switch s.Outcome {
	case recording.OK:
		step.ok++
		step.maximum = max(step.maximum, s.End)
		if step.latency == nil {
			// Two digits are more than a drawing shows, and take a tenth of the
			// memory of three.
			step.latency = hdrhistogram.New(1, (10 * time.Minute).Microseconds(), 2)
		}
		recordIn(step.latency, s.End)
	case recording.Failed:
		step.failed++
		if s.Maskable {
			step.maskable++
		}
	}
}

// widen makes one step of every two.
func (c *courseTally) widen() {
	c.step *= 2
	for i := range c.steps {
		if i%2 == 0 {
			c.steps[i/2] = c.steps[i]
			continue
		}
		c.steps[i/2].add(&c.steps[i])
	}
	c.steps = c.steps[:(len(c.steps)+1)/2]
}

func (s *stepTally) add(other *stepTally) {
	s.ok += other.ok
	s.failed += other.failed
	s.maskable += other.maskable
	s.maximum = max(s.maximum, other.maximum)
	switch {
	case s.latency == nil:
		s.latency = other.latency
	case other.latency != nil:
		s.latency.Merge(other.latency)
	}
}

func (c *courseTally) course() report.Course {
	course := report.Course{Step: report.Duration(c.step), Until: report.Duration(c.until + c.until/time.Duration(max(c.taken-1, 1)))}
	for i := range c.steps {
		step := &c.steps[i]
		course.OK = append(course.OK, step.ok)
		course.Failed = append(course.Failed, step.failed)
		course.Maskable = append(course.Maskable, step.maskable)
		var p50, p99 report.Duration
		if step.latency != nil {
			p50, p99 = quantile(step.latency, 50), quantile(step.latency, 99)
		}
		course.P50, course.P99 = append(course.P50, p50), append(course.P99, p99)
		course.Max = append(course.Max, report.Duration(step.maximum))
	}
	return course
}

// draw makes the picture of what the report was made of.
func draw(r *report.Report, rec *recording.Recording, t *traffic, pods *podIndex, endpoints *endpoints) *report.Picture {
	p := &report.Picture{Pods: drawPods(&rec.Events, pods, endpoints), Failures: describe(t.failures), Finding: make([]int, len(t.failures))}
	for _, s := range t.streams {
		p.Courses = append(p.Courses, s.course.course())
	}
	index := map[findingKey]int{}
	for i := range r.Findings {
		index[findingKey{r.Findings[i].Cause, r.Findings[i].Phase}] = i
	}
	for i, f := range t.failures {
		p.Finding[i] = index[findingKey{f.cause, part(f)}]
	}
	return p
}

// drawPods tells the lives of the pods.
func drawPods(events *recording.Events, index *podIndex, endpoints *endpoints) []report.Pod {
	lives := slices.Clone(index.all)
	slices.SortStableFunc(lives, func(a, b *podLife) int {
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
