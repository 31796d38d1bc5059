package analysis

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// began is the moment 0 of every scenario. It falls on a whole second, so that
// the whole-second times of Kubernetes are easy to read.
var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// after gives a moment of the scenario.
func after(d time.Duration) time.Time { return began.Add(d) }

const ms = time.Millisecond

// scenario builds a recording step by step: what a run of a two-stream check on
// deployment/web would have left. The baseline takes 5 s, a restart begins at
// 5 s.
type scenario struct {
	// connects is how long a new connection takes to be made; no time unless given.
	connects time.Duration
	header   recording.Header
	events   []recording.Event
	actions  []recording.Action
	samples  []recording.Sample
	ending   *recording.Ending
	seq      uint64
	slice    []recording.Endpoint
}

func newScenario() *scenario {
	s := &scenario{header: recording.Header{
		Tool: "test", Began: began, Namespace: "demo",
		Check: check.Check{
			Workload: check.Workload{Kind: check.Deployment, Name: "web"},
			Target:   check.Target{URL: "http://127.0.0.1:30080/"},
		}.WithDefaults(),
		Workload: recording.Workload{Kind: "Deployment", Name: "web", UID: "uid-web", Replicas: 3, Services: []string{"web"}, MaxUnavailable: "25%"},
	}}
	s.phase(recording.PhaseBegan, recording.Baseline, 0)
	s.phase(recording.PhaseEnded, recording.Baseline, 5*time.Second)
	s.phase(recording.PhaseBegan, recording.Disrupt, 5*time.Second)
	s.ending = &recording.Ending{At: after(60 * time.Second)}
	s.replicaSet("web-old", 1, 0)
	s.replicaSet("web-new", 2, 5*time.Second)
	return s
}

func (s *scenario) phase(kind recording.ActionKind, phase recording.RunPhase, at time.Duration) {
	number, name := 0, check.KindRestart
	if phase == recording.Baseline {
		number, name = recording.NoDisruption, ""
	}
	s.actions = append(s.actions, recording.Action{At: after(at), Kind: kind, Phase: phase, Disruption: number, Name: name})
}

// steady ends the restart in good order.
func (s *scenario) steady(at time.Duration) *scenario {
	s.actions = append(s.actions, recording.Action{At: after(at), Kind: recording.Steady, Disruption: 0, Name: "restart"})
	s.phase(recording.PhaseEnded, recording.Disrupt, at)
	return s
}

// takenBack tells of somebody else who put back what the disruption had changed.
func (s *scenario) takenBack(detail string) {
	s.actions = append(s.actions, recording.Action{At: after(9 * second), Kind: recording.TakenBack, Detail: detail})
}

func (s *scenario) replicaSet(name string, revision int64, at time.Duration) {
	s.events = append(s.events, recording.Event{At: after(at), ReplicaSet: &recording.ReplicaSetObservation{
		Change: recording.Added, Name: name, UID: "uid-" + name, Revision: revision, Replicas: 3,
	}})
}

// death is how a pod of the scenario ends. The times are moments of the
// scenario; zero means that it was not seen.
type death struct {
	deleted, killing, exited, left, gone time.Duration
	grace                                time.Duration
	code                                 int32
	reason                               string
	preStop                              recording.PreStopKind
	sleep                                time.Duration
	quit                                 *recording.Quit
	owner                                string        // web-old unless given
	target                               string        // DisruptionTarget
	own                                  time.Duration // the pod's own grace, where the deletion overrode it
	vanishes                             bool          // the object goes with the request
	fails                                bool          // its kubelet ends it: nobody deletes it
	published                            bool          // its Service publishes addresses that are not ready
}

