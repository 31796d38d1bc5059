package witness

import (
	"strconv"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/victim"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func at(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }

// read is what a pod logs when it has read a request.
func read(pod, stream string, seq, port, ms int) victim.Event {
	return victim.Event{Event: victim.RequestStart, Pod: pod, Time: at(ms), Request: &victim.Request{
		Stream: stream, Seq: strconv.Itoa(seq), Remote: "10.244.1.7:" + strconv.Itoa(port), Started: at(ms),
	}}
}

// sent is a sample that ended 100 ms after it was sent.
func sent(seq, conn, served, port, ms int, outcome recording.Outcome) recording.Sample {
	return recording.Sample{
		Stream: "reused", Seq: uint64(seq), Conn: uint64(conn), Served: uint32(served), LocalPort: uint16(port),
		Scheduled: at(ms), End: 100 * time.Millisecond, Outcome: outcome,
	}
}

func TestPlace(t *testing.T) {
	for name, test := range map[string]struct {
		logs    []victim.Event
		samples []recording.Sample
		want    string // the place of request 9, empty if none
	}{
		"read and cut": {
			logs:    []victim.Event{read("a", "reused", 9, 4000, 500)},
			samples: []recording.Sample{sent(9, 1, 0, 4000, 490, recording.Failed)},
			want:    "a",
		},
		"never read on a fresh connection": {
			logs:    []victim.Event{read("a", "reused", 1, 4000, 100)},
			samples: []recording.Sample{sent(9, 2, 0, 4000, 490, recording.Failed)},
		},
		"never read on a connection that a pod had": {
			logs: []victim.Event{read("a", "reused", 1, 4000, 100), read("b", "reused", 2, 4001, 400)},
			samples: []recording.Sample{
				sent(1, 1, 0, 4000, 95, recording.OK),
				sent(9, 1, 1, 4000, 490, recording.Failed),
			},
			want: "a",
		},
		"the port had belonged to another connection": {
			logs: []victim.Event{read("a", "reused", 1, 4000, 100), read("b", "reused", 2, 4000, 300)},
			samples: []recording.Sample{
				sent(1, 1, 0, 4000, 95, recording.OK),
				sent(2, 2, 0, 4000, 295, recording.OK),
				sent(9, 2, 1, 4000, 490, recording.Failed),
			},
			want: "b",
		},
		"the port belongs to another connection later": {
			logs: []victim.Event{read("a", "reused", 1, 4000, 100), read("b", "reused", 10, 4000, 900)},
			samples: []recording.Sample{
				sent(1, 1, 0, 4000, 95, recording.OK),
				sent(9, 1, 1, 4000, 490, recording.Failed),
			},
			want: "a",
		},
		"of another run": {
			logs:    []victim.Event{read("a", "reused", 9, 4000, -500)},
			samples: []recording.Sample{sent(9, 1, 0, 4000, 490, recording.Failed)},
		},
		"answered": {
			logs:    []victim.Event{read("a", "reused", 9, 4000, 500)},
			samples: []recording.Sample{sent(9, 1, 0, 4000, 490, recording.OK)},
		},
		"a probe": {
			logs:    []victim.Event{read("a", "", 9, 4000, 500)},
			samples: []recording.Sample{sent(9, 1, 0, 4000, 490, recording.Failed)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			places := Place(test.samples, ReadLogs(test.logs, began, at(5000)))
			if got := places[request{"reused", 9}]; got != test.want {
				t.Errorf("placed at %q, want %q", got, test.want)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	failure := func(seq uint64, cause report.Cause, pods ...string) report.Failure {
		return report.Failure{Stream: "new", Seq: seq, Cause: cause, Pods: pods}
	}
	r := &report.Report{
		Findings: []report.Finding{
			{Cause: report.NoDrain, Confidence: report.Certain, Streams: []string{"new"}, Pods: []string{"a", "b"}},
			{Cause: report.ListenerClosedEarly, Confidence: report.Likely, Streams: []string{"new"}, Pods: []string{"a", "b", "c"}},
		},
		Failures: []report.Failure{
			failure(1, report.NoDrain, "a"),
			failure(2, report.ListenerClosedEarly, "b", "a"),
			failure(3, report.NoDrain, "b"),
			failure(4, report.ListenerClosedEarly, "b", "c"),
			failure(5, report.Unknown),
			failure(6, report.NoDrain, "b"),
		},
	}
	places := Places{}
	for seq := range uint64(5) {
		places[request{"new", seq + 1}] = "a"
	}
	want := Tally{Listed: 6, Placed: 5, Right: 2, Sole: 1, Wrong: 2, WrongCertain: 1, Unnamed: 1}
	if got := Compare(r, places); got != want {
		t.Errorf("have %+v\nwant %+v", got, want)
	}
}
