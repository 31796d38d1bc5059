package witness

import (
	"slices"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/victim"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

func TestProxyLags(t *testing.T) {
	left := func(pod string, ms int) report.Termination {
		return report.Termination{Pod: pod, LeftSlice: report.Interval{From: at(ms), To: at(ms)}}
	}
	r := &report.Report{Terminations: []report.Termination{
		left("a", 1000),
		left("b", 1000),
		left("in time", 1000),
		{Pod: "never in a slice"},
		{Pod: "back", Container: "web", LeftSlice: report.Interval{From: at(1000), To: at(1000)}},
	}}
	logs := ReadLogs([]victim.Event{
		read("a", "reused", 1, 4000, 1100), read("a", "reused", 2, 4001, 1905), read("a", "reused", 3, 4001, 2500),
		read("b", "reused", 4, 4002, 1305),
		read("in time", "reused", 5, 4003, 905),
		read("never in a slice", "reused", 6, 4004, 1705),
		read("back", "reused", 8, 4006, 4005),
	}, began, at(5000))
	samples := []recording.Sample{
		sent(1, 1, 0, 4000, 1095, recording.OK), sent(2, 2, 0, 4001, 1900, recording.OK),
		sent(3, 2, 1, 4001, 2495, recording.OK), // a kept connection asks no proxy
		sent(4, 3, 0, 4002, 1300, recording.Failed),
		sent(5, 4, 0, 4003, 900, recording.OK),
		sent(6, 5, 0, 4004, 1700, recording.OK),
		sent(8, 7, 0, 4006, 4000, recording.OK),
		sent(7, 6, 0, 4005, 3000, recording.Failed), // reached no process
	}
	want := []time.Duration{300 * time.Millisecond, 900 * time.Millisecond}
	if got := ProxyLags(r, samples, logs); !slices.Equal(got, want) {
		t.Errorf("have %v, want %v", got, want)
	}
}
