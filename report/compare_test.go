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

// lossy is a report of a run that lost requests by the given causes.
func lossy(by map[Cause]int) *Report {
	sum := 0
	var findings []Finding
	for cause, failed := range by {
		sum += failed
		findings = append(findings, Finding{Cause: cause, Failed: failed})
	}
	r := twin(sum)
	r.Findings = findings
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
			base: twin(50), next: twin(50), change: func(r *Report) { r.Findings[0].Cause = Unknown }, want: Worse,
			reasons: "50 requests failed without an explanation, 0 before",
		},
		"without an explanation, in a gap or not": {
			base: lossy(map[Cause]int{Unknown: 30}), next: lossy(map[Cause]int{ObservationGap: 30}), want: NotWorse, reasons: nothing,
		},
		"without an explanation, by chance": {
			base: twin(50), next: lossy(map[Cause]int{NoDrain: 41, Unknown: 9}), want: NotWorse, reasons: nothing,
		},
		"more by one cause, fewer by another": {
			base: lossy(map[Cause]int{NoDrain: 60, KeepaliveCut: 10}), next: lossy(map[Cause]int{NoDrain: 10, KeepaliveCut: 60}), want: Worse,
			reasons: "60 requests failed by keepalive-cut, 10 before",
		},
		"more without an explanation, fewer by a cause": {
			base: lossy(map[Cause]int{NoDrain: 60, Unknown: 5, ObservationGap: 5}), next: lossy(map[Cause]int{NoDrain: 10, Unknown: 60}), want: Worse,
			reasons: "60 requests failed without an explanation, 10 before",
		},
		"a gap of the watch over what failed before": {
			base: twin(60), next: lossy(map[Cause]int{NoDrain: 10, ObservationGap: 50}), want: NotWorse, reasons: nothing,
		},
		"more in a gap than failed before": {
			base: twin(60), next: lossy(map[Cause]int{NoDrain: 10, ObservationGap: 160}), want: Worse,
			reasons: "170 of 1000 requests failed, 60 of 1000 before",
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

// What the tool's own side may have made alone is no change of the workload: neither run is
// judged by it, in the sum or by a cause, and a base that lost nothing else has lost nothing.
func TestCompareLeavesOutWhatIsOfOwnMaking(t *testing.T) {
	lost := func(drained, unknown, own int) *Report {
		r := twin(drained + unknown + own)
		r.Verdict = Failed
		r.Findings = []Finding{{Cause: NoDrain, Failed: drained}, {Cause: Unknown, Failed: unknown + own, OwnMaking: own}}
		return r
	}
	for name, tt := range map[string]struct {
		base, next *Report
		want       Outcome
		reasons    string
		note       string
	}{
		"new":        {lost(0, 0, 0), lost(0, 0, 7), NotWorse, "nothing is worse beyond the tolerance", "7 requests timed out that a slow lookup or the machine that sent them may have lost alone, 0 before: neither run is judged by them"},
		"gone":       {lost(5, 0, 50), lost(5, 0, 0), NotWorse, "nothing is worse beyond the tolerance", "0 requests timed out that"},
		"no excuse":  {lost(0, 0, 90), lost(2, 0, 0), Worse, "2 of 1000 requests failed, 0 of 1000 before; 2 requests failed by no-drain, 0 before", "90 before"},
		"others too": {lost(0, 0, 0), lost(0, 1, 7), Worse, "1 of 1000 requests failed, 0 of 1000 before; 1 request failed without an explanation, 0 before", "7 requests"},
		"none":       {lost(5, 5, 0), lost(5, 5, 0), NotWorse, "nothing is worse beyond the tolerance", ""},
	} {
		c := Compare(tt.base, tt.next, DefaultTolerance)
		if reasons := strings.Join(c.Reasons, "; "); c.Outcome != tt.want || reasons != tt.reasons {
			t.Errorf("%s:\n got %s: %s\nwant %s: %s", name, c.Outcome, reasons, tt.want, tt.reasons)
		}
		if notes := strings.Join(c.Notes, "; "); !strings.Contains(notes, tt.note) || (notes == "") != (tt.note == "") {
			t.Errorf("%s: told %q, want %q", name, notes, tt.note)
		}
	}
}

// Two checks that may find different things are not taken for the same, and it is
// told in which fields they differ.
func TestCompareNamesTheDifferences(t *testing.T) {
	stream := func(change func(*check.Stream)) func(*check.Check) {
		return func(c *check.Check) { change(&c.Streams[0]) }
	}
	disruption := func(d check.Disruption) func(*check.Check) {
		return func(c *check.Check) { c.Disruptions = []check.Disruption{d} }
	}
	for name, tt := range map[string]struct {
		base, next func(*check.Check)
		want       []string
	}{
		"rate":            {next: stream(func(s *check.Stream) { s.Rate = 5 }), want: []string{"stream new: rate is 5, 20 in the base"}},
		"kind":            {next: stream(func(s *check.Stream) { s.Kind, s.Timeout = check.Slow, check.DefaultStreamTimeout }), want: []string{"stream new: kind is slow, short in the base"}},
		"protocol":        {next: stream(func(s *check.Stream) { s.Protocol = check.H2C }), want: []string{"stream new: protocol is h2c, http/1.1 in the base"}},
		"timeout":         {next: stream(func(s *check.Stream) { s.Timeout = check.Duration(time.Second) }), want: []string{"stream new: timeout is 1s, 10s in the base"}},
		"stages":          {next: stream(func(s *check.Stream) { s.Stages = []check.Stage{{Over: check.Duration(time.Second), To: 5}} }), want: []string{`stream new: stages is [{"over":"1s","to":5}], not set in the base`}},
		"statuses":        {base: stream(func(s *check.Stream) { s.ExpectStatus = []int{200, 404} }), want: []string{"stream new: expectStatus is not set, [200,404] in the base"}},
		"connections":     {next: stream(func(s *check.Stream) { s.Connections, s.Pool = check.Reused, 4 }), want: []string{"stream new: connections is reused, new in the base", "stream new: pool is 4, not set in the base"}},
		"open at once":    {next: stream(func(s *check.Stream) { s.MaxConnections = 4 }), want: []string{"stream new: maxConnections is 4, not set in the base"}},
		"targets":         {next: stream(func(s *check.Stream) { s.Targets = &check.Targets{File: "a/list"} }), want: []string{"stream new: targets.file is list, not set in the base", "stream new: targets.format is http, not set in the base"}},
		"other targets":   {base: stream(func(s *check.Stream) { s.Targets = &check.Targets{File: "a/one"} }), next: stream(func(s *check.Stream) { s.Targets = &check.Targets{File: "a/two"} }), want: []string{"stream new: targets.file is two, one in the base"}},
		"targets' folder": {base: stream(func(s *check.Stream) { s.Targets = &check.Targets{File: "a/list"} }), next: stream(func(s *check.Stream) { s.Targets = &check.Targets{File: "/b/list"} })},
		"path":            {next: stream(func(s *check.Stream) { s.URL = "http://there/slow?for=5s" }), want: []string{"stream new: url is /slow?for=5s, / in the base"}},
		"method":          {next: stream(func(s *check.Stream) { s.Method = "POST" }), want: []string{"stream new: method is POST, GET in the base"}},
		"body":            {next: stream(func(s *check.Stream) { s.Body = &check.Body{File: "a/body", Chunked: true} }), want: []string{"stream new: body.chunked is true, not set in the base", "stream new: body.file is body, not set in the base"}},
		"headers":         {next: stream(func(s *check.Stream) { s.Headers = []check.Header{{Name: "Cookie", Value: "a"}} }), want: []string{`stream new: headers is [{"name":"Cookie","value":"(hidden)"}], not set in the base`}},
		"a secret": {
			base: stream(func(s *check.Stream) { s.Headers = []check.Header{{Name: "Cookie", Value: "a"}} }),
			next: stream(func(s *check.Stream) { s.Headers = []check.Header{{Name: "Cookie", Value: "b"}} }),
		},
		"settling":         {next: func(c *check.Check) { c.Timing.Settle = check.Duration(time.Second) }, want: []string{"timing: settle is 1s, 10s in the base"}},
		"the pods' header": {next: func(c *check.Check) { c.Target.PodHeader = "X-Other" }, want: []string{"target: podHeader is X-Other, X-Pod-Name in the base"}},
		"budget":           {next: func(c *check.Check) { c.Budget.Failed = 9 }},
		"soak":             {next: func(c *check.Check) { c.Soak = &check.Soak{For: check.Duration(time.Hour)} }, want: []string{"soak: every is 0s, not set in the base", "soak: for is 1h0m0s, not set in the base"}},
		"how often":        {next: disruption(check.Disruption{Restart: &check.Restart{}, Repeat: 2}), want: []string{"disruption 1: repeat is 2, 1 in the base"}},
		"another kind":     {next: disruption(check.Disruption{Delete: &check.Delete{}}), want: []string{"disruption 1: delete.pods is 1, not set in the base", "disruption 1: restart is not set, set in the base"}},
		"none":             {next: func(c *check.Check) { c.Disruptions = nil }, want: []string{"only the base has disruption 1"}},
		"one more":         {next: func(c *check.Check) { c.Disruptions = append(c.Disruptions, c.Disruptions[0]) }, want: []string{"only the new check has disruption 2"}},
		"another image":    {base: disruption(check.Disruption{Image: &check.Image{Image: "a"}}), next: disruption(check.Disruption{Image: &check.Image{Image: "b"}})},
		"streams": {
			next: func(c *check.Check) {
				c.Streams = []check.Stream{{Name: "kept", Rate: 5, Connections: check.Reused, Pool: 4}}
			},
			want: []string{"only the base has the stream new (20/s on new connections)", "only the new check has the stream kept (5/s on reused connections, 4 of them)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			base, next := twin(0), twin(0)
			if tt.base != nil {
				tt.base(&base.Check)
			}
			if tt.next != nil {
				tt.next(&next.Check)
			}
			got := Compare(base, next, DefaultTolerance)
			if !slices.Equal(got.Notes, tt.want) {
				t.Errorf("\n got %q\nwant %q", got.Notes, tt.want)
			}
			if same := got.Outcome == NotWorse; same != (len(tt.want) == 0) {
				t.Errorf("%s: %v", got.Outcome, got.Reasons)
			}
		})
	}
}

// A window is compared where both reports tell it, by what is certain of it.
func TestCompareWindows(t *testing.T) {
	lasting := func(least time.Duration) *Report {
		r := twin(0)
		r.Terminations[0].Margins.Outlasts = &Span{From: Duration(least), To: Duration(least + time.Minute)}
		return r
	}
	for name, tt := range map[string]struct {
		base, next *Report
		want       Outcome
		rows       int
	}{
		"as long":            {lasting(30 * time.Second), lasting(30 * time.Second), NotWorse, 3},
		"far shorter":        {lasting(30 * time.Second), lasting(2 * time.Second), Worse, 3},
		"not known before":   {twin(0), lasting(2 * time.Second), NotWorse, 3},
		"not known any more": {lasting(30 * time.Second), twin(0), NotWorse, 3},
		"never known":        {twin(0), twin(0), NotWorse, 2},
	} {
		c := Compare(tt.base, tt.next, DefaultTolerance)
		if c.Outcome != tt.want || len(c.Margins) != tt.rows {
			t.Errorf("%s: %s with %d margins: %s", name, c.Outcome, len(c.Margins), c.Reasons)
		}
	}
}

// A cause is marked where it grew beyond chance; one that is new within chance is told.
func TestCompareCauses(t *testing.T) {
	for name, tt := range map[string]struct {
		base, next map[Cause]int
		failed     *int
		worse      []Cause
		notes      []string
	}{
		"one grew, one fell":         {base: map[Cause]int{NoDrain: 60, KeepaliveCut: 10}, next: map[Cause]int{NoDrain: 10, KeepaliveCut: 60}, worse: []Cause{KeepaliveCut}},
		"more in a gap":              {base: map[Cause]int{NoDrain: 60, Unknown: 10}, next: map[Cause]int{NoDrain: 10, Unknown: 5, ObservationGap: 55}, notes: []string{"55 requests failed as the watch had a gap, 0 before: by which causes is not known"}},
		"more unexplained":           {base: map[Cause]int{NoDrain: 60, ObservationGap: 10}, next: map[Cause]int{NoDrain: 10, Unknown: 60}, worse: []Cause{Unknown}},
		"unexplained and in no gap":  {base: map[Cause]int{ObservationGap: 30}, next: map[Cause]int{Unknown: 30}},
		"a new one within chance":    {base: map[Cause]int{NoDrain: 60}, next: map[Cause]int{NoDrain: 50, NotReadyYet: 9}, notes: []string{"9 requests failed by not-ready-yet and none before: where others failed before, chance may do that"}},
		"a new one beyond chance":    {base: map[Cause]int{NoDrain: 60}, next: map[Cause]int{NoDrain: 50, NotReadyYet: 10}, worse: []Cause{NotReadyYet}},
		"a new one that is let pass": {base: map[Cause]int{NoDrain: 60}, next: map[Cause]int{NoDrain: 50, NotReadyYet: 9}, failed: new(9)},
		"a new one that is not":      {base: map[Cause]int{NoDrain: 60}, next: map[Cause]int{NoDrain: 50, NotReadyYet: 9}, failed: new(8), worse: []Cause{NotReadyYet}},
	} {
		t.Run(name, func(t *testing.T) {
			tolerance := DefaultTolerance
			tolerance.Failed = tt.failed
			got := Compare(lossy(tt.base), lossy(tt.next), tolerance)
			var worse []Cause
			for _, change := range got.Causes {
				if change.Worse {
					worse = append(worse, change.Cause)
				}
			}
			if !slices.Equal(worse, tt.worse) || !slices.Equal(got.Notes, tt.notes) {
				t.Errorf("\n got %q, %q\nwant %q, %q", worse, got.Notes, tt.worse, tt.notes)
			}
		})
	}
}
