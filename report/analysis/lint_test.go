package analysis

import (
	"fmt"
	"slices"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

func TestWhatARunShowsOfWhatLintSaid(t *testing.T) {
	rule := func(name string, cause report.Cause, shownBy recording.Occasion) recording.LintFinding {
		return recording.LintFinding{Rule: name, Severity: "warning", Cause: string(cause), Object: "deployment/web", Why: "Why.", ShownBy: shownBy}
	}
	said := []recording.LintFinding{
		rule("no-prestop", report.ListenerClosedEarly, recording.PodEnds),
		rule("grace-zero", report.GraceTooShort, recording.PodEnds),
		rule("recreate", report.NoCapacity, recording.Rollout),
		rule("no-budget", report.NoCapacity, recording.Eviction),
		rule("liveness-eager", report.Restarted, ""),
		rule("headless", report.ListenerClosedEarly, ""),
		rule("budget-blocks", report.ListenerClosedEarly, recording.Eviction),
	}
	refused := request{sent: 6700 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}
	tests := map[string]struct {
		lost []request
		also func(*scenario)
		want []string
	}{
		"one cause cost requests": {
			lost: []request{refused},
			want: []string{"no-prestop confirmed", "grace-zero not-met", "recreate not-met", "no-budget not-tried", "liveness-eager not-tried", "headless not-tried", "budget-blocks not-tried"},
		},
		"nothing was lost, and one is warned of": {
			want: []string{"no-prestop seen", "grace-zero not-met", "recreate not-met", "no-budget not-tried", "liveness-eager not-tried", "headless seen", "budget-blocks seen"},
		},
		"nothing was proven": {
			also: func(s *scenario) { s.ending = nil },
			want: []string{"no-prestop seen", "grace-zero not-known", "recreate not-known", "no-budget not-tried", "liveness-eager not-tried", "headless seen", "budget-blocks seen"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", lingering(0)).pod("web-2", nil).pod("web-3", nil))
			s.header.Lint = &recording.Lint{Findings: said, Notes: []string{"services: no right to list them"}}
			for _, r := range tt.lost {
				s.request(r)
			}
			if tt.also != nil {
				tt.also(s)
			}
			rep := s.analyze(t)
			var got []string
			for _, f := range rep.Lint.Findings {
				got = append(got, fmt.Sprintf("%s %s", f.Rule, f.Outcome))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("\n got %q\nwant %q\n%s", got, tt.want, summary(rep))
			}
			for _, f := range rep.Findings {
				if foreseen := f.Cause == report.ListenerClosedEarly; foreseen != slices.Equal(f.Foreseen, []string{"no-prestop"}) {
					t.Errorf("%s was foreseen by %q", f.Cause, f.Foreseen)
				}
			}
			if !slices.Equal(rep.Lint.Notes, s.header.Lint.Notes) {
				t.Errorf("the notes are %q", rep.Lint.Notes)
			}
		})
	}
}

func TestWithoutLintNothingIsSaidOfIt(t *testing.T) {
	if rep := undisturbed(newScenario().pod("web-1", nil)).analyze(t); rep.Lint != nil {
		t.Errorf("it says %+v", rep.Lint)
	}
}
