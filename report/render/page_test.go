package render

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
	"github.com/shutdowncheck/shutdowncheck/report/analysis"
)

// analyzed makes the report of a golden recording anew, with its picture.
func analyzed(t *testing.T, name string) *report.Report {
	t.Helper()
	rec, err := recording.Open(filepath.Join(golden, name))
	if err != nil {
		t.Fatal(err)
	}
	r, err := analysis.Analyze(t.Context(), rec)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// bulk is what is the same in all pages, or has a test of its own.
var bulk = regexp.MustCompile(`(?s)<style>.*?</style>|<script>.*?</script>|data-packed="[^"]*"|script-src &#39;sha256-.*?&#39;`)

func TestGoldenPages(t *testing.T) {
	for name := range goldenReports(t) {
		t.Run(name, func(t *testing.T) {
			got := bulk.ReplaceAllString(page(t, analyzed(t, name)), "…")
			path := filepath.Join(golden, name, "report.html")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("this is not %s; look at the difference with: go test ./report/render -run Golden -update && git diff %s", path, path)
			}
		})
	}
}

// The picture has to add up to what the report says.
func TestPictureAddsUp(t *testing.T) {
	for name := range goldenReports(t) {
		t.Run(name, func(t *testing.T) {
			r := analyzed(t, name)
			p := unpacked(t, page(t, r))
			marks := map[int]int{}
			for i, finding := range p.Marks.Finding {
				marks[finding]++
				if lane := p.Marks.Lane[i]; (lane < 0) != (len(r.Picture.Failures[i].Pods) == 0) {
					t.Errorf("failure %d is on lane %d, its pods are %q", i, lane, r.Picture.Failures[i].Pods)
				}
			}
			for i := range r.Findings {
				if marks[i] != r.Findings[i].Failed {
					t.Errorf("%s has %d marks, want %d", r.Findings[i].Cause, marks[i], r.Findings[i].Failed)
				}
			}
			for i, s := range p.Streams {
				if ok, failed, maskable := sum(s.OK), sum(s.Failed), sum(s.Maskable); ok != r.Streams[i].OK || failed != r.Streams[i].Failed || maskable != r.Streams[i].Maskable {
					t.Errorf("%s: %d ok, %d failed, %d maskable; the report says %+v", s.Name, ok, failed, maskable, r.Streams[i])
				}
			}
			ended := 0
			for _, lane := range p.Lanes {
				ended += len(lane.Ends)
			}
			if ended != len(r.Terminations) {
				t.Errorf("%d ends on the lanes, want %d", ended, len(r.Terminations))
			}
			if len(p.Disruptions) != len(r.Disruptions) {
				t.Errorf("%d bands, want %d", len(p.Disruptions), len(r.Disruptions))
			}
		})
	}
}

func sum(all []int) int {
	n := 0
	for _, i := range all {
		n += i
	}
	return n
}

