// Package synthetic writes recordings of runs that never happened, as long as
// wanted: what a report costs is measured on them.
//
// The service has some pods, which are restarted one after the other at equal
// intervals, with all that the watches of a real cluster show of it. Each goes on SIGTERM at once and is sent requests for a while
// longer, which fail as they would on a real cluster. The same Run always gives
// the same recording, but for the order in which the segments of several senders come.
package synthetic

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Run is what the recording is to hold.
type Run struct {
	// Samples is how many requests were sent, half of them by each of two
	// streams: one on new, one on reused connections.
	Samples int
	// Rate is that of each stream, in requests per second.
	Rate float64
	// Restarts is how often all pods are replaced.
	Restarts int
	// Pods is how many the service has; 0 is 3.
	Pods int
	// PodInterval lies between the ends of two pods of a restart. It is at least
	// two seconds; 0 is 3 s.
	PodInterval time.Duration
	// Senders is how many pods sent the requests, each on a node of its own; 0 is none:
	// the program itself did.
	Senders int
	// SenderLost tells that the last of them, which is not the only one, was lost after
	// two thirds of the run.
	SenderLost bool
}

// Shapes of long and of large runs.
var (
	// Soak is eight hours at 2,000/s, with ten pods restarted every ten minutes.
	Soak = Run{Samples: 57_600_000, Rate: 1000, Restarts: 48, Pods: 10}
	// Rounds are 48 restarts of a hundred pods at 1,000/s.
	Rounds = Run{Samples: 10_400_000, Rate: 500, Restarts: 48, Pods: 100, PodInterval: 2 * time.Second}
)

func (r Run) withDefaults() Run {
	r.Pods = cmp.Or(r.Pods, 3)
	r.PodInterval = cmp.Or(r.PodInterval, 3*time.Second)
	return r
}

const (
	pool = 32

	baseline = 10 * time.Second
	// startUp is how long before the end of the pod that it replaces a pod is made.
	startUp = 500 * time.Millisecond
	// sigtermAfter is how long after its deletion a pod is told to stop, and
	// forgottenAfter when the last request is sent to it.
	sigtermAfter   = 60 * time.Millisecond
	forgottenAfter = 260 * time.Millisecond
	goneAfter      = 900 * time.Millisecond
)

var began = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// Write writes the recording into the folder dir, which must hold none yet.
func (r Run) Write(dir string) error {
	r = r.withDefaults()
	if r.PodInterval < 2*time.Second {
		return fmt.Errorf("a pod every %v: want at least 2s", r.PodInterval)
	}
	if r.SenderLost && r.Senders < 2 {
		return fmt.Errorf("a lost sender of %d: want at least 2", r.Senders)
	}
	if length := r.length(); length < baseline+time.Duration(r.Restarts+1)*r.pause() {
		return fmt.Errorf("%d samples at twice %g/s take %v: too short for %d restarts", r.Samples, r.Rate, length, r.Restarts)
	}
	now := began
	w, err := recording.Create(dir, func() time.Time { return now })
	if err != nil {
		return err
	}
	s := r.script()
	if err := w.Header(s.header()); err != nil {
		return err
	}
	for _, e := range s.events {
		w.Event(e)
	}
	for _, a := range s.actions {
		w.Action(a)
	}
	senders := s.senders(w, func() time.Time { return now })
	s.send(func(sample recording.Sample) {
		now = sample.EndAt()
		senders.sample(sample)
	})
	return errors.Join(senders.close(), w.Close(s.ending(senders)))
}

// length is how long the run takes.
func (r Run) length() time.Duration {
	return time.Duration(float64(r.Samples) / 2 / r.Rate * float64(time.Second))
}

// pause is the least time from the beginning of one restart to that of the next.
func (r Run) pause() time.Duration { return time.Duration(r.Pods)*r.PodInterval + 10*time.Second }

// script is a run with all that happens in it, times counted from began.
type script struct {
	Run
	check   check.Check
	events  []recording.Event
	actions []recording.Action
	// lives are the pods, by the order in which they ended.
	lives []life
}

