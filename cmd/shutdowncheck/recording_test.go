package main

import (
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// The recorded run: ten requests per second to two pods, a baseline of five
// seconds, a restart that ends the pod web-1 at six, settled at fourteen.
const (
	recordedRate  = 10
	baselineEnds  = 5 * time.Second
	podDeleted    = 6 * time.Second
	podExited     = podDeleted + 150*time.Millisecond
	podGone       = podDeleted + 800*time.Millisecond
	disruptionEnd = 10 * time.Second
	runEnds       = 14 * time.Second
)

var runBegan = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func moment(d time.Duration) time.Time { return runBegan.Add(d) }

// record writes a recording whose report comes to the given verdict: the pod
// cuts a request off (failed), or not (passed), or not as far as can be seen of
// a run that was killed (inconclusive).
func record(verdict, dir string) error {
	now := runBegan
	w, err := recording.Create(dir, func() time.Time { return now })
	if err != nil {
		return err
	}
	c := check.Check{
		Workload: check.Workload{Kind: check.Deployment, Name: "web"},
		Target:   check.Target{URL: "http://127.0.0.1:30080/"},
		Streams:  []check.Stream{{Name: "short-new", Rate: recordedRate, Connections: check.New}},
	}.WithDefaults()
	if err := w.Header(recording.Header{
		Tool: "test", Began: runBegan, Namespace: "demo", Check: c,
		Workload: recording.Workload{
			Kind: "Deployment", Name: "web", UID: "uid-web", Replicas: 2, Selector: "app=web", Services: []string{"web"},
		},
	}); err != nil {
		return err
	}
	for _, e := range recordedEvents() {
		w.Event(e)
	}
	for _, a := range recordedActions() {
		w.Action(a)
	}
	sent := 0
	for at := time.Duration(0); at < runEnds; at += time.Second / recordedRate {
		now = moment(at)
		w.Sample(recordedSample(sent, at, verdict == string(report.Failed)))
		sent++
	}
	end := recording.Ending{At: moment(runEnds), Streams: []recording.StreamEnd{{
		Name: "short-new", Scheduled: uint64(sent), Sent: uint64(sent),
		Began: runBegan, Stopped: moment(runEnds), PeakInFlight: 1, MaxInFlight: 100,
	}}}
	if verdict == string(report.Inconclusive) {
		end.Error = "it was made to fail"
	}
	return w.Close(end)
}

// recordedSample alternates between the pods until the first one has gone. The
// last request that it took is lost when losing.
func recordedSample(number int, at time.Duration, losing bool) recording.Sample {
	const ms = time.Millisecond
	s := recording.Sample{
		Stream: "short-new", Seq: uint64(number), Scheduled: moment(at),
		Sent: ms, Acquired: 2 * ms, Written: 2 * ms, FirstByte: 22 * ms, End: 23 * ms,
		Outcome: recording.OK, Status: 200, BytesIn: 3,
		Conn: uint64(number + 1), LocalPort: uint16(40000 + number), RemoteAddr: "127.0.0.1:30080", Pod: "web-2",
	}
	if number%2 == 0 && at < podExited {
		s.Pod = "web-1"
	}
	if losing && at == podDeleted+100*ms {
		s.Pod, s.Status, s.BytesIn, s.FirstByte, s.End = "", 0, 0, recording.NotReached, 52*ms
		s.Outcome, s.Phase, s.Class, s.Error = recording.Failed, recording.PhaseFirstByte, recording.ClassEOF, "EOF"
	}
	return s
}

func recordedActions() []recording.Action {
	const disruption = "restart"
	return []recording.Action{
		{At: moment(0), Kind: recording.PhaseBegan, Phase: recording.Baseline, Disruption: recording.NoDisruption},
		{At: moment(baselineEnds), Kind: recording.PhaseEnded, Phase: recording.Baseline, Disruption: recording.NoDisruption},
		{At: moment(baselineEnds), Kind: recording.PhaseBegan, Phase: recording.Disrupt, Name: disruption},
		{
			At: moment(baselineEnds), Done: moment(baselineEnds + 10*time.Millisecond), Kind: recording.Requested,
			Name: disruption, Object: "deployment/web", Doomed: []string{"web-1"},
		},
		{At: moment(disruptionEnd), Kind: recording.Steady, Name: disruption, Object: "deployment/web"},
		{At: moment(disruptionEnd), Kind: recording.PhaseEnded, Phase: recording.Disrupt, Name: disruption},
		{At: moment(disruptionEnd), Kind: recording.PhaseBegan, Phase: recording.Settle, Name: disruption},
		{At: moment(runEnds), Kind: recording.PhaseEnded, Phase: recording.Settle, Name: disruption},
	}
}

func recordedEvents() []recording.Event {
	replicaSet := func(at time.Duration, name string, revision int64) recording.Event {
		return recording.Event{At: moment(at), ReplicaSet: &recording.ReplicaSetObservation{
			Change: recording.Added, Name: name, UID: "uid-" + name, Revision: revision, Replicas: 2,
		}}
	}
	pod := func(at time.Duration, change recording.Change, number int, owner string) *recording.PodObservation {
		name := fmt.Sprint("web-", number)
		return &recording.PodObservation{
			Change: change, Name: name, UID: "uid-" + name, Created: moment(at - time.Minute), Node: "node", IP: fmt.Sprint("10.0.0.", number),
			OwnerKind: "ReplicaSet", OwnerName: owner, OwnerUID: "uid-" + owner, Phase: "Running", Ready: true, Grace: 30 * time.Second,
			Containers: []recording.Container{{Name: "app"}},
		}
	}
	slice := func(at time.Duration, endpoints ...recording.Endpoint) recording.Event {
		return recording.Event{At: moment(at), Slice: &recording.SliceObservation{
			Change: recording.Modified, Name: "web-abcde", Service: "web", Endpoints: endpoints,
		}}
	}
	endpoint := func(number int, ready bool) recording.Endpoint {
		return recording.Endpoint{
			Pod: fmt.Sprint("web-", number), PodUID: fmt.Sprint("uid-web-", number), Address: fmt.Sprint("10.0.0.", number),
			Ready: ready, Serving: true, Terminating: !ready,
		}
	}
	const seen = 2 * time.Millisecond
	deadline, grace := moment(podDeleted+30*time.Second), 30*time.Second

	dying := pod(0, recording.Modified, 1, "web-old")
	dying.DeletionTimestamp, dying.DeletionGrace = &deadline, &grace
	exited := *dying
	exited.Phase, exited.Ready = "Failed", false
	exited.Containers = []recording.Container{{Name: "app", Terminated: &recording.Exit{
		Code: 2, Reason: "Error", FinishedAt: moment(podExited).Truncate(time.Second),
	}}}
	gone := exited
	gone.Change = recording.Deleted

	return []recording.Event{
		replicaSet(0, "web-old", 1),
		{At: moment(0), Pod: pod(0, recording.Listed, 1, "web-old")},
		{At: moment(0), Pod: pod(0, recording.Listed, 2, "web-new")},
		slice(0, endpoint(1, true), endpoint(2, true)),
		replicaSet(baselineEnds, "web-new", 2),
		{At: moment(podDeleted + seen), Pod: dying},
		slice(podDeleted+2*seen, endpoint(1, false), endpoint(2, true)),
		{At: moment(podDeleted + 110*time.Millisecond), Kube: &recording.KubeEvent{
			Name: "web-1.1", Reason: "Killing", Component: "kubelet", Kind: "Pod", Object: "web-1", UID: "uid-web-1",
			Emitted: moment(podDeleted + 105*time.Millisecond), Precise: true,
		}},
		{At: moment(podExited + 300*time.Millisecond), Pod: &exited},
		slice(podGone, endpoint(2, true)),
		{At: moment(podGone), Pod: &gone},
	}
}
