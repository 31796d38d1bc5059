package analysis

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A dial that hangs or is refused on a port on which a pod has reset a connection
// shortly before is a consequence of that. It changes nothing of the fix.
func TestDialAfterAReset(t *testing.T) {
	const port = 40001
	// web-1 gets SIGTERM at 6.25 s and exits at 10.25 s; web-2 ends as well, at 12 s.
	reset := request{
		stream: "short-reused", sent: 8 * second, took: 2 * ms, connPod: "web-1", served: 3, port: port,
		phase: recording.PhaseFirstByte, class: recording.ClassReset,
	}
	closed := reset
	closed.class = recording.ClassEOF
	hung := request{sent: 12500 * ms, took: 3 * second, port: port, phase: recording.PhaseDial, class: recording.ClassTimeout}
	change := func(r request, change func(*request)) request { change(&r); return r }
	const (
		alone    = "1 keepalive-cut (certain) [web-1] between SIGTERM and exit"
		together = "failed; 2 keepalive-cut (certain) [web-1] between SIGTERM and exit"
	)
	tests := []struct {
		name  string
		lost  request
		after request
		led   bool
	}{
		{"hung", reset, hung, true},
		{"refused", reset, change(hung, func(r *request) { r.class, r.took = recording.ClassRefused, ms }), true},
		{"after a FIN", closed, hung, false},
		{"from another port", reset, change(hung, func(r *request) { r.port++ }), false},
		{"from a port that is not known", change(reset, func(r *request) { r.port = 0 }), change(hung, func(r *request) { r.port = 0 }), false},
		{"forgotten", reset, change(hung, func(r *request) { r.sent = reset.sent + reset.took + trackedAfterReset }), false},
		{"looked up meanwhile", reset, change(hung, func(r *request) { r.lookup, r.took = 6*second, 9*second }), false},
		{"accepted by something", reset, change(hung, func(r *request) { r.phase = recording.PhaseFirstByte }), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			other := drained()
			for _, moment := range []*time.Duration{&other.deleted, &other.left, &other.killing, &other.exited, &other.gone} {
				*moment += 6 * second
			}
			build := func() *scenario {
				s := newScenario().pod("web-1", drained()).pod("web-2", other).pod("web-3", nil)
				return s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(8500*ms, 12*second, "web-2", "web-3").traffic(14*second, 30*second, "web-3").steady(20 * second)
			}
			rep := build().request(tt.lost).request(tt.after).analyze(t)
			got := summary(rep)
			if (got == together) != tt.led || !tt.led && !strings.Contains(got, alone) {
				t.Fatal(got)
			}
			if !tt.led {
				return
			}
			before := build().request(tt.lost).analyze(t)
			if fix := before.Findings[0].Fix; !reflect.DeepEqual(rep.Findings[0].Fix, fix) {
				t.Errorf("\n got %+v\nwant %+v", rep.Findings[0].Fix, fix)
			}
			if evidence := strings.Join(rep.Findings[0].Evidence, "\n"); !strings.Contains(evidence, "1 request went out less than 10s after a reset on the same client port") {
				t.Error(evidence)
			}
		})
	}
}

// Of several consequences each follows on the one before.
func TestDialsAfterAReset(t *testing.T) {
	s := sound().request(request{
		stream: "short-reused", sent: 8 * second, took: 2 * ms, connPod: "web-1", served: 3, port: 40001,
		phase: recording.PhaseFirstByte, class: recording.ClassReset,
	})
	for _, sent := range []time.Duration{16 * second, 24 * second} {
		s.request(request{sent: sent, took: ms, port: 40001, phase: recording.PhaseDial, class: recording.ClassRefused})
	}
	if got, want := summary(s.analyze(t)), "failed; 3 keepalive-cut (certain) [web-1] between SIGTERM and exit"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// A dial that was never answered holds its port for longer than the proxies know the
// pod; one that an RST answered does not hold it at all.
func TestDialAfterADialThatFailed(t *testing.T) {
	const port = 40001
	hung := request{sent: 6500 * ms, took: 3 * second, port: port, phase: recording.PhaseDial, class: recording.ClassTimeout}
	unreachable := hung
	unreachable.class = recording.ClassUnreachable
	turnedAway := refused
	turnedAway.port = port
	later := func(sent time.Duration) request {
		return request{sent: sent, took: 3 * second, port: port, phase: recording.PhaseDial, class: recording.ClassTimeout}
	}
	tests := []struct {
		name  string
		first request
		sent  time.Duration
		led   bool
	}{
		{"hung", hung, 60 * second, true},
		{"unreachable", unreachable, 60 * second, true},
		{"hung and forgotten", hung, hung.sent + hung.took + trackedAfterSilence, false},
		{"refused", turnedAway, 12 * second, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil)
			s.traffic(0, 6250*ms, "web-1", "web-2", "web-3").traffic(6400*ms, 140*second, "web-2", "web-3").steady(20 * second)
			rep := s.request(tt.first).request(later(tt.sent)).analyze(t)
			found := rep.Findings[0].Failed
			evidence := strings.Join(rep.Findings[0].Evidence, "\n")
			told := strings.Contains(evidence, "1 request went out less than 2m0s after a connection that was never answered on the same client port")
			if (found == 2) != tt.led || told != tt.led {
				t.Errorf("%s\n%s", summary(rep), evidence)
			}
		})
	}
}

// A sleep that is computed from when requests were still sent there does not count it.
func TestFixWithoutTheDialAfterAReset(t *testing.T) {
	lost := request{sent: 6500 * ms, took: 3 * second, port: 40001, phase: recording.PhaseDial, class: recording.ClassTimeout}
	hung := request{sent: 15 * second, took: 10 * second, port: 40001, phase: recording.PhaseDial, class: recording.ClassTimeout}
	before, rep := sound().request(lost).analyze(t), sound().request(lost).request(hung).analyze(t)
	if got, want := summary(rep), "failed; 2 listener-closed-early (likely) [web-1] between SIGTERM and exit"; got != want {
		t.Fatalf("\n got %s\nwant %s", got, want)
	}
	if got, want := rep.Findings[0].Fix, before.Findings[0].Fix; !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}