// life is a pod's time in rotation. Until its end it answers, then requests fail
// until it is forgotten.
type life struct {
	name             string
	ready, deleted   time.Duration
	sigterm, dropped time.Duration
}

const forever = time.Duration(1<<63 - 1)

func (r Run) script() *script {
	r = r.withDefaults()
	s := &script{Run: r, check: check.Check{
		Workload: check.Workload{Kind: check.Deployment, Name: "web"},
		Target:   check.Target{URL: "http://127.0.0.1:30080/"},
		Streams: []check.Stream{
			{Name: "short-new", Rate: r.Rate, Connections: check.New},
			{Name: "short-reused", Rate: r.Rate, Connections: check.Reused, Pool: pool},
		},
	}.WithDefaults()}
	for n := range r.Pods {
		s.lives = append(s.lives, life{name: podName(n), deleted: forever, sigterm: forever, dropped: forever})
		s.see(0, s.pod(recording.Listed, n, 0))
	}
	s.slice(0)
	s.act(0, recording.Action{Kind: recording.PhaseBegan, Phase: recording.Baseline, Disruption: recording.NoDisruption})
	s.act(baseline, recording.Action{Kind: recording.PhaseEnded, Phase: recording.Baseline, Disruption: recording.NoDisruption})
	s.measureClocks()
	interval := (r.length() - baseline) / time.Duration(r.Restarts+1)
	for n := range r.Restarts {
		s.restart(n, baseline+time.Duration(n)*interval, interval)
	}
	return s
}

func podName(n int) string { return fmt.Sprintf("web-%05d", n) }

func (s *script) act(at time.Duration, a recording.Action) {
	a.At = began.Add(at)
	s.actions = append(s.actions, a)
}

func (s *script) see(at time.Duration, e recording.Event) {
	e.At = began.Add(at)
	s.events = append(s.events, e)
}

// restart replaces the pods one after the other, with the next one Ready just
// before one goes.
func (s *script) restart(n int, at, interval time.Duration) {
	first := len(s.lives) - s.Pods
	var doomed, uids []string
	for _, l := range s.lives[first:] {
		doomed, uids = append(doomed, l.name), append(uids, "uid-"+l.name)
	}
	s.act(at, recording.Action{Kind: recording.PhaseBegan, Phase: recording.Disrupt, Name: check.KindRestart, Round: n})
	s.act(at, recording.Action{
		Kind: recording.Requested, Name: check.KindRestart, Round: n, Object: "deployment/web", Done: began.Add(at), Doomed: doomed, DoomedUIDs: uids,
	})
	for i := range s.Pods {
		s.replace(first+i, at+time.Duration(i)*s.PodInterval+time.Second)
	}
	steady := at + time.Duration(s.Pods)*s.PodInterval
	s.act(steady, recording.Action{Kind: recording.Steady, Name: check.KindRestart, Round: n, Object: "deployment/web"})
	s.act(steady, recording.Action{Kind: recording.PhaseEnded, Phase: recording.Disrupt, Name: check.KindRestart, Round: n})
	s.act(steady, recording.Action{Kind: recording.PhaseBegan, Phase: recording.Settle, Name: check.KindRestart, Round: n})
	s.act(at+interval, recording.Action{Kind: recording.PhaseEnded, Phase: recording.Settle, Name: check.KindRestart, Round: n})
}

// replace ends a pod at the given time, with the next one Ready just before.
func (s *script) replace(number int, at time.Duration) {
	s.begin(at - startUp)
	s.end(number, at)
}

