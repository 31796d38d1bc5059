package witness

import (
	"slices"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// dialled is a sample that was sent on a new connection.
func dialled(seq, conn, port, ms int) recording.Sample {
	s := sent(seq, conn, port, recording.OK)
	s.Scheduled = at(ms)
	return s
}

// keptUp is the sample, sent on a connection that had served before.
func keptUp(s recording.Sample) recording.Sample {
	s.Served = 1
	return s
}

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
	h := &heard{
		base: base,
		reads: []read{
			logged("a", 1, 4000, 1100), logged("a", 2, 4001, 1905), logged("a", 3, 4001, 2500),
			logged("b", 4, 4002, 1305),
			logged("in time", 5, 4003, 905),
			logged("never in a slice", 6, 4004, 1705),
			logged("back", 8, 4006, 4005),
		},
		samples: []recording.Sample{
			dialled(1, 1, 4000, 1095), dialled(2, 2, 4001, 1900),
			keptUp(dialled(3, 2, 4001, 2495)), // a kept connection asks no proxy
			dialled(4, 3, 4002, 1300),
			dialled(5, 4, 4003, 900),
			dialled(6, 5, 4004, 1700),
			dialled(8, 7, 4006, 4000),
			dialled(7, 6, 4005, 3000), // reached no process
		},
	}
	want := []time.Duration{300 * time.Millisecond, 900 * time.Millisecond}
	if got := h.proxyLags(r); !slices.Equal(got, want) {
		t.Errorf("have %v, want %v", got, want)
	}
}
