package analysis

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// long adds a stream of long requests, named after its kind, to a run in which
// web-1 is told to end at 6.2 s, drains until 10.25 s, and nothing is lost.
func long(kind check.StreamKind) *scenario {
	s := sound()
	s.header.Check.Streams = append(s.header.Check.Streams, check.Stream{Name: string(kind), Kind: kind})
	s.header.Check = s.header.Check.WithDefaults()
	return s
}

func TestLongRequestsAtAnEnd(t *testing.T) {
	// slow is under way in web-1 when its end begins, streamed is read from it.
	slow := request{stream: "slow", sent: 5 * second, took: 3 * second, pod: "web-1"}
	streamed := request{stream: "streaming", sent: 5 * second, first: 10 * ms, took: 3 * second, pod: "web-1"}
	but := func(r request, change func(*request)) request {
		change(&r)
		return r
	}
	tests := []struct {
		name     string
		kind     check.StreamKind
		requests []request
		want     report.Verdict
		reason   string
		underWay int
	}{
		{"under way", check.Slow, []request{slow}, report.Passed, "nothing lost", 1},
		{"two", check.Slow, []request{slow, slow}, report.Passed, "", 2},
		{
			"answered just before", check.Slow,
			[]request{but(slow, func(r *request) { r.took = 1150 * ms })},
			report.Inconclusive,
			"stream slow had no request under way in the pod when the end of web-1 began: its requests took 1.15s at most, so that a URL that takes longer or a higher rate is needed", 0,
		},
		{"sent just after", check.Slow, []request{but(slow, func(r *request) { r.sent = 6300 * ms })}, report.Inconclusive, "no request under way in the pod", 0},
		{"in another pod", check.Slow, []request{but(slow, func(r *request) { r.pod = "web-2" })}, report.Inconclusive, "no request under way in the pod", 0},
		{"none at all", check.Slow, nil, report.Inconclusive, "stream slow sent nothing", 0},
		{"in a pod that nobody names", check.Slow, []request{but(slow, func(r *request) { r.pod = "" })}, report.Passed, "", 0},
		{
			"answered before, by a pod that nobody names", check.Slow,
			[]request{but(slow, func(r *request) { r.pod, r.took = "", second })},
			report.Inconclusive,
			"stream slow had no request under way in any pod when the end of web-1 began", 0,
		},

		{"read", check.Streaming, []request{streamed}, report.Passed, "nothing lost", 1},
		{
			"answered at once after the end began", check.Streaming,
			[]request{but(streamed, func(r *request) { r.first = 2990 * ms })},
			report.Inconclusive,
			"stream streaming had no answer on its way from the pod when the end of web-1 began: reading one took 10ms at most, so that a URL that takes longer or a higher rate is needed", 0,
		},
		{"read to its end just before", check.Streaming, []request{but(streamed, func(r *request) { r.took = second })}, report.Inconclusive, "reading one took 990ms at most", 0},
		{"a body that came at once", check.Streaming, []request{but(streamed, func(r *request) { r.first = r.took - 50*time.Microsecond })}, report.Inconclusive, "reading one took 1ms at most", 0},
		{"read from another pod", check.Streaming, []request{but(streamed, func(r *request) { r.pod = "web-3" })}, report.Inconclusive, "no answer on its way", 0},
		{"read from a pod that nobody names", check.Streaming, []request{but(streamed, func(r *request) { r.pod = "" })}, report.Passed, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := long(tt.kind)
			for _, r := range tt.requests {
				s.request(r)
			}
			rep := s.analyze(t)
			if reasons := strings.Join(rep.Reasons, "; "); rep.Verdict != tt.want || !strings.Contains(reasons, tt.reason) {
				t.Errorf("got %s (%s), want %s (%s)", rep.Verdict, reasons, tt.want, tt.reason)
			}
			if got := rep.Terminations[0].UnderWay[string(tt.kind)]; got != tt.underWay {
				t.Errorf("%d are said to have been under way, want %d", got, tt.underWay)
			}
			if got := rep.Streams[2].Kind; got != tt.kind {
				t.Errorf("the stream is told as %q", got)
			}
		})
	}
}

// A long request that its pod has cut was under way there, also where the loss is
// within the budget.
func TestALongRequestThatWasCutWasUnderWay(t *testing.T) {
	lost := request{sent: 5 * second, took: 5300 * ms, class: recording.ClassEOF, phase: recording.PhaseFirstByte}
	tests := []struct {
		name   string
		kind   check.StreamKind
		change func(*request)
		want   report.Verdict
	}{
		{"on a connection of the pod", check.Slow, func(r *request) { r.connPod, r.served = "web-1", 1 }, report.Passed},
		{"on a new connection", check.Slow, func(*request) {}, report.Passed},
		{"while it was read", check.Streaming, func(r *request) {
			r.pod, r.first, r.class, r.phase, r.bytes = "web-1", 10*ms, recording.ClassBodyCut, recording.PhaseBody, 4096
		}, report.Passed},
		{"before it could be read", check.Streaming, func(*request) {}, report.Inconclusive},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := long(tt.kind)
			s.header.Check.Budget = check.Budget{Failed: 1}
			s.request(request{stream: string(tt.kind), sent: second, first: 10 * ms, took: 3 * second, pod: "web-2"})
			r := lost
			r.stream = string(tt.kind)
			tt.change(&r)
			rep := s.request(r).analyze(t)
			if rep.Verdict != tt.want || len(rep.Failures) != 1 {
				t.Errorf("%s (%v), want %s", rep.Verdict, rep.Reasons, tt.want)
			}
		})
	}
}

