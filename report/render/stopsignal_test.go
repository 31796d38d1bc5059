package render

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// stoppedBy is a report of pods that get the signals, and of a failure between them and
// the exit.
func stoppedBy(signals map[string]string) *report.Report {
	r := cutAndShut()
	since := report.Duration(20 * time.Millisecond)
	r.Findings = []report.Finding{{
		Cause: report.ListenerClosedEarly, Failed: 1, Phase: "between SIGTERM and exit", SinceSigterm: &report.Span{From: since, To: since},
		Pods: []string{"web-1", "web-2"},
	}}
	r.Picture = &report.Picture{Series: []report.Series{{Step: report.Duration(time.Second)}}}
	r.Terminations = []report.Termination{{Pod: "web-1", Container: "app", StopSignal: "SIGINT"}, {Pod: "web-3", StopSignal: "SIGHUP"}}
	for _, pod := range []string{"web-1", "web-2"} {
		r.Terminations = append(r.Terminations, report.Termination{Pod: pod, StopSignal: signals[pod]})
	}
	return r
}

func TestLossesNameTheStopSignalOfTheirPods(t *testing.T) {
	for name, tt := range map[string]struct {
		signals map[string]string
		want    string
	}{
		"SIGTERM": {nil, "SIGTERM"},
		"another": {map[string]string{"web-1": "SIGUSR1", "web-2": "SIGUSR1"}, "SIGUSR1"},
		"several": {map[string]string{"web-2": "SIGUSR1"}, "the stop signal"},
	} {
		t.Run(name, func(t *testing.T) {
			r := stoppedBy(tt.signals)
			want := "1 request failed between " + tt.want + " and exit, 20ms after " + tt.want
			if got := losses(r, &r.Findings[0]); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// What people read names the signal, what other tools read is the same for each.
func TestStopSignalIsShown(t *testing.T) {
	const words = "1 request failed between SIGUSR1 and exit, 20ms after SIGUSR1"
	for name, tt := range map[string]struct {
		write func(io.Writer, *report.Report) error
		want  string
	}{
		"text":     {func(w io.Writer, r *report.Report) error { return Text(w, r, TextOptions{}) }, words},
		"Markdown": {Markdown, words},
		"HTML":     {HTML, words},
		"JUnit":    {JUnit, words},
		"JSON":     {JSON, `"phase": "between SIGTERM and exit"`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := tt.write(&out, stoppedBy(map[string]string{"web-1": "SIGUSR1", "web-2": "SIGUSR1"})); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(strings.Fields(out.String()), " "); !strings.Contains(got, tt.want) {
				t.Errorf("it lacks %s", tt.want)
			}
		})
	}
}

func TestChartNamesTheStopSignal(t *testing.T) {
	p := unpacked(t, page(t, stoppedBy(map[string]string{"web-1": "SIGUSR1", "web-2": "SIGUSR1"})))
	if want := []string{"listener-closed-early, between SIGUSR1 and exit"}; !slices.Equal(p.Findings, want) {
		t.Errorf("%q, want %q", p.Findings, want)
	}
}
