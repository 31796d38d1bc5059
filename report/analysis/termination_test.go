package analysis

import (
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

func TestWhoEndedThePod(t *testing.T) {
	deleteEvent := func(message string) recording.Event {
		return recording.Event{At: after(6300 * ms), Kube: &recording.KubeEvent{
			Reason: "SuccessfulDelete", Kind: "ReplicaSet", Message: message, Emitted: after(6203 * ms), Precise: true,
		}}
	}
	tests := []struct {
		name   string
		change func(*death)
		event  string
		want   report.EndedBy
	}{
		{"an old template's pod", func(*death) {}, "", report.ByRollout},
		{"a present template's pod, by its controller", func(d *death) { d.owner = "web-new" }, "Deleted pod: web-1", report.ByScaleDown},
		{"a present template's pod, by nobody known", func(d *death) { d.owner = "web-new" }, "Deleted pod: web-7", report.ByDelete},
		{"eviction", func(d *death) { d.target = "EvictionByEvictionAPI" }, "", report.ByEviction},
		{"preemption", func(d *death) { d.target = "PreemptionByScheduler" }, "", report.ByPreemption},
		{"the kubelet itself", func(d *death) { d.target = "TerminationByKubelet" }, "", report.ByNode},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := drained()
			tt.change(d)
			s := newScenario().pod("web-1", d)
			if tt.event != "" {
				s.events = append(s.events, deleteEvent(tt.event))
			}
			ended := ends(s)
			if len(ended) != 1 || ended[0].EndedBy != tt.want {
				t.Errorf("got %+v, want %s", ended, tt.want)
			}
		})
	}
}

// ends gives the terminations that the scenario's events tell of.
func ends(s *scenario) []*ending {
	events := recording.EventsOf(s.events)
	return readEndings(&recording.Recording{Events: *events, Actions: s.actions}, nil, readEndpoints(events, &recording.Workload{}, nil, nil))
}

