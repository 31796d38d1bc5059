package render

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

func TestLatenessIsDrawnOnce(t *testing.T) {
	began := time.Unix(1e9, 0)
	at := func(seconds float64) time.Time { return began.Add(time.Duration(seconds * float64(time.Second))) }
	late := func(from, to float64, most time.Duration) report.Lateness {
		return report.Lateness{From: at(from), To: at(to), Most: report.Duration(most)}
	}
	r := &report.Report{
		Began: began, Ended: at(30),
		Streams: []report.Stream{{Name: "new"}, {Name: "reused"}},
		Picture: &report.Picture{Series: []report.Series{
			{Late: []report.Lateness{late(2, 4, 1300*time.Millisecond), late(20, 21, 60*time.Millisecond)}},
			{Late: []report.Lateness{late(4, 5, 200*time.Millisecond)}},
		}},
	}
	r.Validity.Client = &recording.Client{Stalls: []recording.Stall{{From: at(2.5), To: at(3)}, {From: at(10), To: at(10.2)}, {From: at(4.9), To: at(5.6)}}}
	p := draw(r)
	want := []pictureLate{
		{2, 5.6, "stream new: requests went out late, by up to 1.3s; the process that sends stood still, for up to 700ms; stream reused: requests went out late, by up to 200ms"},
		{10, 10.2, "the process that sends stood still, for up to 200ms"},
		{20, 21, "stream new: requests went out late, by up to 60ms"},
	}
	if !slices.Equal(p.Late, want) {
		t.Errorf("\n got %v\nwant %v", p.Late, want)
	}
	if got := p.Streams[1].Late; !slices.Equal(got, []pictureLate{{4, 5, "stream reused: requests went out late, by up to 200ms"}}) {
		t.Errorf("the second stream: %v", got)
	}
}

// What is hatched is told in words, the first ten times.
func TestLatenessIsTold(t *testing.T) {
	late := slices.Repeat([]pictureLate{{From: 1.5, To: 3, Words: "it was late"}}, lateListed)
	r := &report.Report{Began: time.Unix(0, 0)}
	lines := lateLines(r, late)
	if len(lines) != lateListed || lines[0] != "Hatched in the picture, 00:00:01.500 to 00:00:03.000: it was late." {
		t.Errorf("%q", lines)
	}
	if lines := lateLines(r, append(late, late...)); len(lines) != lateListed+1 || lines[lateListed] != "10 more such times are hatched." {
		t.Errorf("%q", lines)
	}
	if lines := lateLines(r, nil); lines != nil {
		t.Errorf("%q", lines)
	}
}

// The picture explains what it shows, and nothing else.
func TestLegendOfLateness(t *testing.T) {
	r := &report.Report{Streams: []report.Stream{{Name: "new"}}, Picture: &report.Picture{Series: []report.Series{{Step: report.Duration(time.Second)}}}}
	const entry = `<i class="late"></i>`
	if strings.Contains(page(t, r), entry) {
		t.Error("a legend of what is not in the picture")
	}
	r.Picture.Series[0].Late = []report.Lateness{{From: time.Unix(1e9, 0), To: time.Unix(1e9+1, 0)}}
	if !strings.Contains(page(t, r), entry) {
		t.Error("no legend of what is in the picture")
	}
}
