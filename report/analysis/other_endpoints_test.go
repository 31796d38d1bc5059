package analysis

import (
	"slices"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// What comes as a canary's pod leaves the service that both share may be the canary's.
func TestPodsOfAnotherWorkloadBehindTheService(t *testing.T) {
	refused := request{sent: 6700 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}
	run := func(change func(*scenario)) (*report.Report, string) {
		s := newScenario().pod("web-1", lingering(0)).pod("web-2", nil).pod("web-3", nil).unnamed(0, 30*second).steady(14 * second).request(refused)
		change(s)
		rep := s.analyze(t)
		return rep, strings.Join(rep.Findings[0].Evidence, "\n")
	}
	canary := func(s *scenario) {
		s.setEndpoint(0, recording.Endpoint{PodUID: "uid-canary-1", Pod: "canary-1", Ready: true, Serving: true})
	}
	warned := func(rep *report.Report) bool {
		return slices.ContainsFunc(rep.Warnings, func(w report.Warning) bool {
			return strings.HasPrefix(w.Text, "the service also leads to pods that are not deployment/web's (canary-1)")
		})
	}
	rep, evidence := run(func(s *scenario) { canary(s); s.dropEndpoint(6600*ms, "uid-canary-1") })
	if !warned(rep) || rep.Findings[0].Confidence != report.Possible || !strings.Contains(evidence, "1 request came as pods of another workload behind the same service were taken out of it (canary-1)") {
		t.Errorf("as it left: %s\n%s\n%+v", summary(rep), evidence, rep.Warnings)
	}
	rep, evidence = run(canary)
	if !warned(rep) || rep.Findings[0].Confidence != report.Likely || strings.Contains(evidence, "canary") {
		t.Errorf("as it stayed: %s\n%s\n%+v", summary(rep), evidence, rep.Warnings)
	}
	rep, _ = run(func(*scenario) {})
	if warned(rep) || rep.Findings[0].Confidence != report.Likely {
		t.Errorf("without one: %s\n%+v", summary(rep), rep.Warnings)
	}
}
