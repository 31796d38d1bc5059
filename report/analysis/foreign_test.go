package analysis

import (
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// Requests to a service that does not select the workload's pods prove something only if
// an answer names one of these, or if the check says that they are meant to go there.
func TestRequestsPastTheWorkload(t *testing.T) {
	const past = "requests went to service api, which does not select the workload's pods, and no answer names one of these: nothing shows that they reached the workload. " +
		"Want the URL of service web, or name in target.service (--service) the one that is meant"
	unnamed := func(s *scenario) { s.unnamed(0, 30*second) }
	tests := []struct {
		name    string
		service string
		foreign []string
		with    *death
		traffic func(*scenario)
		want    report.Verdict
		says    string
	}{
		{"no answer names its pod", "", []string{"api"}, drained(), unnamed, report.Inconclusive, past},
		{"a proxy there passes them on", "", []string{"api"}, drained(), func(s *scenario) { undisturbed(s) }, report.Passed, ""},
		{"answers name the service's own pods", "", []string{"api"}, drained(), func(s *scenario) {
			s.byProxy(0, 30*second, "api-1", "api-2")
		}, report.Inconclusive, "answers name pods that are not the workload's"},
		{"the check says that they are passed on", "web", []string{"api"}, drained(), unnamed, report.Passed, ""},
		{"nobody knows where the URL leads", "", nil, drained(), unnamed, report.Passed, ""},
		{"what was lost at an end stands", "", []string{"api"}, abrupt(), func(s *scenario) { unnamed(s); s.request(refused) }, report.Failed, past},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil).steady(12 * second)
			s.header.Workload.ForeignServices, s.header.Check.Target.Service = tt.foreign, tt.service
			tt.traffic(s)
			rep := s.analyze(t)
			doubts := strings.Join(rep.Validity.Doubts, "; ")
			if rep.Verdict != tt.want || !strings.HasPrefix(doubts, tt.says) || (doubts == "") != (tt.says == "") || tt.says == past && doubts != past {
				t.Errorf("%s, doubts %q, want %s, %q", rep.Verdict, doubts, tt.want, tt.says)
			}
			if power := rep.Power["short-new"]; (power == 0) != (tt.says == past) {
				t.Errorf("an outage of %s would have been seen", power)
			}
		})
	}
}