// begin makes the next pod.
func (s *script) begin(at time.Duration) {
	next := len(s.lives)
	l := life{name: podName(next), ready: at + startUp/2, deleted: forever, sigterm: forever, dropped: forever}
	s.lives = append(s.lives, l)
	step := startUp / 20
	s.kube(at, "ReplicaSet", "web", "SuccessfulCreate", "Created pod: "+l.name)
	s.controllers(at, len(s.lives))
	for n := range 3 { // made, given to a node, given an address
		born := s.pod(recording.Modified, next, at)
		if n == 0 {
			born.Pod.Change = recording.Added
		}
		if n < 2 {
			born.Pod.IP = ""
		}
		born.Pod.Phase, born.Pod.Ready = "Pending", false
		s.see(at+time.Duration(2*n+1)*step, born)
	}
	for n, reason := range []string{"Scheduled", "Pulled", "Created", "Started"} {
		s.kube(at+time.Duration(2*n)*step+step/2, "Pod", l.name, reason, reason+" container app of "+l.name)
	}
	running := s.pod(recording.Modified, next, at)
	running.Pod.Ready = false
	s.see(at+7*step, running)
	s.slice(at + 8*step)
	s.see(l.ready-step, s.pod(recording.Modified, next, at))
	s.slice(l.ready)
	s.controllers(l.ready, len(s.lives))
}

// end deletes a pod.
func (s *script) end(number int, at time.Duration) {
	l := &s.lives[number]
	l.deleted, l.sigterm, l.dropped = at, at+sigtermAfter, at+forgottenAfter
	deadline, grace := began.Add(at+30*time.Second), 30*time.Second
	s.kube(at, "ReplicaSet", "web", "SuccessfulDelete", "Deleted pod: "+l.name)
	dying := s.pod(recording.Modified, number, l.ready)
	dying.Pod.DeletionTimestamp, dying.Pod.DeletionGrace = &deadline, &grace
	s.see(at+2*time.Millisecond, dying)
	s.slice(at + 4*time.Millisecond)
	s.kube(at+sigtermAfter, "Pod", l.name, "Killing", "Stopping container app")
	gone := s.pod(recording.Deleted, number, l.ready)
	gone.Pod.DeletionTimestamp, gone.Pod.DeletionGrace = &deadline, &grace
	gone.Pod.Phase, gone.Pod.Ready = "Failed", false
	gone.Pod.Containers = []recording.Container{{Name: "app", Terminated: &recording.Exit{
		Code: 2, Reason: "Error", FinishedAt: began.Add(at + sigtermAfter).Truncate(time.Second),
	}}}
	failed := gone
	failed.Pod = new(*gone.Pod)
	failed.Pod.Change = recording.Modified
	s.see(at+goneAfter/2, failed)
	s.see(at+goneAfter, gone)
	s.slice(at + goneAfter + 2*time.Millisecond)
	s.controllers(at+goneAfter+4*time.Millisecond, len(s.lives))
}

// kube is an Event object, which arrives some milliseconds after it was made.
func (s *script) kube(at time.Duration, kind, object, reason, message string) {
	s.see(at+5*time.Millisecond, recording.Event{Kube: &recording.KubeEvent{
		Name: fmt.Sprintf("%s.%x", object, began.Add(at).UnixNano()), Reason: reason, Message: message, Component: "kubelet",
		Kind: kind, Object: object, UID: "uid-" + object, Emitted: began.Add(at), Precise: true,
	}})
}

// controllers is what the workload and its ReplicaSet tell of themselves.
func (s *script) controllers(at time.Duration, made int) {
	s.see(at, recording.Event{ReplicaSet: &recording.ReplicaSetObservation{
		Change: recording.Modified, Name: "web", UID: "uid-web", Revision: 1, Replicas: int32(s.Pods),
	}})
	s.see(at, recording.Event{Workload: &recording.WorkloadObservation{
		Change: recording.Modified, Replicas: int32(s.Pods), Ready: int32(s.Pods), Updated: int32(made), Available: int32(s.Pods),
	}})
}

