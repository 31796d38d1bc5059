package analysis

import (
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// What a kept connection had carried tells of the pod whose kill has cut it, though no
// answer on it names a pod.
func TestKeptConnectionsThatAKillHasCut(t *testing.T) {
	kept := func(conn uint64, sent time.Duration) request {
		return request{stream: "short-reused", sent: sent, served: 7, conn: conn}
	}
	cut := func(conn uint64, sent, at time.Duration) request {
		r := kept(conn, sent)
		r.took, r.phase, r.class = at-sent, recording.PhaseFirstByte, recording.ClassEOF
		return r
	}
	lasting := func(took time.Duration) request {
		return request{stream: "short-reused", sent: 2 * second, took: took, pod: "web-2", connPod: "web-2", served: 3}
	}
	const kill = 9260 * ms
	tests := []struct {
		name  string
		other *death
		with  []request
		want  string
	}{
		{
			"served until then", nil,
			[]request{kept(1, 8*second), kept(1, 8500*ms), cut(1, 9240*ms, kill)},
			"failed; 1 keepalive-outlasts-grace (likely) [web-1] at the exit",
		},
		{
			"served until then, while another pod ends that lives on",
			&death{deleted: 8200 * ms, left: 8220 * ms, killing: 8250 * ms, exited: 16 * second, gone: 17 * second, grace: 30 * second},
			[]request{kept(1, 8*second), kept(1, 8500*ms), cut(1, 9240*ms, kill)},
			"failed; 1 keepalive-outlasts-grace (likely) [web-1] at the exit",
		},
		{
			"served once", nil,
			[]request{kept(1, 5*second), kept(1, 8500*ms), cut(1, 9240*ms, kill)},
			"failed; 1 grace-too-short (likely) [web-1] at the exit",
		},
		{
			"served, and then no more for long", nil,
			[]request{kept(1, 6400*ms), kept(1, 6500*ms), cut(1, 9240*ms, kill)},
			"failed; 1 grace-too-short (likely) [web-1] at the exit",
		},
		{
			"came when all that was in flight at SIGTERM was over", nil,
			[]request{lasting(second), cut(1, 8600*ms, kill)},
			"failed; 1 keepalive-outlasts-grace (likely) [web-1] at the exit",
		},
		{
			"came when all that was in flight was over, while two waited from SIGTERM on", nil,
			[]request{lasting(second), cut(1, 6500*ms, kill), cut(2, 6900*ms, kill), cut(3, 8600*ms, kill)},
			"failed; 3 keepalive-cut (likely) [web-1] at the exit",
		},
		{
			"came while that may have been in flight", nil,
			[]request{lasting(2 * second), cut(1, 8*second, kill)},
			"failed; 1 grace-too-short (likely) [web-1] at the exit",
		},
		{
			"two that waited from SIGTERM on", nil,
			[]request{cut(1, 6500*ms, kill), cut(2, 6900*ms, kill)},
			"failed; 2 keepalive-cut (likely) [web-1] at the exit",
		},
		{
			"two that waited, while it served another", nil,
			[]request{kept(3, 8*second), kept(3, 8500*ms), cut(1, 8500*ms, kill), cut(2, 8700*ms, kill), cut(3, 9240*ms, kill)},
			"failed; 3 keepalive-outlasts-grace (likely) [web-1] at the exit",
		},
		{
			"one that waited", nil,
			[]request{cut(1, 6500*ms, kill)},
			"failed; 1 grace-too-short (likely) [web-1] at the exit",
		},
		{
			"two that were under way at SIGTERM", nil,
			[]request{cut(1, 6100*ms, kill), cut(2, 6000*ms, kill)},
			"failed; 2 grace-too-short (likely) [web-1] at the exit",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", killed()).pod("web-2", tt.other).pod("web-3", nil))
			for _, r := range tt.with {
				s.request(r)
			}
			if got := summary(s.analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// What a kill has cut is its loss also where the runtime took note of the process's end only
// 740 ms later, in the next second; where it was told to be there two seconds later, the
// process died of something else.
func TestKillThatIsNotedLate(t *testing.T) {
	for _, tt := range []struct {
		noted time.Duration
		want  string
	}{
		{10 * second, "failed; 1 keepalive-outlasts-grace (likely) [web-1] at the exit"},
		{11 * second, "failed; 1 keepalive-cut (likely) [web-1] between SIGTERM and exit"},
	} {
		d := killed()
		d.exited, d.gone = tt.noted, tt.noted+500*ms
		s := undisturbed(newScenario().pod("web-1", d).pod("web-2", nil).pod("web-3", nil))
		for _, sent := range []time.Duration{8 * second, 8500 * ms} {
			s.request(request{stream: "short-reused", sent: sent, served: 7, conn: 1})
		}
		s.request(request{stream: "short-reused", sent: 9240 * ms, took: 20 * ms, served: 7, conn: 1, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
		if got := summary(s.analyze(t)); got != tt.want {
			t.Errorf("noted after %s:\n got %s\nwant %s", tt.noted, got, tt.want)
		}
	}
}

// What connections have carried takes a bounded place.
func TestCarriersAreBounded(t *testing.T) {
	c := carriers{}
	for i := range uint64(2 * carriersKept) {
		c.answered(&recording.Sample{Conn: i, Served: 1, Outcome: recording.OK})
	}
	if len(c) != carriersKept {
		t.Errorf("%d connections are kept, want %d", len(c), carriersKept)
	}
}