func page(t *testing.T, r *report.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := HTML(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var packedPicture = regexp.MustCompile(`data-packed="([^"]*)"`)

func unpacked(t *testing.T, page string) picture {
	t.Helper()
	found := packedPicture.FindStringSubmatch(page)
	if found == nil {
		t.Fatal("no picture in the page")
	}
	reader, err := gzip.NewReader(base64.NewDecoder(base64.RawURLEncoding, strings.NewReader(found[1])))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	var p picture
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// pictured is a report that says text wherever it or its picture says anything.
func pictured(text string, verdict report.Verdict) *report.Report {
	r := spoiled(text, verdict)
	r.Picture = &report.Picture{
		Pods:     []report.Pod{{Name: text, Node: text}},
		Series:   []report.Series{{Step: report.Duration(time.Second)}},
		Failures: []report.Failure{{Stream: text, Sender: new(0), Pods: []string{text, text}, Class: recording.Class(text)}},
		Finding:  []int{0},
	}
	return r
}

// Nothing that a report says becomes markup, and nothing in the page names an
// address to fetch.
func TestPageShowsHostileText(t *testing.T) {
	elements := elementsOf(t, page(t, pictured("web", report.Failed)))
	for name, text := range hostileTexts {
		for _, verdict := range verdicts {
			t.Run(fmt.Sprintf("%s/%s", name, verdict), func(t *testing.T) {
				out := page(t, pictured(text, verdict))
				if got := elementsOf(t, out); got["script"] != 1 {
					t.Errorf("%d scripts", got["script"])
				} else {
					delete(got, "script")
					delete(got, "noscript")
					for element, n := range got {
						if _, known := elements[element]; !known {
							t.Errorf("%d × <%s>", n, element)
						}
					}
				}
				p := unpacked(t, out)
				if p.Lanes[0].Name != clean(text) {
					t.Errorf("the lane is called %q, want %q", p.Lanes[0].Name, clean(text))
				}
				if want := clean(text + " on " + text); p.Senders[p.Marks.Sender[0]] != want {
					t.Errorf("the sender is called %q, want %q", p.Senders, want)
				}
			})
		}
	}
}

var headings = regexp.MustCompile(`<h2 id="([a-z]+)"`)

// What is to be changed stands before what grows with the number of pods.
func TestPageAnswersFirst(t *testing.T) {
	r := cutAndShut()
	r.Picture = &report.Picture{Series: []report.Series{{Step: report.Duration(time.Second)}}}
	out := page(t, r)
	var order []string
	for _, found := range headings.FindAllStringSubmatch(out, -1) {
		order = append(order, found[1])
	}
	if want := []string{"answer", "picture", "traffic", "findings", "warnings", "disruptions", "terminations", "validity", "check"}; !slices.Equal(order, want) {
		t.Errorf("%q, want %q", order, want)
	}
	for i, f := range r.Findings {
		line := fmt.Sprintf(`<li><a href="#finding-%d"><code>%s</code> (%s): %s</a><br>Fix: `, i+1, f.Cause, f.Confidence, failed(r, &f))
		if !strings.Contains(out, line) || strings.Count(out, fmt.Sprintf(`id="finding-%d"`, i+1)) != 1 {
			t.Errorf("no line %s, or it leads nowhere", line)
		}
	}
	if !inOrder(out, `<a href="#warnings">2 warnings</a>, among them:`, "<li>web-1 exited late [grace-too-short]</li>", `id="picture"`) {
		t.Error("the weakness is not told before the picture")
	}

	// Nothing to say in short.
	r.Findings, r.Warnings = nil, nil
	if out := page(t, r); strings.Contains(out, `id="answer"`) {
		t.Error("an empty answer")
	}
}

// elementsOf counts the elements of a page by name, and looks at what would make
// a browser fetch or run something.
func elementsOf(t *testing.T, page string) map[string]int {
	t.Helper()
	elements := map[string]int{}
	tokens := html.NewTokenizer(strings.NewReader(page))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return elements
		case html.StartTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			elements[token.Data]++
			for _, a := range token.Attr {
				if a.Key == "src" || a.Key == "href" && !strings.HasPrefix(a.Val, "#") || a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("<%s %s=%q>", token.Data, a.Key, a.Val)
				}
			}
		}
	}
}

// A page of a long run with much to show has to stay small enough to send around.
func TestPageOfALongRunIsSmall(t *testing.T) {
	size := len(page(t, longRun()))
	t.Logf("%d bytes", size)
	if size > 3<<20 {
		t.Errorf("%d bytes, want 3 MiB at the most", size)
	}
}

