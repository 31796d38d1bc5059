package analysis

import (
	"slices"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

func TestConnectionsWithoutAPortThatHasRested(t *testing.T) {
	const want = "12 new connections had no local port left that had not been used shortly before: connection tracking may lead such to a pod that has gone, which many clients would hardly ever meet. " +
		"Send less on new connections, or from more nodes (--senders)"
	told := func(client *recording.Client) bool {
		s := undisturbed(newScenario().pod("web-1", nil))
		s.ending.Client = client
		return slices.ContainsFunc(s.analyze(t).Warnings, func(w report.Warning) bool { return w.Text == want })
	}
	if !told(&recording.Client{Processors: 2, PortsByKernel: 12}) {
		t.Error("twelve connections are not told of")
	}
	if told(&recording.Client{Processors: 2}) || told(nil) {
		t.Error("told of none")
	}
}
