package analysis

import (
	"cmp"
	"maps"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A server that closes idle connections by itself loses requests at any time: those that it
// loses while a pod ends are laid to the end only if they are more than that brings about.
func TestKeptConnectionsThatCloseAnyhow(t *testing.T) {
	closed := func(at time.Duration, pod string, took time.Duration) request {
		return request{stream: "short-reused", sent: at, took: cmp.Or(took, ms), connPod: pod, served: 1, phase: recording.PhaseFirstByte, class: recording.ClassReset}
	}
	seconds := func(at ...float64) (all []time.Duration) {
		for _, s := range at {
			all = append(all, time.Duration(s*float64(second)))
		}
		return all
	}
	for name, tt := range map[string]struct {
		atEnd, without []time.Duration
		unnamed        bool
		took           time.Duration // of those without an end; 1 ms if 0
		want           report.Cause
	}{
		"as the pod ends, and never else":        {atEnd: seconds(7), want: report.KeepaliveCut},
		"as the pod ends, and before":            {atEnd: seconds(7), without: seconds(2, 3), want: report.Unknown},
		"as the pod ends, and after":             {atEnd: seconds(7), without: seconds(15, 22), want: report.Unknown},
		"news of which came late":                {atEnd: seconds(7), without: seconds(15, 22), took: 140 * ms, want: report.Unknown},
		"while it drains, and after":             {atEnd: seconds(8), without: seconds(15, 22), want: report.Unknown},
		"as it is told to stop, and once after":  {atEnd: seconds(6.3, 6.4, 6.5), without: seconds(20), want: report.KeepaliveCut},
		"far more often as the pod ends":         {atEnd: seconds(6.5, 6.7, 7, 7.2, 7.5, 7.9, 8.3), without: seconds(20), want: report.KeepaliveCut},
		"far more often, and no answer is named": {atEnd: seconds(6.4, 6.5, 6.7, 7, 7.2), without: seconds(20), unnamed: true, want: report.KeepaliveCut},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", &death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 9260 * ms, gone: 10500 * ms, grace: 30 * second}).pod("web-2", nil).pod("web-3", nil)
			ending, other := "web-1", "web-2"
			if tt.unnamed {
				ending, other = "", ""
				s.unnamed(0, 30*second).steady(12 * second)
			} else {
				undisturbed(s).request(request{stream: "short-reused", sent: 9 * second, pod: "web-1", connPod: "web-1", served: 5})
			}
			for _, at := range tt.atEnd {
				s.request(closed(at, ending, 0))
			}
			for _, at := range tt.without {
				s.request(closed(at, other, tt.took))
			}
			rep := s.analyze(t)
			failed := map[report.Cause]int{}
			for _, f := range rep.Findings {
				failed[f.Cause] += f.Failed
			}
			want := map[report.Cause]int{report.Unknown: len(tt.without)}
			want[tt.want] += len(tt.atEnd)
			if want[report.Unknown] == 0 {
				delete(want, report.Unknown)
			}
			if !maps.Equal(failed, want) {
				t.Errorf("%v, want %v\n%s", failed, want, summary(rep))
			}
		})
	}
}
