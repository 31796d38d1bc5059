package witness

import (
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

var (
	began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	base  = recording.TraceBase{1, 2, 3}
)

func at(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }

// logged is what a pod logged of a request of the stream "reused".
func logged(pod string, seq, port, ms int) read {
	return read{at: at(ms), pod: pod, port: uint16(port), id: base.Traces("reused").ID(uint64(seq))}
}

// sent is a sample of that stream.
func sent(seq, conn, port int, outcome recording.Outcome) recording.Sample {
	return recording.Sample{
		Stream: "reused", Seq: uint64(seq), Conn: uint64(conn), LocalPort: uint16(port), Outcome: outcome,
	}
}

func TestPlace(t *testing.T) {
	for name, test := range map[string]struct {
		logs    []read
		samples []recording.Sample
		want    string // the place of request 9, empty if none
	}{
		"read and cut": {
			logs:    []read{logged("a", 9, 4000, 500)},
			samples: []recording.Sample{sent(9, 1, 4000, recording.Failed)},
			want:    "a",
		},
		"read behind a proxy": {
			logs:    []read{logged("a", 9, 5000, 500)},
			samples: []recording.Sample{sent(9, 1, 4000, recording.Failed)},
			want:    "a",
		},
		"tried once more by a proxy": {
			logs:    []read{logged("b", 9, 5001, 600), logged("a", 9, 5000, 500)},
			samples: []recording.Sample{sent(9, 1, 4000, recording.Failed)},
			want:    "b",
		},
		"never read on a fresh connection": {
			logs:    []read{logged("a", 1, 4000, 100)},
			samples: []recording.Sample{sent(1, 1, 4000, recording.OK), sent(9, 2, 4000, recording.Failed)},
		},
		"never connected": {
			logs:    []read{logged("a", 1, 0, 100)},
			samples: []recording.Sample{sent(1, 0, 0, recording.Failed), sent(9, 0, 0, recording.Failed)},
		},
		"never read on a connection that a pod had": {
			logs: []read{logged("a", 1, 4000, 100), logged("b", 2, 4001, 400)},
			samples: []recording.Sample{
				sent(1, 1, 4000, recording.OK), sent(2, 2, 4001, recording.OK), sent(9, 1, 4000, recording.Failed),
			},
			want: "a",
		},
		"never read on a connection to a proxy": {
			logs:    []read{logged("a", 1, 5000, 100)},
			samples: []recording.Sample{sent(1, 1, 4000, recording.OK), sent(9, 1, 4000, recording.Failed)},
		},
		"the port had belonged to another connection": {
			logs: []read{logged("a", 1, 4000, 100), logged("b", 2, 4000, 300)},
			samples: []recording.Sample{
				sent(1, 1, 4000, recording.OK), sent(2, 2, 4000, recording.OK), sent(9, 2, 4000, recording.Failed),
			},
			want: "b",
		},
		"the port belongs to another connection later": {
			logs: []read{logged("a", 1, 4000, 100), logged("b", 10, 4000, 900)},
			samples: []recording.Sample{
				sent(1, 1, 4000, recording.OK), sent(9, 1, 4000, recording.Failed), sent(10, 2, 4000, recording.OK),
			},
			want: "a",
		},
		"of another run": {
			logs:    []read{{pod: "a", port: 4000, id: recording.TraceBase{4}.Traces("reused").ID(9)}},
			samples: []recording.Sample{sent(9, 1, 4000, recording.Failed)},
		},
		"answered": {
			logs:    []read{logged("a", 9, 4000, 500)},
			samples: []recording.Sample{sent(9, 1, 4000, recording.OK)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (&heard{test.samples, base, test.logs}).place()[request{"reused", 9}]; got != test.want {
				t.Errorf("placed at %q, want %q", got, test.want)
			}
		})
	}
}
