package analysis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A server that closes idle connections by itself loses requests at any time: those that it
// loses while a pod ends are laid to the end only if they are more than that brings about.
func TestKeptConnectionsThatCloseAnyhow(t *testing.T) {
	closed := func(at time.Duration, pod string) request {
		return request{stream: "short-reused", sent: at, took: ms, connPod: pod, served: 1, phase: recording.PhaseFirstByte, class: recording.ClassReset}
	}
	for name, tt := range map[string]struct {
		atEnd, without []time.Duration
		want           report.Cause
	}{
		"as the pod ends, and never else": {atEnd: []time.Duration{7 * second}, want: report.KeepaliveCut},
		"as the pod ends, and before":     {atEnd: []time.Duration{7 * second}, without: []time.Duration{3 * second}, want: report.Unknown},
		"as the pod ends, and after":      {atEnd: []time.Duration{7 * second}, without: []time.Duration{15 * second, 22 * second}, want: report.Unknown},
		"far more often as the pod ends":  {atEnd: []time.Duration{6500 * ms, 6700 * ms, 7 * second, 7200 * ms, 7500 * ms}, without: []time.Duration{20 * second}, want: report.KeepaliveCut},
	} {
		t.Run(name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", &death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 9260 * ms, gone: 10500 * ms, grace: 30 * second}).pod("web-2", nil).pod("web-3", nil))
			s.request(request{stream: "short-reused", sent: 9 * second, pod: "web-1", connPod: "web-1", served: 5})
			for _, at := range tt.atEnd {
				s.request(closed(at, "web-1"))
			}
			for _, at := range tt.without {
				s.request(closed(at, "web-2"))
			}
			rep := s.analyze(t)
			i := slices.IndexFunc(rep.Failures, func(f report.Failure) bool { return strings.HasPrefix(strings.Join(f.Pods, " "), "web-1") })
			got := report.Unknown
			if i >= 0 {
				got = rep.Failures[i].Cause
			}
			if got != tt.want {
				t.Errorf("%s, want %s\n%s", got, tt.want, summary(rep))
			}
		})
	}
}
