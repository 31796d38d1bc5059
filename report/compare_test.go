package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// twin is a report of a run that lost the given number of requests.
func twin(failed int) *Report {
	r := &Report{
		Verdict: Passed, Reasons: []string{"because"}, Workload: "deployment/web", Namespace: "demo",
		Streams: []Stream{{
			Name: "new", Sent: 1000, OK: 1000 - failed, Failed: failed,
			Latency: Latency{P50: Duration(10 * time.Millisecond), P99: Duration(100 * time.Millisecond), Max: Duration(time.Second)},
		}},
		Terminations: []Termination{
			{Margins: Margins{GraceHeadroom: new(Duration(20 * time.Second)), Drain: new(Duration(5 * time.Second))}},
			{Margins: Margins{GraceHeadroom: new(Duration(25 * time.Second))}},
			{},
		},
		Check: check.Check{
			Streams:     []check.Stream{{Name: "new", Rate: 20, Connections: check.New, URL: "http://here/"}},
			Disruptions: []check.Disruption{{Restart: &check.Restart{}}},
		},
	}
	if failed > 0 {
		r.Verdict = Failed
		r.Findings = []Finding{{Cause: NoDrain, Failed: failed, Phase: "at the exit"}}
	}
	return r
}

func TestCompare(t *testing.T) {
	nothing := "nothing is worse beyond the tolerance"
	for name, tt := range map[string]struct {
		base, next *Report
		change     func(next *Report)
		tolerance  func(*Tolerance)
		want       Outcome
		reasons    string
	}{
		"the same":                      {base: twin(0), next: twin(0), want: NotWorse, reasons: nothing},
		"better":                        {base: twin(5), next: twin(0), want: NotWorse, reasons: nothing},
		"one request lost":              {base: twin(0), next: twin(1), want: Worse, reasons: "the verdict was passed and is failed: 1 of 1000 requests failed; 1 request failed by no-drain, 0 before"},
		"a lost verdict is never taken": {base: twin(0), next: twin(1), tolerance: func(t *Tolerance) { t.Failed = new(9) }, want: Worse, reasons: "the verdict was passed and is failed: 1 of 1000 requests failed"},
		"lost within the budget":        {base: twin(0), next: twin(1), change: func(r *Report) { r.Verdict = Passed }, want: Worse, reasons: "1 of 1000 requests failed, 0 of 1000 before; 1 request failed by no-drain, 0 before"},
		"lost within the tolerance":     {base: twin(0), next: twin(1), change: func(r *Report) { r.Verdict = Passed }, tolerance: func(t *Tolerance) { t.Failed = new(1) }, want: NotWorse, reasons: nothing},
		"more by chance":                {base: twin(50), next: twin(139), want: NotWorse, reasons: nothing},
		"more than by chance":           {base: twin(50), next: twin(145), want: Worse, reasons: "145 of 1000 requests failed, 50 of 1000 before; 145 requests failed by no-drain, 50 before"},
		"another cause": {
			base: twin(50), next: twin(50), change: func(r *Report) { r.Findings[0].Cause = KeepaliveCut }, want: Worse,
			reasons: "50 requests failed by keepalive-cut, 0 before",
		},
		"without an explanation": {
			base: twin(50), next: twin(50), change: func(r *Report) { r.Findings[0].Cause = Unknown }, want: NotWorse, reasons: nothing,
		},
		"slower": {
			base: twin(0), next: twin(0), change: func(r *Report) { r.Streams[0].Latency.P99 = Duration(201 * time.Millisecond) }, want: Worse,
			reasons: "99% of new were answered within 201ms, within 100ms before",
		},
		"slower, as losses make it": {
			base: twin(50), next: twin(50), change: func(r *Report) { r.Streams[0].Latency.P99 = Duration(time.Second) }, want: NotWorse, reasons: nothing,
		},
		"slower, as tolerated": {
			base: twin(0), next: twin(0), change: func(r *Report) { r.Streams[0].Latency.P99 = Duration(201 * time.Millisecond) },
			tolerance: func(t *Tolerance) { t.Latency = 3 }, want: NotWorse, reasons: nothing,
		},
		"slower by nothing that counts": {base: twin(0), next: twin(0), change: func(r *Report) { r.Streams[0].Latency.P99 = Duration(150 * time.Millisecond) }, want: NotWorse, reasons: nothing},
		"less grace left": {
			base: twin(0), next: twin(0), change: func(r *Report) { r.Terminations[1].Margins.GraceHeadroom = new(Duration(9 * time.Second)) }, want: Worse,
			reasons: "the least grace left at an exit is 9s, 20s before",
		},
		"a longer request at the exit": {base: twin(0), next: twin(0), change: func(r *Report) { r.Terminations[1].Margins.GraceHeadroom = new(Duration(11 * time.Second)) }, want: NotWorse, reasons: nothing},
		"no grace known":               {base: twin(0), next: twin(0), change: func(r *Report) { r.Terminations = nil }, want: NotWorse, reasons: nothing},
		"an inconclusive run": {
			base: twin(0), next: twin(9), change: func(r *Report) { r.Verdict = Inconclusive }, want: Incomparable,
			reasons: "the new run is inconclusive: because",
		},
		"less load": {
			base: twin(0), next: twin(0), change: func(r *Report) { r.Check.Streams[0].Rate = 2 }, want: Incomparable,
			reasons: "nothing is worse, but the two checks are not the same: what the new one did not find it may not have looked for",
		},
		"less load and worse": {
			base: twin(0), next: twin(1), change: func(r *Report) { r.Check.Streams[0].Rate, r.Verdict = 2, Passed }, want: Worse,
			reasons: "1 of 1000 requests failed, 0 of 1000 before; 1 request failed by no-drain, 0 before",
		},
		"other disruptions": {
			base: twin(0), next: twin(0), change: func(r *Report) { r.Check.Disruptions = nil }, want: Incomparable,
			reasons: "nothing is worse, but the two checks are not the same: what the new one did not find it may not have looked for",
		},
		"another place": {base: twin(0), next: twin(0), change: func(r *Report) { r.Check.Streams[0].URL = "http://there/" }, want: NotWorse, reasons: nothing},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.change != nil {
				tt.change(tt.next)
			}
			tolerance := DefaultTolerance
			if tt.tolerance != nil {
				tt.tolerance(&tolerance)
			}
			got := Compare(tt.base, tt.next, tolerance)
			if reasons := strings.Join(got.Reasons, "; "); got.Outcome != tt.want || reasons != tt.reasons {
				t.Errorf("\n got %s: %s\nwant %s: %s", got.Outcome, reasons, tt.want, tt.reasons)
			}
		})
	}
}

func TestCompareNamesTheDifferences(t *testing.T) {
	base, next := twin(0), twin(0)
	next.Check.Streams = []check.Stream{{Name: "new", Rate: 5, Connections: check.New}, {Name: "kept", Rate: 5, Connections: check.Reused, Pool: 4}}
	next.Check.Disruptions = []check.Disruption{{Restart: &check.Restart{}, Repeat: 2}}
	want := []string{
		"the stream new is 5/s on new connections, 20/s on new connections in the base",
		"only the new check has the stream kept (5/s on reused connections, 4 of them)",
		"the disruptions are not the same",
	}
	if got := Compare(base, next, DefaultTolerance).Notes; !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}
