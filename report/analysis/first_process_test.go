package analysis

import (
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// The first process of a container does not die of a signal that it does not handle, so
// that 143 at once is that of a shell or an init in most cases.
func TestTheFixNamesWhatMayBeTheFirstProcess(t *testing.T) {
	for code, want := range map[int32]bool{143: true, 0: false, 2: false} {
		end := abrupt()
		end.code = code
		s := undisturbed(newScenario().pod("web-1", end).pod("web-2", nil).pod("web-3", nil))
		s.request(request{stream: "short-reused", sent: 6250 * ms, took: 12 * ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF})
		rep := s.analyze(t)
		if got := strings.Contains(rep.Findings[0].Fix.Text, "start the program with exec"); got != want {
			t.Errorf("code %d: %s", code, rep.Findings[0].Fix.Text)
		}
	}
}