// pod lets a pod live from 0 and, if d is given, end.
func (s *scenario) pod(name string, d *death) *scenario {
	observe := func(at time.Duration, change recording.Change, o recording.PodObservation) {
		o.Change, o.Name, o.UID, o.Created = change, name, "uid-"+name, after(-time.Minute)
		o.OwnerKind, o.IP = "ReplicaSet", "10.0.0."+name[len(name)-1:]
		if d != nil && d.owner != "" {
			o.OwnerName, o.OwnerUID = d.owner, "uid-"+d.owner
		} else {
			o.OwnerName, o.OwnerUID = "web-old", "uid-web-old"
		}
		s.events = append(s.events, recording.Event{At: after(at), Pod: &o})
	}
	container := recording.Container{Name: "app"}
	if d != nil {
		container.PreStop, container.PreStopSleep, container.PreStopQuit = d.preStop, d.sleep, d.quit
	}
	live := recording.PodObservation{Phase: "Running", Ready: true, Containers: []recording.Container{container}}
	if d != nil {
		live.Grace = max(d.grace, d.own)
	}
	observe(0, recording.Listed, live)
	s.setEndpoint(0, recording.Endpoint{Pod: name, PodUID: "uid-" + name, Ready: true, Serving: true})
	if d == nil {
		return s
	}
	dying := live
	deletion := after(d.deleted + d.grace).Truncate(time.Second)
	dying.DeletionTimestamp, dying.DeletionGrace, dying.DisruptionTarget = &deletion, &d.grace, d.target
	switch {
	case d.vanishes:
		observe(d.deleted+2*ms, recording.Deleted, dying)
	case d.deleted > 0:
		observe(d.deleted+2*ms, recording.Modified, dying)
	}
	if d.fails {
		dying.DeletionTimestamp, dying.DeletionGrace = nil, nil
	}
	switch {
	case d.published:
		s.setEndpoint(d.deleted+20*ms, recording.Endpoint{Pod: name, PodUID: "uid-" + name, Ready: true, Serving: true, Terminating: true})
		s.dropEndpoint(d.left, "uid-"+name)
	case d.left > 0:
		s.setEndpoint(d.left, recording.Endpoint{Pod: name, PodUID: "uid-" + name, Serving: true, Terminating: true})
	}
	if d.killing > 0 {
		s.events = append(s.events, recording.Event{At: after(d.killing + 5*ms), Kube: &recording.KubeEvent{
			Reason: "Killing", Kind: "Pod", Object: name, UID: "uid-" + name, Emitted: after(d.killing), Precise: true,
		}})
	}
	if d.exited > 0 {
		exited := dying
		ended := container
		ended.Terminated = &recording.Exit{Code: d.code, Reason: d.reason, FinishedAt: after(d.exited).Truncate(time.Second)}
		exited.Containers, exited.Phase, exited.Ready = []recording.Container{ended}, "Failed", false
		observe(d.exited+300*ms, recording.Modified, exited)
	}
	if d.gone > 0 {
		observe(d.gone, recording.Deleted, dying)
	}
	return s
}

// crash lets the one container of a pod that goes on end at a moment and be
// Ready again at another.
func (s *scenario) crash(name string, at, back time.Duration, exit recording.Exit) *scenario {
	exit.FinishedAt = after(at).Truncate(time.Second)
	observe := func(when time.Duration, ready bool, c recording.Container) {
		c.Name, c.Liveness, c.MemoryLimit = "app", &recording.Probe{Period: second, Timeout: second, Failures: 2}, 64<<20
		s.events = append(s.events, recording.Event{At: after(when), Pod: &recording.PodObservation{
			Change: recording.Modified, Name: name, UID: "uid-" + name, Created: after(-time.Minute), Phase: "Running", Ready: ready,
			OwnerKind: "ReplicaSet", OwnerName: "web-new", OwnerUID: "uid-web-new", Grace: 30 * second, IP: "10.0.0." + name[len(name)-1:],
			Containers: []recording.Container{c},
		}})
	}
	observe(at+400*ms, false, recording.Container{Terminated: &exit})
	s.setEndpoint(at+410*ms, recording.Endpoint{Pod: name, PodUID: "uid-" + name})
	observe(back, true, recording.Container{Restarts: 1, Last: &exit})
	s.setEndpoint(back+10*ms, recording.Endpoint{Pod: name, PodUID: "uid-" + name, Ready: true, Serving: true})
	s.actions[len(s.actions)-1].Name = "observe"
	return s
}

