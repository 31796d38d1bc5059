package witness

import (
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/victim"
	"github.com/shutdowncheck/shutdowncheck/report"
)

func TestWindows(t *testing.T) {
	at := func(d time.Duration) time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(d) }
	events := []victim.Event{
		{Pod: "web-1", Event: victim.Sigterm, Time: at(0)},
		{Pod: "web-1", Event: victim.ListenerClosed, Time: at(3 * time.Second)},
		{Pod: "web-1", Event: victim.Exiting, Time: at(9 * time.Second)},
	}
	for name, tt := range map[string]struct {
		from, to    time.Duration
		told, wrong int
	}{
		"right":         {2950 * time.Millisecond, 3050 * time.Millisecond, 1, 0},
		"a little late": {3100 * time.Millisecond, 3200 * time.Millisecond, 1, 0},
		"too late":      {3400 * time.Millisecond, 3500 * time.Millisecond, 1, 1},
		"too early":     {2500 * time.Millisecond, 2600 * time.Millisecond, 1, 1},
		"too wide":      {2 * time.Second, 4 * time.Second, 1, 1},
	} {
		r := &report.Report{Terminations: []report.Termination{
			{Pod: "web-1", Window: &report.Window{Answers: report.Interval{From: at(tt.from), To: at(tt.to)}}},
			{Pod: "web-1", Container: "app", Window: &report.Window{Answers: report.Interval{From: at(0), To: at(1)}}},
			{Pod: "web-2"},
			{Pod: "web-1", Window: &report.Window{}},
		}}
		if told, wrong := windows(r, events); told != tt.told || wrong != tt.wrong {
			t.Errorf("%s: %d told, %d wrong", name, told, wrong)
		}
	}
}
