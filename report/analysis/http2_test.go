package analysis

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// What HTTP/2 itself says of a request that it ends decides before its age does.
func TestWaysInWhichHTTP2EndsARequest(t *testing.T) {
	const exit = 6260 * ms // abrupt's
	lost := func(class recording.Class, sent, end time.Duration, served uint32) request {
		r := request{sent: sent, took: end - sent, phase: recording.PhaseFirstByte, class: class, served: served}
		if served > 0 {
			r.stream, r.connPod = "short-reused", "web-1"
		}
		return r
	}
	for _, tt := range []struct {
		name     string
		with     *death
		lost     request
		maskable bool
		want     string
	}{
		{
			"RST_STREAM 2 ms after it was sent, by a pod that lives on", lingering(0), lost(recording.ClassStreamReset, 7*second, 7002*ms, 3), false,
			"failed; 1 no-drain (likely) [web-1] between SIGTERM and exit",
		},
		{
			"the same on a new connection, which the times alone give a pod", lingering(0), lost(recording.ClassStreamReset, 7*second, 7002*ms, 0), false,
			"failed; 1 no-drain (possible) [web-1] between SIGTERM and exit",
		},
		{
			"RST_STREAM just before an exit", abrupt(), lost(recording.ClassStreamReset, exit-2*ms, exit, 3), false,
			"failed; 1 no-drain (certain) [web-1] at the exit",
		},
		{
			"RST_STREAM by somebody as a pod that has drained exits", drained(), lost(recording.ClassStreamReset, 10500*ms, 10502*ms, 0), false,
			"failed; 1 no-drain (possible) [web-1] at the exit",
		},
		{
			"RST_STREAM by somebody as a pod exits at once", abrupt(), lost(recording.ClassStreamReset, exit-2*ms, exit, 0), false,
			"failed; 1 no-drain (possible) [web-1] at the exit",
		},
		{
			"RST_STREAM before the end had begun", lingering(0), lost(recording.ClassStreamReset, 4*second, 4002*ms, 3), false,
			"inconclusive; 1 unknown () [] outside of any termination",
		},
		{
			"RST_STREAM by somebody who lives when the pod has gone", abrupt(), lost(recording.ClassStreamReset, 7400*ms, 7402*ms, 0), false,
			"failed; 1 unknown () [] outside of any termination",
		},
		{
			"REFUSED_STREAM, however late, as a pod exits at once", abrupt(), lost(recording.ClassRefusedStream, exit-200*ms, exit, 3), true,
			"failed; 1 keepalive-cut (certain) [web-1] at the exit",
		},
		{
			"REFUSED_STREAM on a new connection", lingering(0), lost(recording.ClassRefusedStream, 6400*ms, 6600*ms, 0), true,
			"failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit",
		},
		{
			"REFUSED_STREAM just after SIGTERM, on a connection begun before", lingering(0), lost(recording.ClassRefusedStream, 6120*ms, 6270*ms, 0), true,
			"failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit",
		},
		{
			"GOAWAY just after SIGTERM, on a connection begun before", lingering(0), lost(recording.ClassGoAway, 6120*ms, 6270*ms, 0), true,
			"failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit",
		},
		{
			"REFUSED_STREAM before SIGTERM", lingering(0), lost(recording.ClassRefusedStream, 6000*ms, 6150*ms, 0), true,
			"failed; 1 unknown () [] outside of any termination",
		},
		{
			"GOAWAY before it on a new connection", lingering(0), lost(recording.ClassGoAway, 6400*ms, 6600*ms, 0), true,
			"failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit",
		},
		{
			"GOAWAY behind it on a new connection, which then ends with the pod", abrupt(), lost(recording.ClassGoAway, exit-3*ms, exit, 0), false,
			"failed; 1 no-drain (likely) [web-1] at the exit",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil)).request(tt.lost)
			s.samples[len(s.samples)-1].Maskable = tt.maskable
			if got := summary(s.analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// A finding says what was done to the requests, and not what another end of them would be.
func TestWhatIsSaidOfRequestsThatHTTP2Ends(t *testing.T) {
	for name, tt := range map[string]struct {
		with  *death
		class recording.Class
		end   time.Duration
		age   time.Duration
		says  string
	}{
		"ended by a pod that lives on": {
			lingering(0), recording.ClassStreamReset, 7 * second, 200 * ms,
			"the pod ends requests after SIGTERM without answering them",
		},
		"cut by the exit": {
			abrupt(), recording.ClassEOF, 6260 * ms, 200 * ms,
			"the pod exits on SIGTERM while requests are still in flight",
		},
		"turned away": {
			abrupt(), recording.ClassRefusedStream, 6260 * ms, 200 * ms,
			"the pod turns away requests on kept-alive connections that clients sent before they knew that it ends",
		},
		"closed without a word": {
			lingering(0), recording.ClassEOF, 6300 * ms, ms,
			"the pod closes kept-alive connections without telling the clients first",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil))
			s.request(request{stream: "short-reused", sent: tt.end - tt.age, took: tt.age, served: 3, connPod: "web-1", phase: recording.PhaseFirstByte, class: tt.class})
			rep := s.analyze(t)
			if got := rep.Findings[0].Says; got != tt.says {
				t.Errorf("%s\n got %s\nwant %s", summary(rep), got, tt.says)
			}
			if said := strings.Join(rep.Findings[0].Evidence, "\n"); strings.Contains(said, "did not read any more") {
				t.Errorf("nothing waited unread: %s", said)
			}
		})
	}
}