// newcomer lets a pod come at a moment, called ready at once by a cluster that
// no probe tells better.
func (s *scenario) newcomer(name string, at time.Duration, probed bool) *scenario {
	o := recording.PodObservation{
		Change: recording.Added, Name: name, UID: "uid-" + name, Created: after(at).Truncate(time.Second), Phase: "Running", Ready: true,
		OwnerKind: "ReplicaSet", OwnerName: "web-new", OwnerUID: "uid-web-new", IP: "10.0.1." + name[len(name)-1:],
		HasReadinessProbe: probed, Containers: []recording.Container{{Name: "app"}},
	}
	s.events = append(s.events, recording.Event{At: after(at), Pod: &o})
	s.setEndpoint(at+10*ms, recording.Endpoint{Pod: name, PodUID: "uid-" + name, Ready: true, Serving: true})
	return s
}

// killing adds the kubelet's event of a failed liveness probe.
func (s *scenario) killing(name string, at time.Duration) *scenario {
	s.events = append(s.events, recording.Event{At: after(at + 5*ms), Kube: &recording.KubeEvent{
		Reason: "Killing", Kind: "Pod", Object: name, UID: "uid-" + name, Emitted: after(at), Precise: true,
		Message: "Container app failed liveness probe, will be restarted",
	}})
	return s
}

// asks adds a request of the run's own to end a pod.
func (s *scenario) asks(disruption check.DisruptionKind, pod string, at time.Duration) *scenario {
	s.actions = append(s.actions, recording.Action{
		At: after(at), Done: after(at + 5*ms), Kind: recording.Requested, Name: disruption, Doomed: []string{pod}, DoomedUIDs: []string{"uid-" + pod},
	})
	return s
}

func (s *scenario) setEndpoint(at time.Duration, e recording.Endpoint) {
	s.slice = append(s.endpointsBut(e.PodUID), e)
	s.tellSlice(at)
}

func (s *scenario) dropEndpoint(at time.Duration, uid string) {
	s.slice = s.endpointsBut(uid)
	s.tellSlice(at)
}

func (s *scenario) endpointsBut(uid string) []recording.Endpoint {
	rest := []recording.Endpoint{}
	for _, e := range s.slice {
		if e.PodUID != uid {
			rest = append(rest, e)
		}
	}
	return rest
}

func (s *scenario) tellSlice(at time.Duration) {
	s.events = append(s.events, recording.Event{At: after(at), Slice: &recording.SliceObservation{
		Change: recording.Modified, Name: "web-abc", Service: "web", Endpoints: s.slice,
	}})
}

// request adds one sample. The zero values make it a request on a fresh
// connection, answered with 200 after 20 ms.
type request struct {
	stream  string // short-new unless given
	sent    time.Duration
	took    time.Duration
	pod     string
	connPod string
	served  uint32
	conn    uint64 // one of its own unless given
	phase   recording.Phase
	class   recording.Class
	status  int
	outcome recording.Outcome
	first   time.Duration // of the answer's bytes came so long after; never unless given
	port    uint16        // the client's; not known unless given
	lookup  time.Duration // of the name took so long, before the dial; none unless given
	bytes   int64
	address string // that was dialled; a NodePort unless given
}

