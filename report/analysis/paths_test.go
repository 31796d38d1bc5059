package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// twoEnds has web-1 and web-2 end, with windows of so long each.
func twoEnds(one, two time.Duration) *scenario {
	later := ending10()
	for _, at := range []*time.Duration{&later.deleted, &later.killing, &later.left, &later.exited, &later.gone} {
		*at += 10 * second
	}
	s := newScenario().pod("web-1", ending10()).pod("web-2", later).pod("web-3", nil)
	s.traffic(0, 6*second, "web-1", "web-2", "web-3").traffic(6100*ms, 16*second, "web-2", "web-3").traffic(16100*ms, 30*second, "web-3")
	for pod, w := range map[string]struct{ left, lasts time.Duration }{"web-1": {6020 * ms, one}, "web-2": {16020 * ms, two}} {
		if w.lasts > 0 {
			s.probes(pod, w.left, w.left+w.lasts).probed(pod, w.left+w.lasts, turned)
		}
	}
	return s.steady(25 * second)
}

// outcomes are those of the paths, by their names.
func outcomes(w *report.Windows) string {
	var all []string
	for _, p := range w.Paths {
		all = append(all, p.Name+" "+string(p.Outcome))
	}
	return strings.Join(all, ", ")
}

// A path holds if each pod certainly outlasts it, and loses if one certainly does not. It
// is never the verdict.
func TestWhichPathsTheWindowsAreEnoughFor(t *testing.T) {
	for name, tt := range map[string]struct {
		scenario *scenario
		ends     int
		shortest string
		want     string // nginx needs 1 s, kube-proxy 1.5 s, proxy 2 s; the rest 25 s and more
	}{
		"both known":           {twoEnds(3*second, 1600*ms), 2, "1.5s to 1.601s", "nginx holds, kube-proxy holds, proxy loses"},
		"within the interval":  {twoEnds(3*second, 2050*ms), 2, "2s to 2.051s", "nginx holds, kube-proxy holds, proxy holds"},
		"the bound lies in it": {twoEnds(3*second, 1550*ms), 2, "1.5s to 1.551s", "nginx holds, kube-proxy holds, proxy loses"},
		"neither":              {twoEnds(3*second, 1450*ms), 2, "1.4s to 1.451s", "nginx holds, kube-proxy loses, proxy loses"},
		"one not known":        {twoEnds(3*second, 0), 2, "", "nginx not-known, kube-proxy not-known, proxy not-known"},
		"one not known, the other short": {
			twoEnds(1200*ms, 0), 2, "", "nginx not-known, kube-proxy loses, proxy loses",
		},
	} {
		t.Run(name, func(t *testing.T) {
			rep := tt.scenario.measured("").analyze(t)
			w := rep.Windows
			shortest := ""
			if w.Shortest != nil {
				shortest = w.Shortest.From.String() + " to " + w.Shortest.To.String()
			}
			if got := outcomes(w); w.Ends != tt.ends || shortest != tt.shortest || !strings.HasPrefix(got, tt.want) || !strings.Contains(got, "alb ") {
				t.Errorf("%d ends, %s: %s", w.Ends, shortest, got)
			}
			if rep.Verdict != report.Passed {
				t.Errorf("%s: %s", rep.Verdict, rep.Reasons)
			}
		})
	}
	if rep := twoEnds(second, second).measured("no way").analyze(t); rep.Windows.Unmeasured != "no way" || len(rep.Windows.Paths) > 0 || rep.Verdict != report.Passed {
		t.Errorf("unmeasured: %+v, %s", rep.Windows, rep.Verdict)
	}
	if rep := twoEnds(second, second).analyze(t); rep.Windows != nil {
		t.Errorf("nobody was to ask: %+v", rep.Windows)
	}
}

// One that stopped before it had left its slice is told so, without a sign.
func TestAWindowThatEndedBeforeTheSliceWasLeft(t *testing.T) {
	late := ending10()
	late.left = 7 * second
	s := newScenario().pod("web-1", late).pod("web-2", nil).traffic(0, 6*second, "web-1", "web-2").traffic(6100*ms, 16*second, "web-2").steady(15 * second)
	s.probes("web-1", 6010*ms, 6500*ms).probed("web-1", 6510*ms, turned)
	s.header.Check.Budget = check.Budget{Outlasts: check.Duration(2 * second)}
	rep := s.measured("").analyze(t)
	const want = "pod web-1 stopped answering on its own address at least 489ms before it had left its slice, and budget.outlasts wants 2s"
	if reasons := strings.Join(rep.Reasons, "\n"); !strings.Contains(reasons, want) {
		t.Errorf("%s, want %s", reasons, want)
	}
}

// A check may ask for it.
func TestABudgetOfTheWindow(t *testing.T) {
	lasts := func(d time.Duration) check.Budget { return check.Budget{Outlasts: check.Duration(d)} }
	for name, tt := range map[string]struct {
		budget  check.Budget
		why     string
		one     time.Duration
		two     time.Duration
		verdict report.Verdict
		reason  string
	}{
		"kept":        {lasts(2 * second), "", 3 * second, 2200 * ms, report.Passed, "each pod went on answering on its own address for at least 2.1s after it had left its slice: budget.outlasts wants 2s"},
		"not kept":    {lasts(2 * second), "", 3 * second, 1500 * ms, report.Failed, "pod web-2 stopped answering on its own address no later than 1.5s after it had left its slice, and budget.outlasts wants 2s"},
		"half kept":   {lasts(2150 * ms), "", 3 * second, 2200 * ms, report.Inconclusive, "it is not known of each pod that ended for how long it went on answering after it had left its slice, and budget.outlasts wants 2.15s"},
		"a path":      {check.Budget{Path: "alb"}, "", 3 * second, 3 * second, report.Failed, "and budget.path wants the 25s that alb needs (reported)"},
		"a near path": {check.Budget{Path: "kube-proxy"}, "", 3 * second, 3 * second, report.Passed, "budget.path wants the 1.5s that kube-proxy needs (measured)"},
		"unmeasured":  {lasts(2 * second), "no way", 3 * second, 3 * second, report.Inconclusive, "how long pods go on answering was not measured: no way, and budget.outlasts wants 2s"},
	} {
		t.Run(name, func(t *testing.T) {
			s := twoEnds(tt.one, tt.two).measured(tt.why)
			s.header.Check.Budget = tt.budget
			rep := s.analyze(t)
			if rep.Verdict != tt.verdict || !strings.Contains(strings.Join(rep.Reasons, "\n"), tt.reason) {
				t.Errorf("%s: %q", rep.Verdict, rep.Reasons)
			}
		})
	}
}