// Requests that end with the connection which they share are lost for one reason, and by one
// pod: an exit, whatever else might close a kept connection just then.
func TestRequestsThatShareAConnection(t *testing.T) {
	const exit = 6260 * ms
	cut := func(sent time.Duration, served uint32, connPod string) request {
		return request{stream: "short-reused", sent: sent, took: exit - sent, served: served, connPod: connPod, conn: 1, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	}
	before := func() *death {
		d := drained()
		d.deleted, d.left, d.killing = 5200*ms, 5220*ms, 5250*ms
		return d
	}
	for name, tt := range map[string]struct {
		lost []request
		want string
	}{
		"the oldest under way for long, none answered yet": {
			[]request{cut(6100*ms, 0, ""), cut(6200*ms, 1, ""), cut(6258*ms, 2, "")},
			"failed; 3 no-drain (likely) [web-1] at the exit",
		},
		"one of them names the pod": {
			[]request{cut(6100*ms, 1, ""), cut(6258*ms, 2, "web-1")},
			"failed; 2 no-drain (certain) [web-1] at the exit",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", abrupt()).pod("web-2", before()).pod("web-3", nil)
			s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(8500*ms, 30*second, "web-3").steady(12 * second)
			for _, r := range tt.lost {
				s.request(r)
			}
			if got := summary(s.analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// A stream may end before its body does, and leave its connection alone: a server that cuts
// bodies at other times as well does not show by that what the connection's end cut.
func TestBodiesThatEndBeforeTheirConnection(t *testing.T) {
	const end = 7000 * ms
	short := request{stream: "short-reused", sent: end - ms, took: ms, served: 3, connPod: "web-1", conn: 1, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	body := func(at time.Duration) request {
		return request{stream: "short-reused", sent: at - 30*ms, took: 30 * ms, first: 10 * ms, served: 3, pod: "web-1", connPod: "web-1", conn: 1, status: 200, phase: recording.PhaseBody, class: recording.ClassBodyCut}
	}
	for name, tt := range map[string]struct {
		bodies []request
		want   string
	}{
		"cut with the connection":       {[]request{body(end)}, "no-drain"},
		"cut at other times, too":       {[]request{body(end - 300*ms), body(end - 10*ms)}, "keepalive-cut"},
		"cut at other times alone":      {[]request{body(end - 300*ms)}, "keepalive-cut"},
		"as soon as times are the same": {[]request{body(end + sameMoment)}, "no-drain"},
	} {
		t.Run(name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", lingering(0)).pod("web-2", nil).pod("web-3", nil)).request(short)
			for _, r := range tt.bodies {
				s.request(r)
			}
			rep := s.analyze(t)
			i := slices.IndexFunc(rep.Failures, func(f report.Failure) bool { return f.Class == recording.ClassEOF })
			if i < 0 || string(rep.Failures[i].Cause) != tt.want {
				t.Errorf("%+v, want %s", rep.Failures, tt.want)
			}
		})
	}
}

// News of an exit comes late on a busy machine. What names no pod is not given to the one of
// two exits whose news was nearest; what names its pod is that one's alone.
func TestTwoExitsWithinTheTimeThatNewsTakes(t *testing.T) {
	later := func() *death {
		d := abrupt()
		d.exited += 45 * ms
		return d
	}
	named := func(pod string, end time.Duration) request {
		return request{stream: "short-reused", sent: end - 150*ms, took: 150 * ms, served: 3, connPod: pod, phase: recording.PhaseFirstByte, class: recording.ClassReset}
	}
	for name, tt := range map[string]struct {
		lost request
		want string
	}{
		"names none, and ends between them": {
			request{sent: 6080 * ms, took: 210 * ms, phase: recording.PhaseFirstByte, class: recording.ClassReset},
			"no-drain [web-1 web-2]",
		},
		"names the one whose news was further": {named("web-1", 6290*ms), "no-drain [web-1]"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", abrupt()).pod("web-2", later()).pod("web-3", nil)
			s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(8500*ms, 30*second, "web-3").steady(12 * second)
			s.request(named("web-1", 6260*ms)).request(named("web-2", 6305*ms)).request(tt.lost)
			rep := s.analyze(t)
			i := slices.IndexFunc(rep.Failures, func(f report.Failure) bool { return f.Ended.Equal(after(tt.lost.sent + tt.lost.took)) })
			if i < 0 {
				t.Fatalf("the report does not have it: %s", summary(rep))
			}
			if got := fmt.Sprintf("%s %v", rep.Failures[i].Cause, rep.Failures[i].Pods); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// A runtime takes note of an exit later than connections show it (finishedAt may be a second
// later by that), and a pod of which nothing came for a while was alive as long as it held
// what its exit cut. Neither frees a pod of what it died with.
func TestAnExitThatIsNotedLate(t *testing.T) {
	named := func(pod string, end time.Duration) request {
		return request{stream: "short-reused", sent: end - 150*ms, took: 150 * ms, served: 3, connPod: pod, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	}
	lost := request{sent: 6150 * ms, took: 210 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	for name, noted := range map[string]time.Duration{"at once": 6370 * ms, "in the next second": 7010 * ms} {
		t.Run(name, func(t *testing.T) {
			early := abrupt()
			early.exited = noted
			s := newScenario().pod("web-1", early).pod("web-2", abrupt()).pod("web-3", nil)
			s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(6250*ms, 6350*ms, "web-2").traffic(8500*ms, 30*second, "web-3").steady(12 * second)
			for at := 3 * second; at < 6240*ms; at += 5 * ms {
				s.request(request{sent: at, took: ms, pod: "web-1"})
			}
			s.request(named("web-1", 6362*ms)).request(named("web-2", 6375*ms)).request(lost)
			for _, f := range s.analyze(t).Failures {
				got, want := fmt.Sprintf("%s %v", f.Cause, f.Pods), "no-drain [web-1 web-2]"
				switch f.Ended {
				case after(6362 * ms):
					want = "no-drain [web-1]"
				case after(6375 * ms):
					want = "no-drain [web-2]"
				}
				if got != want {
					t.Errorf("%s #%d: got %s, want %s", f.Stream, f.Seq, got, want)
				}
			}
		})
	}
}

// A busy node delivers SIGTERM late, so that a pod which does not handle it answers for a
// while. It did not drain for that: what ended with the others at its exit was cut by it.
func TestASignalThatComesLate(t *testing.T) {
	late := abrupt()
	late.exited = 7010 * ms
	s := newScenario().pod("web-1", late).pod("web-2", abrupt()).pod("web-3", nil)
	s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(6250*ms, 6850*ms, "web-1").traffic(8500*ms, 30*second, "web-3").steady(12 * second)
	cut := request{sent: 6720 * ms, took: 180 * ms, served: 3, connPod: "web-1", phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	reused := request{sent: 6897 * ms, took: 3 * ms, served: 3, connPod: "web-1", phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	fresh := request{sent: 6840 * ms, took: 60 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	s.request(cut).request(reused).request(fresh)
	for _, f := range s.analyze(t).Failures {
		want := "no-drain (certain) [web-1]"
		if f.Served == 0 {
			want = "no-drain (likely) [web-1]"
		}
		if got := fmt.Sprintf("%s (%s) %v", f.Cause, f.Confidence, f.Pods); got != want {
			t.Errorf("sent at %s: got %s, want %s", f.Sent.Sub(began), got, want)
		}
	}
}

// A code of death tells how a process ended, not that it had not drained: one that dies seconds
// after SIGTERM may have closed its idle connections in good order just before.
func TestADeathAfterADrain(t *testing.T) {
	for name, change := range map[string]func(*death){
		"a panic at the end":     func(d *death) { d.code = 2 },
		"a crash of a library's": func(d *death) { d.code = 139 },
	} {
		t.Run(name, func(t *testing.T) {
			crashed := drained()
			change(crashed)
			s := newScenario().pod("web-1", crashed).pod("web-2", nil).pod("web-3", nil)
			s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(6250*ms, 10200*ms, "web-1").traffic(8500*ms, 30*second, "web-2", "web-3").steady(12 * second)
			s.request(request{stream: "short-reused", sent: 10230 * ms, took: 2 * ms, served: 3, connPod: "web-1", phase: recording.PhaseFirstByte, class: recording.ClassEOF})
			if got, want := summary(s.analyze(t)), "failed; 1 keepalive-cut (certain) [web-1]"; !strings.HasPrefix(got, want) {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

// A connection that leads to a pod which is none of the workload's was cut by none of those.
// A name that is no endpoint's may be that of a pod to which they pass requests on.
func TestAConnectionToAnothersPod(t *testing.T) {
	for name, tt := range map[string]struct {
		endpoint bool
		want     string
		told     bool
	}{
		"another endpoint of the service": {true, "failed; 1 unknown () [] outside of any termination", false},
		"no endpoint":                     {false, "failed; 1 no-drain (possible) [web-1] at the exit", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", abrupt()).pod("web-2", nil).pod("web-3", nil))
			if tt.endpoint {
				s.setEndpoint(0, recording.Endpoint{PodUID: "uid-other-1", Pod: "other-1", Ready: true, Serving: true})
			}
			s.request(request{stream: "short-reused", sent: 6060 * ms, took: 200 * ms, served: 3, connPod: "other-1", phase: recording.PhaseFirstByte, class: recording.ClassEOF})
			rep := s.analyze(t)
			if got := summary(rep); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			if said := strings.Join(rep.Findings[0].Evidence, "\n"); strings.Contains(said, "whose last answer named no pod of the workload (other-1)") != tt.told {
				t.Error(said)
			}
		})
	}
}

// What was cut without a name at the moment of an exit that cut others is that exit's, rather
// than of a pod that drains and may have let go of a connection just then.
func TestAnExitFitsBetterThanLettingGo(t *testing.T) {
	draining := drained()
	draining.deleted, draining.left, draining.killing = 5200*ms, 5220*ms, 5250*ms
	s := newScenario().pod("web-1", abrupt()).pod("web-2", draining).pod("web-3", nil)
	s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(8500*ms, 30*second, "web-3").steady(12 * second)
	for pod, age := range map[string]time.Duration{"web-1": 150 * ms, "": 50 * ms} {
		s.request(request{stream: "short-reused", sent: 6260*ms - age, took: age, served: 3, connPod: pod, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
	}
	if got, want := summary(s.analyze(t)), "failed; 2 no-drain (likely) [web-1] at the exit"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}
