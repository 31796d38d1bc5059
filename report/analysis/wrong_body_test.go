package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// wrongBody is an answer with status 200 and another body than expected.
func wrongBody(sent time.Duration, pod string) request {
	return request{sent: sent, took: 2 * ms, pod: pod, phase: recording.PhaseDone, class: recording.ClassWrongBody, status: 200}
}

// An answer of another body than expected is an error that somebody answered with, whatever
// its status.
func TestAWrongBodyIsAnError(t *testing.T) {
	for name, tt := range map[string]struct {
		lost []request
		want string
	}{
		"of a pod that ends":                {[]request{wrongBody(6900*ms, "web-1")}, "failed; 1 errors-while-draining (certain) [web-1] between SIGTERM and exit"},
		"of a pod that goes on":             {[]request{wrongBody(6900*ms, "web-2")}, "failed; 1 unknown"},
		"long after the end":                {[]request{wrongBody(20*second, "web-2")}, "failed; 1 unknown"},
		"of nobody's, as an error would be": {[]request{wrongBody(6900*ms, "")}, "failed; 1 errors-while-draining (possible) [web-1] between SIGTERM and exit"},
	} {
		s := undisturbed(newScenario().pod("web-1", lingering(0)).pod("web-2", nil).pod("web-3", nil))
		for _, r := range tt.lost {
			s.request(r)
			s.samples[len(s.samples)-1].Error = "the answer's body is empty"
		}
		rep := s.analyze(t)
		if got := summary(rep); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s\n got %s\nwant %s", name, got, tt.want)
		}
		if evidence := strings.Join(rep.Findings[0].Evidence, "; "); !strings.Contains(evidence, "1 × status 200 with another body than expected (the answer's body is empty)") {
			t.Errorf("%s: %s", name, evidence)
		}
	}
}

// In the baseline it says of the service what an error there says.
func TestAWrongBodyInTheBaseline(t *testing.T) {
	s := sound().request(wrongBody(second, "web-2"))
	s.samples[len(s.samples)-1].Error = "the answer's body is empty"
	if got := strings.Join(s.analyze(t).Reasons, "; "); !strings.Contains(got, "in the baseline, before anything was done to it: the answer's body is empty") {
		t.Error(got)
	}
}
