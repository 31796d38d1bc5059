package tune

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// after is a moment so long after a pod's end had begun, which is known that well.
func after(from, to time.Duration) report.Interval {
	return report.Interval{From: began.Add(from), To: began.Add(to)}
}

const ms = time.Millisecond

// ending is a pod's end: what came last on a new connection, and when it exited.
func ending(pod string, last, exited time.Duration) report.Termination {
	return report.Termination{
		Pod: pod, Grace: report.Duration(time.Minute), KubeletStarted: after(0, 10*ms), Sigterm: after(20*time.Second, 20*time.Second+10*ms),
		LastNew: after(last, last), LastAnswered: after(exited-time.Second, exited-time.Second), Exited: after(exited, exited+time.Second),
		Margins: report.Margins{GraceHeadroom: new(report.Duration(30 * time.Second))},
	}
}

// ran is the report of a run with a sleep of 20 s.
func ran(change func(*report.Report), ends ...report.Termination) *report.Report {
	rep := &report.Report{
		Verdict: report.Passed, Terminations: ends,
		Streams: []report.Stream{{Name: "new", Latency: report.Latency{Max: report.Duration(300 * ms)}}, {Name: "kept", Latency: report.Latency{Max: report.Duration(40 * ms)}}},
		Power:   map[string]report.Duration{"new": report.Duration(120 * ms), "kept": report.Duration(5 * ms)},
		Check: check.Check{
			Target:  check.Target{PodHeader: "X-Pod-Name"},
			Streams: []check.Stream{{Name: "new", Connections: check.New}, {Name: "kept", Connections: check.Reused}},
		},
	}
	rep.Validity.PodsNamed = true
	if change != nil {
		change(rep)
	}
	return rep
}

func TestMeasure(t *testing.T) {
	for name, tt := range map[string]struct {
		rep *report.Report
		// the settings, in seconds
		sleep, grace int64
		why          string
	}{
		// 1.2 s + 0.12 s + 2 s; the exit is 2 s after SIGTERM, and known to the second.
		"the longest of all counts": {ran(nil, ending("a", 300*ms, 21*time.Second), ending("b", 1200*ms, 22*time.Second), ending("c", 0, 20*time.Second)), 4, 4 + 6, ""},
		"none came any more":        {ran(nil, ending("a", -3*time.Second, 20*time.Second)), 3, 3 + 4, ""},
		"whole seconds stay":        {ran(func(r *report.Report) { r.Power["new"] = report.Duration(100 * ms) }, ending("a", 900*ms, 20*time.Second)), 3, 3 + 4, ""},
		"a request longer than the exit": {ran(func(r *report.Report) { r.Streams[0].Latency.Max = report.Duration(12 * time.Second) },
			ending("a", 900*ms, 20*time.Second)), 4, 4 + 15, ""},
		// The others need 46 s and 3 to spare, however short the sleep is; the one that sleeps 10.
		"another container takes longer": {ran(nil, func() report.Termination {
			t := ending("a", 1200*ms, 22*time.Second)
			t.Exits = []report.ContainerExit{{Container: "app", Exited: t.Exited}, {Container: "proxy", Exited: after(45*time.Second, 46*time.Second)}}
			return t
		}()), 4, 46 + 3, ""},
		"an exit of which nothing is known is left out": {ran(func(r *report.Report) { r.Terminations[1].Exited = report.Interval{} }, ending("a", 900*ms, 20*time.Second), ending("b", 9*time.Second, 40*time.Second)), 4, 4 + 4, ""},
		"a container's end is none of a pod's":          {ran(func(r *report.Report) { r.Terminations[1].Container = "app" }, ending("a", 900*ms, 20*time.Second), ending("b", 9*time.Second, 40*time.Second)), 4, 4 + 4, ""},
		"they came as long as the sleep":                {ran(nil, ending("a", 18500*ms, 21*time.Second)), 0, 0, "new requests still came to a pod 18.5s after its end had begun, and its sleep of 20s was over then or soon after"},
		"nobody is named":                               {ran(func(r *report.Report) { r.Validity.PodsNamed = false }, ending("a", 900*ms, 20*time.Second)), 0, 0, "answers do not name their pods (header X-Pod-Name)"},
		"no stream has new connections":                 {ran(func(r *report.Report) { r.Check.Streams = r.Check.Streams[1:] }, ending("a", 900*ms, 20*time.Second)), 0, 0, "no stream has new connections"},
		"nothing is known of any end":                   {ran(func(r *report.Report) { r.Terminations[0].KubeletStarted = report.Interval{} }, ending("a", 900*ms, 20*time.Second)), 0, 0, "of none of 1 end it is known"},
		"killed, or nearly": {ran(func(r *report.Report) {
			r.Terminations[0].Margins.GraceHeadroom = new(report.Duration(1900 * ms))
		}, ending("a", 900*ms, 59*time.Second)), 0, 0, "pod a still ran when its grace period of 1m0s ended"},
	} {
		t.Run(name, func(t *testing.T) {
			m, why := measure(tt.rep, "app", 20*time.Second)
			if !strings.HasPrefix(why, tt.why) || (why == "") != (tt.why == "") {
				t.Fatalf("got %q, want %q", why, tt.why)
			}
			if m != nil && (m.sleep() != tt.sleep || m.grace() != tt.grace) {
				t.Errorf("sleep %d s and grace %d s, want %d and %d (%+v)", m.sleep(), m.grace(), tt.sleep, tt.grace, m)
			}
		})
	}
}

