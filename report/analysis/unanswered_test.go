package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// Where not one request of the baseline was answered it is said that nothing answers there,
// and where to look. Anything that comes back shows that somebody is there.
func TestNothingAnswers(t *testing.T) {
	silent := func(classes ...recording.Class) *scenario {
		s := newScenario().pod("web-1", nil).pod("web-2", nil)
		for i, class := range classes {
			s.request(request{sent: time.Duration(i+1) * 100 * ms, took: ms, phase: recording.PhaseDial, class: class})
		}
		return s
	}
	lost := request{sent: second, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}
	empty, unseen := newScenario().request(lost), newScenario().request(lost)
	empty.tellSlice(0)
	const where = "kubectl get services,endpointslices -n "
	tests := map[string]struct {
		s    *scenario
		want string
	}{
		"refused":          {silent(recording.ClassRefused, recording.ClassRefused), "Nothing answers there. Are scheme, host and port right? See: " + where},
		"behind a proxy":   {silent(recording.ClassReset, recording.ClassEOF, recording.ClassTimeout), "Nothing answers there. Are scheme"},
		"no slice seen":    {unseen, "Nothing answers there. Are scheme"},
		"without endpoint": {empty, "Nothing answers there: service web has no ready endpoint. See: " + where},
		"slow":             {newScenario().pod("web-1", nil).request(request{sent: second, took: 10 * second, phase: recording.PhaseFirstByte, class: recording.ClassTimeout}), ""},
		"one status":       {silent(recording.ClassRefused, recording.ClassStatus), ""},
		"one answer":       {silent(recording.ClassRefused).request(request{sent: second, took: ms, pod: "web-1"}), ""},
		"later, not then":  {newScenario().pod("web-1", nil).request(request{sent: second, took: ms, pod: "web-1"}).request(refused).steady(12 * second), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			rep := tt.s.analyze(t)
			said := strings.Contains(rep.Reasons[0], tt.want)
			if tt.want == "" {
				said = !strings.Contains(strings.Join(rep.Reasons, ""), "Nothing answers")
			}
			if !said {
				t.Errorf("reasons %q, want %q", rep.Reasons, tt.want)
			}
			for _, f := range rep.Findings {
				if f.Cause == report.Unknown && strings.HasPrefix(f.Fix.Text, "Nothing answers") != (tt.want != "") {
					t.Errorf("the fix is %q", f.Fix.Text)
				}
			}
		})
	}
}