func TestTimesOfATermination(t *testing.T) {
	is := func(t *testing.T, name string, got report.Interval, from, to time.Duration) {
		t.Helper()
		if !got.From.Equal(after(from)) || !got.To.Equal(after(to)) {
			t.Errorf("%s: [%s, %s], want [%s, %s]", name, got.From.Sub(began), got.To.Sub(began), from, to)
		}
	}
	one := func(t *testing.T, d *death) *ending {
		t.Helper()
		ended := ends(newScenario().pod("web-1", d))
		if len(ended) != 1 {
			t.Fatalf("%d terminations", len(ended))
		}
		return ended[0]
	}

	t.Run("whole seconds are intervals, narrowed by what was seen", func(t *testing.T) {
		got := one(t, drained())
		is(t, "requested", got.Requested, 6*second, 6202*ms)
		is(t, "seen", got.Seen, 6202*ms, 6202*ms)
		is(t, "kubelet started", got.KubeletStarted, 6250*ms, 6250*ms)
		is(t, "SIGTERM", got.Sigterm, 6250*ms, 6350*ms)
		is(t, "left the slice", got.LeftSlice, 6220*ms, 6220*ms)
		is(t, "exited", got.Exited, 10*second, 10550*ms)
		is(t, "gone", got.Gone, 11500*ms, 11500*ms)
	})
	t.Run("SIGTERM comes after a sleep", func(t *testing.T) {
		d := drained()
		d.preStop, d.sleep = recording.PreStopSleep, 3*second
		is(t, "SIGTERM", one(t, d).Sigterm, 9250*ms, 9350*ms)
	})
	t.Run("a sleep longer than the grace ends with it", func(t *testing.T) {
		d := drained()
		d.preStop, d.sleep, d.grace = recording.PreStopSleep, 9*second, 4*second
		is(t, "SIGTERM", one(t, d).Sigterm, 10250*ms, 10350*ms)
	})
	t.Run("a hook of unknown length says only until when", func(t *testing.T) {
		d := drained()
		d.preStop = recording.PreStopExec
		is(t, "SIGTERM", one(t, d).Sigterm, 6250*ms, 10550*ms)
	})
	t.Run("the kubelet's last delete does not count", func(t *testing.T) {
		s := newScenario().pod("web-1", drained())
		now, none := after(11*second), time.Duration(0)
		last := *s.events[len(s.events)-1].Pod
		last.Change, last.DeletionTimestamp, last.DeletionGrace = recording.Modified, &now, &none
		s.events = append(s.events, recording.Event{At: after(11 * second), Pod: &last})
		got := ends(s)[0]
		if time.Duration(got.Grace) != 30*second || got.Requested.From.After(after(7*second)) {
			t.Errorf("grace %s, requested %v", got.Grace, got.Requested)
		}
	})
	t.Run("a pod that was ending before we came is not ours", func(t *testing.T) {
		d := drained()
		s := newScenario().pod("web-1", d)
		kept := s.events[:0]
		for _, e := range s.events {
			if e.Pod != nil && e.Pod.DeletionTimestamp == nil {
				continue
			}
			kept = append(kept, e)
		}
		s.events = kept
		if got := ends(s); len(got) != 0 {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a synthetic status is no evidence of the exit's time", func(t *testing.T) {
		s := newScenario().pod("web-1", drained())
		for _, e := range s.events {
			if e.Pod != nil && len(e.Pod.Containers) > 0 && e.Pod.Containers[0].Terminated != nil {
				e.Pod.Containers[0].Terminated = &recording.Exit{Code: 137, Reason: "ContainerStatusUnknown"}
			}
		}
		got := ends(s)[0]
		if got.Exited.Known() || got.killed() {
			t.Errorf("exited %v, killed %v", got.Exited, got.killed())
		}
	})
}

func TestPodsOfTheSameName(t *testing.T) {
	lives := []*pod{
		{name: "web-0", created: after(0)},
		{name: "web-0", created: after(10 * second)},
	}
	index := &podIndex{byName: map[string][]*pod{"web-0": lives}}
	for at, want := range map[time.Duration]*pod{-second: nil, 5 * second: lives[0], 15 * second: lives[1]} {
		if got := index.named("web-0", after(at)); got != want {
			t.Errorf("at %s: %v, want %v", at, got, want)
		}
	}
}

func TestSeveralContainers(t *testing.T) {
	exited := func(code int32, at time.Duration) *recording.Exit {
		return &recording.Exit{Code: code, FinishedAt: after(at).Truncate(time.Second)}
	}
	s := newScenario().pod("web-1", drained())
	for _, e := range s.events {
		if e.Pod == nil {
			continue
		}
		app, exporter := recording.Container{Name: "app"}, recording.Container{Name: "exporter", PreStop: recording.PreStopSleep, PreStopSleep: 2 * second}
		mesh := recording.Container{Name: "mesh", Sidecar: true}
		if e.Pod.Phase == "Failed" {
			app.Terminated, exporter.Terminated, mesh.Terminated = exited(2, 7*second), exited(0, 9*second), exited(0, 10*second)
		}
		e.Pod.Containers = []recording.Container{app, exporter, mesh}
	}
	got := ends(s)[0]
	if got.ExitCode == nil || *got.ExitCode != 2 || !got.Exited.To.Equal(after(8*second)) {
		t.Errorf("exit code %v by %v, want the first main container's", got.ExitCode, got.Exited.To.Sub(began))
	}
	if got.Sigterm.From.Sub(began) != 6250*ms || got.Sigterm.To.Sub(began) != 8350*ms {
		t.Errorf("SIGTERM in [%s, %s], want it to hold both hooks", got.Sigterm.From.Sub(began), got.Sigterm.To.Sub(began))
	}
	if len(got.Exits) != 3 || !got.Exits[2].Sidecar || got.Exits[1].ExitCode != 0 {
		t.Errorf("%+v", got.Exits)
	}
}

func TestADrainIsToldFromOtherEvictions(t *testing.T) {
	cordoned := func(node string) recording.Event {
		return recording.Event{At: after(6100 * ms), Node: &recording.NodeObservation{Name: node, Unschedulable: true}}
	}
	tests := []struct {
		name   string
		change func(*scenario)
		want   report.EndedBy
	}{
		{"an eviction", func(*scenario) {}, report.ByEviction},
		{"from a node that is cordoned", func(s *scenario) { s.events = append(s.events, cordoned("node-1")) }, report.ByDrain},
		{"while another node is", func(s *scenario) { s.events = append(s.events, cordoned("node-2")) }, report.ByEviction},
		{"by the run's own drain", func(s *scenario) { s.asks("drain", "web-1", 6150*ms) }, report.ByDrain},
		{"by the run's own eviction, whatever else goes on", func(s *scenario) {
			s.events = append(s.events, cordoned("node-1"))
			s.asks("evict", "web-1", 6150*ms)
		}, report.ByEviction},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := drained()
			d.target = "EvictionByEvictionAPI"
			s := newScenario().pod("web-1", d)
			for _, e := range s.events {
				if e.Pod != nil {
					e.Pod.Node = "node-1"
				}
			}
			tt.change(s)
			if got := ends(s); len(got) != 1 || got[0].EndedBy != tt.want {
				t.Errorf("got %+v, want %s", got, tt.want)
			}
		})
	}
}