func (s *script) pod(change recording.Change, number int, created time.Duration) recording.Event {
	return recording.Event{Pod: &recording.PodObservation{
		Change: change, Name: podName(number), UID: "uid-" + podName(number), Created: began.Add(created).Truncate(time.Second),
		Node: "node", IP: fmt.Sprintf("10.0.%d.%d", number/250, number%250+1), OwnerKind: "ReplicaSet", OwnerName: "web", OwnerUID: "uid-web",
		Phase: "Running", Ready: true, Grace: 30 * time.Second, HasReadinessProbe: true, Containers: []recording.Container{{Name: "app"}},
	}}
}

// slice is what the EndpointSlice holds at a time.
func (s *script) slice(at time.Duration) {
	o := &recording.SliceObservation{Change: recording.Modified, Name: "web-abcde", Service: "web"}
	for n, l := range s.lives {
		if l.deleted < at-goneAfter {
			continue
		}
		ready := l.ready <= at && at < l.deleted
		o.Endpoints = append(o.Endpoints, recording.Endpoint{
			Pod: l.name, PodUID: "uid-" + l.name, Address: fmt.Sprintf("10.0.%d.%d", n/250, n%250+1), Ready: ready, Serving: l.ready <= at, Terminating: l.deleted <= at,
		})
	}
	s.see(at, recording.Event{Slice: o})
}

func (s *script) header() recording.Header {
	return recording.Header{
		Senders: s.sendingPods(), Tool: "synthetic", Began: began, Namespace: "synthetic", Check: s.check,
		Workload: recording.Workload{Kind: "Deployment", Name: "web", UID: "uid-web", Replicas: int32(s.Pods), Selector: "app=web", Services: []string{"web"}},
	}
}

func (s *script) ending(senders *senders) recording.Ending {
	end := recording.Ending{At: began.Add(s.length() + time.Second), Senders: senders.ends()}
	if len(end.Senders) > 0 {
		end.Streams = together(end.Senders)
		return end
	}
	for _, stream := range s.check.Streams {
		sent := uint64(s.Samples / 2)
		end.Streams = append(end.Streams, recording.StreamEnd{
			Name: stream.Name, Scheduled: sent, Sent: sent, Began: began, Stopped: began.Add(s.length()), PeakInFlight: 1000, MaxInFlight: 10_000,
		})
	}
	return end
}

// send gives the requests in the order in which they end.
func (s *script) send(sink func(recording.Sample)) {
	random := rand.New(rand.NewPCG(1, 2))
	traffics := []*traffic{
		{script: s, random: random, stream: s.check.Streams[0].Name},
		{script: s, random: random, stream: s.check.Streams[1].Name, offset: 311 * time.Microsecond, kept: make([]kept, max(pool, s.Senders))},
	}
	var pending inFlight
	for seq := range uint64(s.Samples / 2) {
		for _, t := range traffics {
			sample := t.next(seq)
			for len(pending) > 0 && !pending[0].EndAt().After(sample.Scheduled) {
				sink(heap.Pop(&pending).(recording.Sample)) //nolint:forcetypeassert // it holds nothing else
			}
			heap.Push(&pending, sample)
		}
	}
	for len(pending) > 0 {
		sink(heap.Pop(&pending).(recording.Sample)) //nolint:forcetypeassert // it holds nothing else
	}
}

// inFlight is a heap of requests by their ends.
type inFlight []recording.Sample

// Len, Less, Swap, Push and Pop make it a heap.
func (f *inFlight) Len() int { return len(*f) }

// Less tells which of two ends first.
func (f *inFlight) Less(i, j int) bool { return (*f)[i].EndAt().Before((*f)[j].EndAt()) }

// Swap swaps two.
func (f *inFlight) Swap(i, j int) { (*f)[i], (*f)[j] = (*f)[j], (*f)[i] }

// Push adds one at the end.
func (f *inFlight) Push(x any) {
	*f = append(*f, x.(recording.Sample)) //nolint:forcetypeassert // send pushes nothing else
}

// Pop takes the last one away.
func (f *inFlight) Pop() any {
	last := len(*f) - 1
	x := (*f)[last]
	*f = (*f)[:last]
	return x
}