// A pod that exits at once takes along what it had before the cluster tells that
// it was to end: its end began earlier.
func TestALongRequestThatWasCutBeforeItsEndWasTold(t *testing.T) {
	s := newScenario().pod("web-1", &death{deleted: 6200 * ms, killing: 6150 * ms, exited: 6180 * ms, left: 6220 * ms, gone: 6400 * ms, grace: 30 * second}).
		pod("web-2", nil).pod("web-3", nil).traffic(0, 6100*ms, "web-1", "web-2", "web-3").traffic(6300*ms, 12*second, "web-2", "web-3").steady(11 * second)
	for _, kind := range []check.StreamKind{check.Slow, check.Streaming} {
		s.header.Check.Streams = append(s.header.Check.Streams, check.Stream{Name: string(kind), Kind: kind})
	}
	s.header.Check = s.header.Check.WithDefaults()
	s.request(request{stream: "slow", sent: second, took: 3 * second, pod: "web-2"})
	s.request(request{stream: "slow", sent: 5 * second, took: 1180 * ms, connPod: "web-1", served: 1, class: recording.ClassEOF, phase: recording.PhaseFirstByte})
	s.request(request{stream: "streaming", sent: 5 * second, first: 10 * ms, took: 1180 * ms, pod: "web-1", status: 200, class: recording.ClassBodyCut, phase: recording.PhaseBody, bytes: 70})
	rep := s.analyze(t)
	if got := rep.Terminations[0].UnderWay; rep.Verdict != report.Failed || got["slow"] != 1 || got["streaming"] != 1 {
		t.Errorf("%s (%v), under way when %s began to end: %v, want one of each", rep.Verdict, rep.Reasons, rep.Terminations[0].Pod, got)
	}
}

// A stream of short requests is asked for no more than before, and told as before.
func TestShortRequestsNeedNotBeUnderWay(t *testing.T) {
	rep := sound().analyze(t)
	if rep.Verdict != report.Passed || rep.Streams[0].Kind != "" || rep.Terminations[0].UnderWay != nil {
		t.Errorf("%s (%v), %+v, %v", rep.Verdict, rep.Reasons, rep.Streams[0], rep.Terminations[0].UnderWay)
	}
}

func TestTheEndsThatBeganMeanwhile(t *testing.T) {
	var ended []*ending
	for _, when := range []time.Duration{3 * second, second, 2 * second, 2 * second} {
		ended = append(ended, &ending{Termination: report.Termination{Pod: when.String(), Requested: at(after(when))}})
	}
	m := newOnsets(ended)
	tests := []struct {
		from, to time.Duration
		want     []string
	}{
		{0, 900 * ms, nil},
		{0, second, []string{"1s"}},
		{second, 2 * second, []string{"1s", "2s", "2s"}},
		{1500 * ms, 9 * second, []string{"2s", "2s", "3s"}},
		{4 * second, 9 * second, nil},
	}
	for _, tt := range tests {
		var got []string
		for _, e := range m.during(after(tt.from), after(tt.to)) {
			got = append(got, e.Pod)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("from %s to %s: %v, want %v", tt.from, tt.to, got, tt.want)
		}
	}
}

// How far a body had come when it was cut is told in the evidence, and of each
// failure.
func TestACutBodyTellsHowFarItCame(t *testing.T) {
	cut := func(bytes int64, took time.Duration) request {
		return request{sent: 5 * second, first: 10 * ms, took: took, pod: "web-1", status: 200, class: recording.ClassBodyCut, phase: recording.PhaseBody, bytes: bytes}
	}
	other := request{sent: 5 * second, took: 5300 * ms, connPod: "web-1", served: 2, class: recording.ClassEOF, phase: recording.PhaseFirstByte}
	tests := map[string]struct {
		lost []request
		want string
	}{
		"one":            {[]request{cut(4096, 5300*ms), other}, "1 answer cut in the body, after 4096 bytes and 5.3s"},
		"several":        {[]request{cut(70, 5310*ms), cut(9, 5300*ms), cut(1, 5320*ms)}, "3 answers cut in the body, after 1 to 70 bytes and 5.3s to 5.32s"},
		"nothing of it":  {[]request{cut(0, 5300*ms), cut(0, 5300*ms)}, "2 answers cut in the body, after 0 bytes and 5.3s"},
		"none of a body": {[]request{other}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := sound()
			bytes := map[int64]int{}
			for _, r := range tt.lost {
				s.request(r)
				if r.phase == recording.PhaseBody {
					bytes[r.bytes]++
				}
			}
			rep := s.analyze(t)
			var said []string
			for _, line := range rep.Findings[0].Evidence {
				if strings.Contains(line, "in the body") {
					said = append(said, line)
				}
			}
			if got := strings.Join(said, "; "); got != tt.want || rep.Verdict != report.Failed {
				t.Errorf("%s, got  %q\nwant %q in %v", rep.Verdict, got, tt.want, rep.Findings)
			}
			for _, f := range rep.Failures {
				if f.BytesIn != nil {
					bytes[*f.BytesIn]--
				}
			}
			maps.DeleteFunc(bytes, func(_ int64, n int) bool { return n == 0 })
			if len(bytes) > 0 {
				t.Errorf("lengths that are missing, or too many: %v", bytes)
			}
		})
	}
}
