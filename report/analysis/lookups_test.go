package analysis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A refusal tells of the moment at which it came, and what is dialled after a lookup
// of where the proxies led it then. SIGTERM comes at 6.25 s; from 10.25 s on the pod
// is gone, and 1.5 s after it has left its slice, at 6.22 s, no proxy knows it.
func TestRefusedAfterALookup(t *testing.T) {
	refused := func(r request) request {
		r.phase, r.class = recording.PhaseDial, recording.ClassRefused
		return r
	}
	tests := []struct {
		name string
		lost request
		want string
	}{
		{
			"looked up across SIGTERM", refused(request{sent: 6160 * ms, lookup: 180 * ms, took: 181 * ms}),
			"failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit",
		},
		{
			"refused across SIGTERM", refused(request{sent: 6160 * ms, took: 181 * ms}),
			"failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit",
		},
		{
			"refused before SIGTERM", refused(request{sent: 5950 * ms, lookup: 180 * ms, took: 181 * ms}),
			"failed; 1 unknown () [] outside of any termination",
		},
		{
			// A dial that hangs tells of the moment at which it began.
			"hung across SIGTERM",
			request{sent: 6160 * ms, took: 10 * second, phase: recording.PhaseDial, class: recording.ClassTimeout},
			"failed; 1 unknown () [] outside of any termination",
		},
		{
			"dialled when no proxy knew the pod", refused(request{sent: 6900 * ms, lookup: 8 * second, took: 8001 * ms}),
			"failed; 1 unknown () [] outside of any termination",
		},
		{
			"sent then without a lookup", refused(request{sent: 6900 * ms, took: ms}),
			"failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := sound().request(tt.lost)
			if got := summary(s.analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestSlowLookupsAreTold(t *testing.T) {
	warned := func(s *scenario) string {
		rep := s.analyze(t)
		i := slices.IndexFunc(rep.Warnings, func(w report.Warning) bool { return strings.Contains(w.Text, "lookup") })
		if rep.Verdict != report.Passed || i < 0 {
			return string(rep.Verdict)
		}
		return rep.Warnings[i].Text
	}
	slow := request{sent: 20 * second, lookup: 5004 * ms, took: 5020 * ms, pod: "web-2"}
	short := request{sent: 21 * second, lookup: 990 * ms, took: 1010 * ms, pod: "web-2"}
	if got := warned(sound().request(short)); got != "passed" {
		t.Errorf("of a short one: %s", got)
	}
	want := "2 lookups of the service's name took 1s or longer, the longest 5s: name resolution, not the workload"
	if got := warned(sound().request(slow).request(short).request(slow)); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// A request that has lost its time to the lookup may have been answered otherwise. One
// that had as long as others need has hung all the same.
func TestTimedOutAfterALookup(t *testing.T) {
	tests := []struct {
		name   string
		lookup time.Duration
		want   report.Verdict
		reason string
	}{
		{"no lookup", 0, report.Failed, "1 of 2"},
		{"enough was left", 3 * second, report.Failed, "1 of 2"},
		{"less was left than another took", 5 * second, report.Inconclusive, "1 request timed out after a lookup of the service's name that took 1s or longer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hung := timedOut
			hung.sent, hung.lookup = timedOut.sent-tt.lookup, tt.lookup
			rep := sound().request(request{sent: 20 * second, took: 6 * second, pod: "web-2"}).request(hung).analyze(t)
			if reasons := strings.Join(rep.Reasons, "; "); rep.Verdict != tt.want || !strings.Contains(reasons, tt.reason) {
				t.Errorf("got %s (%s), want %s (%s)", rep.Verdict, reasons, tt.want, tt.reason)
			}
			if blamed := rep.Findings[0].Cause.Explains(); blamed != (tt.want == report.Failed) {
				t.Errorf("laid to %s", rep.Findings[0].Cause)
			}
		})
	}
}
