package analysis

import (
	"regexp"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A stream is held to its own budget and to the whole one.
func TestOwnBudgets(t *testing.T) {
	sums := regexp.MustCompile(`of [0-9]+ requests`)
	none := &check.StreamBudget{Failed: new(0)}
	for name, tt := range map[string]struct {
		whole       check.Budget
		fresh, kept *check.StreamBudget
		lost        []request
		late        bool
		want        report.Verdict
		reasons     string // in their order; what follows is not looked at
	}{
		"within both": {
			check.Budget{Failed: 2}, &check.StreamBudget{Failed: new(2)}, none, []request{refused, refused}, false, report.Passed, "",
		},
		"within the whole, but not its own": {
			check.Budget{Failed: 2},
			&check.StreamBudget{Failed: new(1)}, none,
			[]request{refused, refused},
			false,
			report.Failed, "stream short-new: 2 of N requests failed, the budget is 1",
		},
		"within its own, but not the whole": {
			check.Budget{Failed: 1},
			&check.StreamBudget{Failed: new(1)}, &check.StreamBudget{Failed: new(1)},
			[]request{refused, masked},
			false,
			report.Failed, "2 of N requests failed, the budget is 1 (1 of them maskable",
		},
		"beyond both": {
			check.Budget{},
			none, none,
			[]request{refused},
			false,
			report.Failed, "1 of N requests failed, the budget is 0; stream short-new: 1 of N requests failed, the budget is 0",
		},
		"another stream's": {
			check.Budget{Failed: 1}, nil, none, []request{refused}, false, report.Passed, "",
		},
		"maskable, which the whole one allows": {
			check.Budget{Maskable: 1}, nil, none, []request{masked}, false, report.Passed, "",
		},
		"maskable, which its own forbids": {
			check.Budget{Maskable: 1},
			nil, &check.StreamBudget{Failed: new(0), Maskable: new(0)},
			[]request{masked},
			false,
			report.Failed, "stream short-reused: 1 of N requests failed, the budget is 0 (1 of them maskable",
		},
		"unattributed": {
			check.Budget{Failed: 1, Unattributed: 1},
			&check.StreamBudget{Unattributed: new(0)}, nil,
			[]request{stray},
			false,
			report.Failed, "stream short-new: 1 failure could be tied to no termination, the budget is 0",
		},
		"by a starved run": {
			check.Budget{Failed: 1},
			none, nil,
			[]request{refused},
			true,
			report.Inconclusive, "stream short-new: 1 of N requests failed, the budget is 0; but the load was not what the check asked for",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := sound()
			s.header.Check.Budget = tt.whole
			s.header.Check.Streams[0].Budget, s.header.Check.Streams[1].Budget = tt.fresh, tt.kept
			for _, r := range tt.lost {
				s.request(r)
			}
			if tt.late {
				s.starve(60 * ms)
			}
			rep := s.analyze(t)
			if reasons := strings.Join(rep.Reasons, "; "); rep.Verdict != tt.want || !strings.HasPrefix(sums.ReplaceAllString(reasons, "of N requests"), tt.reasons) {
				t.Errorf("%s (%s)", rep.Verdict, reasons)
			}
		})
	}
}

// A run that was ended early is failed for what it lost, and says so; where that does not
// stand it proves nothing.
func TestARunThatWasStoppedEarly(t *testing.T) {
	for name, tt := range map[string]struct {
		lost []request
		late bool
		want report.Verdict
	}{
		"for what it lost":                 {[]request{refused}, false, report.Failed},
		"for what was late":                {[]request{refused}, true, report.Inconclusive},
		"for what is not in the recording": {nil, false, report.Inconclusive},
	} {
		s := sound()
		s.ending.Stopped = "1 request had failed, the budget is 0"
		for _, r := range tt.lost {
			s.request(r)
		}
		if tt.late {
			s.starve(60 * ms)
		}
		rep := s.analyze(t)
		const told = "the run was ended before its end, as stopOnFailure has it: 1 request had failed, the budget is 0"
		if reasons := strings.Join(rep.Reasons, "; "); rep.Verdict != tt.want || !strings.Contains(reasons, told) || rep.Validity.Complete {
			t.Errorf("%s: %s (%s) complete %v", name, rep.Verdict, reasons, rep.Validity.Complete)
		}
	}
}
