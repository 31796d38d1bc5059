package witness

import (
	"testing"

	"github.com/shutdowncheck/shutdowncheck/report"
)

func TestCompare(t *testing.T) {
	failure := func(seq uint64, cause report.Cause, pods ...string) report.Failure {
		return report.Failure{Stream: "new", Seq: seq, Cause: cause, Pods: pods}
	}
	r := &report.Report{
		Failures: []report.Failure{
			certainly(failure(1, report.NoDrain, "a")),
			failure(2, report.ListenerClosedEarly, "b", "a"),
			certainly(failure(3, report.NoDrain, "b")),
			failure(4, report.ListenerClosedEarly, "b", "c"),
			failure(5, report.Unknown),
			failure(6, report.NoDrain, "b"),
		},
	}
	placed := places{}
	for seq := range uint64(5) {
		placed[request{"new", seq + 1}] = "a"
	}
	want := Tally{Listed: 6, Placed: 5, Right: 2, Sole: 1, Wrong: 2, WrongCertain: 1, Unnamed: 1}
	if got := compare(r, placed); got != want {
		t.Errorf("have %+v\nwant %+v", got, want)
	}
}

func certainly(f report.Failure) report.Failure {
	f.Confidence = report.Certain
	return f
}
