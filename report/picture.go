package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Picture is what a drawing of the run needs besides the report: the pods' lives,
// the traffic over time, and every failure.
type Picture struct {
	// Pods are all that were seen, in the order of their creation.
	Pods []Pod
	// Courses are those of the streams, in the order of Report.Streams.
	Courses []Course
	// Failures are all that were examined, up to 100,000, in the order in which
	// they were sent. Finding is, for each of them, the index of the one it
	// belongs to in Report.Findings.
	Failures []Failure
	Finding  []int
}

// Pod is one pod's life. How it ended is told by the terminations of its UID.
type Pod struct {
	Name    string    `json:"name"`
	UID     string    `json:"uid"`
	Node    string    `json:"node,omitempty"`
	Created time.Time `json:"created"`
	// New tells that it was made while the run watched.
	New bool `json:"new"`
	// Running is when it was first seen to run.
	Running time.Time `json:"running,omitzero"`
	// Ready are the times in which its condition was seen to be true, InSlice
	// those in which a slice called it ready.
	Ready   []Stretch `json:"ready"`
	InSlice []Stretch `json:"inSlice"`
}

// Stretch is a time from one moment to another; To is zero where it went on
// until the watch ended.
type Stretch struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
}

// Course is how a stream fared, in equal steps from Report.Began on. A request
// counts for the step in which it was scheduled.
type Course struct {
	Step Duration
	// Until is when the next request would have been due: the last step is cut
	// short.
	Until    Duration
	OK       []int
	Failed   []int
	Maskable []int
	// P50, P99 and Max are the latencies of the answered requests, 0 where there
	// was none.
	P50, P99, Max []Duration
}

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

func (c *courseTally) course() Course {
	course := Course{Step: Duration(c.step), Until: Duration(c.until + c.until/time.Duration(max(c.taken-1, 1)))}
	for i := range c.steps {
		step := &c.steps[i]
		course.OK = append(course.OK, step.ok)
		course.Failed = append(course.Failed, step.failed)
		course.Maskable = append(course.Maskable, step.maskable)
		var p50, p99 Duration
		if step.latency != nil {
			p50, p99 = quantile(step.latency, 50), quantile(step.latency, 99)
		}
		course.P50, course.P99 = append(course.P50, p50), append(course.P99, p99)
		course.Max = append(course.Max, Duration(step.maximum))
	}
	return course
}

// draw makes the picture of what the report was made of.
func (r *Report) draw(rec *recording.Recording, t *traffic, pods *podIndex, endpoints *endpoints) *Picture {
	p := &Picture{Pods: drawPods(&rec.Events, pods, endpoints), Failures: describe(t.failures), Finding: make([]int, len(t.failures))}
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
func drawPods(events *recording.Events, index *podIndex, endpoints *endpoints) []Pod {
	lives := slices.Clone(index.all)
	slices.SortStableFunc(lives, func(a, b *podLife) int {
		return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.name, b.name))
	})
	pods := make([]Pod, 0, len(lives))
	byUID := map[string]*Pod{}
	for _, life := range lives {
		pod := Pod{Name: life.name, UID: life.uid, Created: life.created, New: life.young, Ready: []Stretch{}, InSlice: []Stretch{}}
		for _, span := range endpoints.spans[life.uid] {
			pod.InSlice = append(pod.InSlice, Stretch{From: span.from, To: span.to})
		}
		pods = append(pods, pod)
		byUID[life.uid] = &pods[len(pods)-1]
	}
	for event := range events.ButSlices() {
		if o := event.Pod; o != nil {
			byUID[o.UID].take(event.At, o)
		}
	}
	return pods
}

// take adds what one look at the pod tells.
func (p *Pod) take(at time.Time, o *recording.PodObservation) {
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
		p.Ready = append(p.Ready, Stretch{From: at})
	case !ready && was:
		p.Ready[last].To = at
	}
}
