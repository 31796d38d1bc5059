package analysis

import (
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// What a pod has worked on for long, and answers with an error of its server's as it exits, it
// has not answered: its drain has a limit. An error that comes at once is another thing.
func TestErrorsByWhichADrainEnds(t *testing.T) {
	const exit = 9300 * ms
	for name, tt := range map[string]struct {
		sent time.Duration
		want string
	}{
		"in flight at SIGTERM":   {6100 * ms, "failed; 1 no-drain (likely) [web-1] at the exit"},
		"worked on for long":     {6400 * ms, "failed; 1 no-drain (likely) [web-1] at the exit"},
		"that had just come too": {9250 * ms, "failed; 1 errors-while-draining (certain) [web-1] at the exit"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", &death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: exit, gone: 10 * second, grace: 30 * second}).
				pod("web-2", nil).pod("web-3", nil)
			undisturbed(s).request(request{
				stream: "short-reused", sent: tt.sent, took: exit - tt.sent, connPod: "web-1", served: 2,
				phase: recording.PhaseDone, class: recording.ClassStatus, status: 500,
			})
			if got := summary(s.analyze(t)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}