func TestARepeatedEventKeepsItsFirstName(t *testing.T) {
	s := newScenario().pod("web-1", nil).pod("web-2", nil)
	s.crash("web-1", 7100*ms, 9*second, recording.Exit{Code: 137, Reason: "Error"}).killing("web-1", 6900*ms)
	s.crash("web-1", 15100*ms, 17*second, recording.Exit{Code: 137, Reason: "Error"})
	repeated := recording.KubeEvent{}
	for _, e := range s.events {
		if e.Kube != nil {
			repeated = *e.Kube
		}
	}
	repeated.Count = 2
	s.events = append(s.events, recording.Event{At: after(14950 * ms), Kube: &repeated})
	got := ends(s)
	if len(got) != 2 || got[0].EndedBy != report.ByProbe || got[1].EndedBy != report.ByProbe {
		t.Fatalf("%+v", got)
	}
	if from := got[1].KubeletStarted.From.Sub(began); from < 13*second || from > 15*second {
		t.Errorf("the second restart was decided at %s", from)
	}
}

// A node whose clock is three seconds ahead tells every time three seconds late;
// the leases show it.
func TestAClockThatIsSecondsAhead(t *testing.T) {
	const ahead = 3 * time.Second
	s := newScenario()
	d := abrupt()
	d.killing, d.exited = d.killing+ahead, d.exited+ahead
	s.pod("web-1", d)
	for i, e := range s.events {
		if e.Pod != nil {
			e.Pod.Node = "node-1"
		}
		if e.Kube != nil {
			s.events[i].At = after(6255 * ms)
		}
		if e.Pod != nil && e.Pod.Phase == "Failed" {
			s.events[i].At = after(6560 * ms)
		}
	}
	for i := range 12 {
		now := time.Duration(i) * second
		s.events = append(s.events, recording.Event{At: after(now + 6*ms), Lease: &recording.LeaseObservation{Component: "node/node-1", Renewed: after(now + ahead)}})
	}
	got := ends(s)[0]
	if from := got.KubeletStarted.From.Sub(began); from < 6200*ms || from > 6300*ms {
		t.Errorf("the kubelet started at %s, want about 6.25s", from)
	}
	if from, to := got.Exited.From.Sub(began), got.Exited.To.Sub(began); from > 6260*ms || to < 6260*ms {
		t.Errorf("exited in [%s, %s], want it to hold 6.26s", from, to)
	}
	undisturbed(s.pod("web-2", nil).pod("web-3", nil))
	s.request(request{stream: "short-reused", sent: 6250 * ms, took: 12 * ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
	if got, want := summary(s.analyze(t)), "failed; 1 no-drain (certain) [web-1] at the exit"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestTheProgramsOwnLine(t *testing.T) {
	d := drained()
	d.preStop = recording.PreStopExec
	line := func(container string, at time.Duration) recording.Event {
		return recording.Event{At: after(at + 20*ms), Log: &recording.LogLine{Pod: "web-1", UID: "uid-web-1", Container: container, Written: after(at), Text: "SIGTERM received"}}
	}
	tests := []struct {
		name     string
		lines    []recording.Event
		from, to time.Duration
	}{
		{"tells the signal's time", []recording.Event{line("app", 8*second)}, 7900 * ms, 8 * second},
		{"in another container does not", []recording.Event{line("mesh", 8*second)}, 6250 * ms, 10550 * ms},
		{"from before is another signal's", []recording.Event{line("app", 3*second)}, 6250 * ms, 10550 * ms},
		{"counts once", []recording.Event{line("app", 8*second), line("app", 9*second)}, 7900 * ms, 8 * second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().pod("web-1", d)
			s.events = append(s.events, tt.lines...)
			got := ends(s)[0].Sigterm
			if !got.From.Equal(after(tt.from)) || !got.To.Equal(after(tt.to)) {
				t.Errorf("SIGTERM in [%s, %s], want [%s, %s]", got.From.Sub(began), got.To.Sub(began), tt.from, tt.to)
			}
		})
	}
}
