package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// From afar the news that a connection was closed is as old as the way there and back, and
// no pod need have had the request meanwhile.
func TestAClosedConnectionIsToldOfAfterARoundTrip(t *testing.T) {
	kept := request{sent: 6530 * ms, took: 62 * ms, connPod: "web-1", served: 3, stream: "short-reused", phase: recording.PhaseFirstByte, class: recording.ClassReset}
	tests := map[string]struct {
		connects time.Duration
		want     string
	}{
		"near": {0, "failed; 1 no-drain (likely) [web-1] at the exit"},
		"afar": {60 * ms, "failed; 1 keepalive-cut (likely) [web-1] at the exit"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", soon(0)).pod("web-2", nil)
			s.connects = tt.connects
			s.traffic(0, 6200*ms, "web-1", "web-2").traffic(6300*ms, 30*second, "web-2").steady(11 * second).request(kept)
			if got := summary(s.analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Where dials take long, for a machine that is busy, so may the news that a kept connection
// was closed: what is no older may have been idle, or at work, and both are told.
func TestAClosedConnectionIsToldOfAsLateAsDialsAre(t *testing.T) {
	const both = "1 request ended with the pod on a kept connection after 25ms at most: whether the pod was at work on it (no-drain), or closed the connection as idle just as it came (keepalive-cut), is not known"
	cut := func(at, took time.Duration) request {
		return request{sent: at, took: took, connPod: "web-1", served: 3, stream: "short-reused", phase: recording.PhaseFirstByte, class: recording.ClassReset}
	}
	tests := map[string]struct {
		end   *death
		dials time.Duration // of one connection in fifty
		cut   request
		want  string
		both  bool
	}{
		"dials are fast":                  {drained(), 0, cut(10200*ms, 25*ms), "no-drain (likely)", false},
		"they are not":                    {drained(), 40 * ms, cut(10200*ms, 25*ms), "keepalive-cut (possible)", true},
		"it is older than they are":       {drained(), 40 * ms, cut(10200*ms, 60*ms), "no-drain (likely)", false},
		"a pod certainly had it":          {drained(), 99 * ms, cut(10100*ms, 102*ms), "no-drain (likely)", false},
		"the pod cannot have drained":     {soon(2), 40 * ms, cut(6530*ms, 25*ms), "no-drain (certain)", false},
		"it leaves at once, with 0":       {soon(0), 40 * ms, cut(6530*ms, 25*ms), "keepalive-cut (possible)", true},
		"it is closed as soon as a dial":  {drained(), 40 * ms, cut(10200*ms, ms), "keepalive-cut (certain)", false},
		"it was closed before the exit":   {drained(), 40 * ms, cut(8*second, 25*ms), "keepalive-cut (certain)", false},
		"dials are fast, before the exit": {drained(), 0, cut(8*second, 25*ms), "keepalive-cut (certain)", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", tt.end).pod("web-2", nil)
			s.traffic(0, 6200*ms, "web-1", "web-2").traffic(6300*ms, 30*second, "web-2").steady(14 * second)
			for i := range s.samples {
				if at := &s.samples[i]; at.Served == 0 && i%100 == 0 {
					at.Acquired, at.Written, at.End = tt.dials, tt.dials, at.End+tt.dials
				}
			}
			rep := s.request(tt.cut).analyze(t)
			if got := summary(rep); !strings.Contains(got, "1 "+tt.want+" [web-1]") {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			evidence := strings.Join(rep.Findings[0].Evidence, "; ")
			if strings.Contains(evidence, "is not known") != tt.both || tt.both && !strings.Contains(evidence, both) {
				t.Error(evidence)
			}
		})
	}
}