func (s *scenario) request(r request) *scenario {
	sample := recording.Sample{
		Stream: r.stream, Scheduled: after(r.sent), Sent: 0, Acquired: 0, Written: 0,
		Resolved: recording.NotReached, FirstByte: recording.NotReached, End: r.took, Conn: s.seq + 1, Served: r.served,
		Pod: r.pod, ConnPod: r.connPod, LocalPort: r.port, RemoteAddr: "127.0.0.1:30080",
		Outcome: r.outcome, Phase: r.phase, Class: r.class, Status: r.status,
	}
	s.seq++
	sample.BytesIn = r.bytes
	if r.address != "" {
		sample.RemoteAddr = r.address
	}
	if r.first > 0 {
		sample.FirstByte = r.first
	}
	if r.lookup > 0 {
		sample.Lookup, sample.Resolved, sample.Acquired, sample.Written = r.lookup, r.lookup, r.lookup, r.lookup
	}
	if sample.Served == 0 && s.connects > 0 {
		sample.Acquired, sample.Written = s.connects, s.connects
	}
	if r.conn > 0 {
		sample.Conn = 1_000_000 + r.conn
	}
	if sample.Stream == "" {
		sample.Stream = "short-new"
	}
	if sample.End == 0 {
		sample.End = 20 * ms
	}
	if sample.Outcome == "" {
		sample.Outcome = recording.OK
		if r.class != "" {
			sample.Outcome = recording.Failed
			sample.Maskable = r.served > 0 && (r.phase == recording.PhaseFirstByte || r.phase == recording.PhaseWrite)
		}
	}
	s.samples = append(s.samples, sample)
	return s
}

// traffic lets the pods answer both streams every 20 ms in turn.
func (s *scenario) traffic(from, to time.Duration, pods ...string) *scenario {
	n := 0
	for at := from; at < to; at += 20 * ms {
		pod := pods[n%len(pods)]
		s.request(request{stream: "short-new", sent: at, pod: pod})
		s.request(request{stream: "short-reused", sent: at + 10*ms, pod: pod, connPod: pod, served: 7})
		n++
	}
	return s
}

// record writes the scenario as a recording and reads it back.
func (s *scenario) record(t *testing.T) *recording.Recording {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	now := began
	w, err := recording.Create(dir, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Header(s.header); err != nil {
		t.Fatal(err)
	}
	sent, senders := map[string]uint64{}, max(1, len(s.header.Senders))
	shares := make([]map[string]uint64, senders)
	for i := range shares {
		shares[i] = map[string]uint64{}
	}
	for _, sample := range s.samples {
		share := shares[sample.Sender%senders]
		sample.Seq = share[sample.Stream]*uint64(senders) + uint64(sample.Sender)
		share[sample.Stream]++
		sent[sample.Stream]++
		w.Sample(sample)
	}
	for _, e := range s.events {
		w.Event(e)
	}
	for _, a := range s.actions {
		w.Action(a)
	}
	end := recording.Ending{At: after(60 * time.Second)}
	if s.ending != nil {
		end = *s.ending
	}
	for _, stream := range s.header.Check.Streams {
		if !slices.ContainsFunc(end.Streams, func(e recording.StreamEnd) bool { return e.Name == stream.Name }) {
			end.Streams = append(end.Streams, recording.StreamEnd{Name: stream.Name, Sent: sent[stream.Name]})
		}
	}
	for i := range s.header.Senders {
		if !slices.ContainsFunc(end.Senders, func(e recording.SenderEnd) bool { return e.Index == i }) {
			one := recording.SenderEnd{Index: i}
			for _, stream := range s.header.Check.Streams {
				one.Streams = append(one.Streams, recording.StreamEnd{Name: stream.Name, Sent: shares[i][stream.Name]})
			}
			end.Senders = append(end.Senders, one)
		}
	}
	if err := w.Close(end); err != nil {
		t.Fatal(err)
	}
	r, err := recording.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s.ending == nil {
		r.Ending = nil
	}
	return r
}

func (s *scenario) analyze(t *testing.T) *report.Report {
	t.Helper()
	rep, err := Analyze(t.Context(), s.record(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, stream := range rep.Streams {
		if stream.Sent != stream.OK+stream.Failed+stream.Client+stream.Unfinished {
			t.Errorf("stream %s does not add up: %+v", stream.Name, stream)
		}
	}
	s.applyPatches(t, rep)
	return rep
}

// summary sums a report up for comparison: each finding with its count and pods.
func summary(rep *report.Report) string {
	text := string(rep.Verdict)
	for _, f := range rep.Findings {
		text += fmt.Sprintf("; %d %s (%s) %v %s", f.Failed, f.Cause, f.Confidence, f.Pods, f.Phase)
	}
	return text
}