// longRun is a report of 10 million requests, 500 terminations and 100,000
// failures.
func longRun() *report.Report {
	const minutes, pods, lost = 33, 500, 100_000
	r := &report.Report{Verdict: report.Failed, Began: time.Unix(1e9, 0), Ended: time.Unix(1e9+60*minutes, 0)}
	r.Findings = []report.Finding{{Cause: report.NoDrain, Failed: lost}}
	r.Picture = &report.Picture{}
	for i := range pods {
		at := r.Began.Add(time.Duration(i) * 4 * time.Second)
		name := fmt.Sprintf("web-7d4b9c6f5d-%05x", i*7919)
		span := report.Interval{From: at.Add(time.Second), To: at.Add(2 * time.Second)}
		r.Picture.Pods = append(r.Picture.Pods, report.Pod{
			Name: name, UID: name, Node: "worker-1", Created: at, New: true,
			Ready: []report.Stretch{{From: at, To: at.Add(time.Second)}}, InSlice: []report.Stretch{{From: at, To: at.Add(time.Second)}},
		})
		r.Terminations = append(r.Terminations, report.Termination{Pod: name, UID: name, EndedBy: report.ByRollout, Requested: span, Sigterm: span, Exited: span, Gone: span})
	}
	for s := range 2 {
		name := fmt.Sprintf("stream-%d", s)
		r.Streams = append(r.Streams, report.Stream{Name: name, Sent: 5_000_000})
		series := report.Series{Step: report.Duration(4 * time.Second)}
		for i := range 60 * minutes / 4 {
			series.OK, series.Failed, series.Maskable = append(series.OK, 10_000+i%97), append(series.Failed, i%101), append(series.Maskable, i%7)
			series.P50 = append(series.P50, report.Duration(1000+7*i)*report.Duration(time.Microsecond))
			series.P99 = append(series.P99, report.Duration(5000+131*i)*report.Duration(time.Microsecond))
			series.Max = append(series.Max, report.Duration(9000+977*i)*report.Duration(time.Microsecond))
		}
		r.Picture.Series = append(r.Picture.Series, series)
	}
	for i := range lost {
		sent := r.Began.Add(time.Duration(i) * 19_801 * time.Microsecond)
		since := report.Duration(i%977) * report.Duration(101*time.Microsecond)
		r.Picture.Failures = append(r.Picture.Failures, report.Failure{
			Stream: r.Streams[i%2].Name, Sent: sent, Ended: sent.Add(time.Duration(i%1009) * 103 * time.Microsecond),
			Phase: recording.PhaseFirstByte, Class: recording.ClassReset, Connection: uint64(i * 17), Served: uint32(i % 53),
			Pods: []string{r.Picture.Pods[i*pods/lost].Name}, SinceSigterm: &since, Cause: report.NoDrain,
		})
		r.Picture.Finding = append(r.Picture.Finding, 0)
	}
	return r
}

func TestThePageTellsOfAHookThatFailed(t *testing.T) {
	failed := report.Termination{PreStop: recording.PreStopExec, PreStopFailed: report.Interval{From: time.Unix(1, 0), To: time.Unix(1, 0)}}
	well := report.Termination{PreStop: recording.PreStopSleep, PreStopSleep: report.Duration(5 * time.Second)}
	rows := terminationTable(&report.Report{Terminations: []report.Termination{failed, well}}).Rows
	if rows[0][4] != "exec, failed" || rows[1][4] != "sleep 5s" {
		t.Errorf("%q, %q", rows[0][4], rows[1][4])
	}
}