func TestSpread(t *testing.T) {
	for want, lags := range map[string][]time.Duration{
		"1s at the least, 1s median, 1s at the most":          {time.Second},
		"500ms at the least, 2s median, 2s at the most":       {2 * time.Second, 500 * ms},
		"500ms at the least, 700ms median, 900ms at the most": {700 * ms, 900 * ms, 500 * ms},
	} {
		var ends []End
		for _, lag := range lags {
			ends = append(ends, End{Lag: report.Duration(lag)})
		}
		if got := spread(ends, func(e End) report.Duration { return e.Lag }).String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// It has to be over before requests stop coming to any pod; where none came any more
// there is nothing to try.
func TestASleepThatIsTooShort(t *testing.T) {
	for name, tt := range map[string]struct {
		least, most time.Duration
		want        int64
		there       bool
	}{
		"below a second":     {400 * ms, 1300 * ms, 0, true},
		"below the least":    {2500 * ms, 9 * time.Second, 2, true},
		"of whole seconds":   {2 * time.Second, 9 * time.Second, 1, true},
		"some had none left": {0, 1300 * ms, 1, true},
		"none had any left":  {0, 0, 0, false},
	} {
		m := &Measured{Lag: Spread{Least: report.Duration(tt.least), Most: report.Duration(tt.most)}}
		if got, there := m.tooShort(); got != tt.want || there != tt.there {
			t.Errorf("%s: got %d, %t", name, got, there)
		}
	}
}

func TestWhatAShortSleepShows(t *testing.T) {
	m := &Measured{Lag: Spread{Most: report.Duration(1300 * ms)}}
	accepting := ending("a", 24*time.Second, 26*time.Second)
	for name, tt := range map[string]struct {
		rep  *report.Report
		want string
	}{
		"it lost some": {ran(func(r *report.Report) {
			r.Verdict, r.Findings = report.Failed, []report.Finding{{Cause: report.ListenerClosedEarly}}
		}), "requests were lost, as they have to be: the sleep is needed"},
		"it lost some by another cause": {ran(func(r *report.Report) {
			r.Verdict, r.Reasons, r.Findings = report.Failed, []string{"2 failed"}, []report.Finding{{Cause: report.NotReadyYet}}
		}), "requests were lost, of which it is not known that a longer sleep keeps them: 2 failed"},
		"nothing is known":     {ran(func(r *report.Report) { r.Verdict, r.Reasons = report.Inconclusive, []string{"no pod ended"} }), "nothing is known: no pod ended"},
		"luck":                 {ran(nil, ending("a", 900*ms, 20*time.Second)), "nothing was lost, which is luck: requests were seen to come up to 1.3s after an end had begun, and 1 end prove nothing"},
		"it goes on by itself": {ran(nil, accepting), "nothing was lost: the program goes on accepting new connections after SIGTERM (3.99s later the last one was answered), so that it does not rest on the sleep alone"},
	} {
		if got := shortenedSays(tt.rep, m); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tt.want)
		}
	}
}

// What no settings mend is told with its fix.
func TestObstacles(t *testing.T) {
	rep := ran(func(r *report.Report) {
		r.Findings = []report.Finding{{Cause: report.NoDrain, Says: "it exits", Failed: 3, Fix: report.Fix{Text: "Handle SIGTERM.", Recipe: &report.Recipe{Text: "Set it.", URL: report.RecipesURL + "#nginx"}}}}
		r.Warnings = []report.Warning{{Text: "harmless"}, {Cause: report.SigtermIgnored, Text: "a took no notice"}}
		r.Terminations[0].PreStopFailed = after(0, time.Second)
	}, ending("a", 0, 20*time.Second))
	got := obstacles(rep)
	want := []Obstacle{
		{Cause: report.NoDrain, Text: "it exits (3 requests lost)", Fix: "Handle SIGTERM. Set it.", Recipe: report.RecipesURL + "#nginx"},
		{Cause: report.SigtermIgnored, Text: "a took no notice", Recipe: report.RecipesURL},
	}
	if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || !strings.Contains(got[2].Text, "has the image a program called sleep") {
		t.Errorf("got %+v", got)
	}
	if clean := obstacles(ran(nil, ending("a", 0, 20*time.Second))); len(clean) != 0 {
		t.Errorf("of a clean run: %+v", clean)
	}
}