// crowd is a report of 60 pods that a rollout replaced on a machine that was too
// busy for its load; three of them lost requests.
func crowd() *report.Report {
	const pods, seconds = 60, 90
	r := &report.Report{
		Verdict: report.Failed, Workload: "deployment/crowd", Namespace: "demo", Began: time.Unix(1e9, 0), Ended: time.Unix(1e9+seconds, 0),
		Reasons: []string{
			"23 of 26910 requests failed, the budget is 0",
			"stream short-new: requests went out late (99th percentile 1.3s, at most 50ms is allowed): this machine is too busy for 300 per second",
		},
		Streams: []report.Stream{{Name: "short-new", Connections: "new", Rate: 300, AchievedRate: 299, Sent: 26_910, OK: 26_887, Failed: 23}},
		Findings: []report.Finding{
			{
				Cause: report.ListenerClosedEarly, Says: "the pod stops accepting connections before the cluster has stopped sending them", Confidence: report.Likely,
				Failed: 21, Phase: "after the exit", Streams: []string{"short-new"},
				Fix: report.Fix{Text: "Keep accepting until the cluster has stopped sending: a preStop sleep of 10 s. The last request that was turned away was sent 7.6s after the kubelet began to stop the pod; 2s are added for slower moments."},
			},
			{
				Cause: report.NoDrain, Says: "the pod exits on SIGTERM while requests are still in flight", Confidence: report.Certain,
				Failed: 2, Phase: "at the exit", Streams: []string{"short-new"}, Fix: report.Fix{Text: "Handle SIGTERM: answer what is in flight and exit only then. Let requests stop arriving first."},
			},
		},
		Warnings:    []report.Warning{{Text: "it has no PodDisruptionBudget"}, {Cause: report.GraceTooShort, Text: "crowd-old-07 exited less than 1s before the grace period ended"}},
		Disruptions: []report.Disruption{{Kind: "restart", Started: time.Unix(1e9+10, 0), Steady: time.Unix(1e9+80, 0)}},
		Picture:     &report.Picture{},
	}
	at := func(s float64) time.Time { return r.Began.Add(time.Duration(s * float64(time.Second))) }
	moment := func(s float64) report.Interval { return report.Interval{From: at(s), To: at(s + 0.2)} }
	for i := range pods {
		// The eldest ends last: lanes in the order of creation would not show a staircase.
		name, ends := fmt.Sprintf("crowd-old-%02d", i), 11+float64(pods-1-i)
		r.Picture.Pods = append(r.Picture.Pods, report.Pod{
			Name: name, UID: name, Node: "worker", Created: at(-300 + float64(i)),
			Ready: []report.Stretch{{From: at(0), To: at(ends)}}, InSlice: []report.Stretch{{From: at(0), To: at(ends + 0.3)}},
		})
		r.Terminations = append(r.Terminations, report.Termination{
			Pod: name, UID: name, EndedBy: report.ByRollout, Grace: report.Duration(30 * time.Second),
			Requested: moment(ends), Sigterm: moment(ends + 5), Exited: moment(ends + 6), Gone: moment(ends + 7),
		})
	}
	for i := range pods {
		name := fmt.Sprintf("crowd-new-%02d", i)
		r.Picture.Pods = append(r.Picture.Pods, report.Pod{
			Name: name, UID: name, Node: "worker", Created: at(10 + float64(i)), New: true,
			Ready: []report.Stretch{{From: at(12 + float64(i))}}, InSlice: []report.Stretch{{From: at(12 + float64(i))}},
		})
	}
	series := report.Series{
		Step: report.Duration(time.Second), Until: report.Duration(seconds * time.Second),
		Late: []report.Lateness{{From: at(14), To: at(19), Most: report.Duration(300 * time.Millisecond)}, {From: at(40), To: at(62), Most: report.Duration(1300 * time.Millisecond)}},
	}
	for i := range seconds {
		latency := report.Duration(20+i%7) * report.Duration(time.Millisecond)
		series.OK, series.Failed, series.Maskable = append(series.OK, 299), append(series.Failed, 0), append(series.Maskable, 0)
		series.P50, series.P99, series.Max = append(series.P50, latency), append(series.P99, 3*latency), append(series.Max, 9*latency)
	}
	r.Picture.Series = []report.Series{series}
	r.Validity.Client = &recording.Client{Stalls: []recording.Stall{{From: at(70), To: at(70.8)}}}
	for i := range 23 {
		sent := at(40 + float64(i)/4)
		r.Picture.Failures = append(r.Picture.Failures, report.Failure{
			Stream: "short-new", Sent: sent, Ended: sent.Add(20 * time.Millisecond), Phase: recording.PhaseDial, Class: recording.ClassRefused,
			Pods: []string{r.Picture.Pods[30+i%3].Name}, Cause: report.ListenerClosedEarly,
		})
		r.Picture.Finding = append(r.Picture.Finding, i/21)
	}
	return r
}
