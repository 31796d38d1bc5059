package experiment

import (
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
)

// Where others than the workload's pods answer, it is left alone, unless the check says
// that it is meant so.
func TestStrangersEndARunBeforeItChangesAnything(t *testing.T) {
	t.Parallel()
	const stopped = "in the baseline api-1 answered, and no pod of deployment/web, so nothing was done to it"
	for name, tt := range map[string]struct {
		pods    []string // that answer in turn
		service string   // that the check names
		says    string
	}{
		"others":                            {[]string{"api-1"}, "", stopped},
		"others, of a service that selects": {[]string{"api-1"}, "web", stopped},
		"others on purpose":                 {[]string{"api-1"}, "api", ""},
		"others and its own":                {[]string{"api-1", "web-h7-1"}, "", ""},
		"nobody that says who":              {[]string{""}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			turns := make(chan string, len(tt.pods))
			for _, pod := range tt.pods {
				turns <- pod
			}
			s := newScene(t, func(w http.ResponseWriter, _ *http.Request) {
				pod := <-turns
				turns <- pod
				w.Header().Set("X-Pod-Name", pod)
			})
			for _, app := range []string{"web", "api"} {
				if err := s.Client.Tracker().Add(&corev1.Service{
					ObjectMeta: metav1.ObjectMeta{Name: app, Namespace: fakecluster.Namespace},
					Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": app}},
				}); err != nil {
					t.Fatal(err)
				}
			}
			cfg := s.config(scaleToOne)
			cfg.Check.Target.Service = tt.service
			if got := s.stopped(t, cfg); (tt.says == "") != (got == "") || !strings.Contains(got, tt.says) {
				t.Errorf("it ends with %q, want %q", got, tt.says)
			}
		})
	}
}

// stopped carries out a check that scales, and gives why it ended after the baseline, with
// nothing done; empty if it came to its end.
func (s *scene) stopped(t *testing.T, cfg Config) string {
	t.Helper()
	before := s.Deployment()
	if err := Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	s.isAsBefore(t, before)
	r := s.recorded(t)
	if r.Ending.Error == "" {
		wantPhases(t, r, "baseline", "disrupt scale", "restored", "steady", "settle scale")
	} else {
		wantPhases(t, r, "baseline")
	}
	return r.Ending.Error
}

// A service that does not select the pods is warned of before the run, which goes on: a
// proxy may stand there.
func TestAServiceOfOthersIsWarnedOf(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	cfg := s.config(scaleToOne)
	s.nodePort(t, "api")
	var said strings.Builder
	cfg.Output = &said
	if err := Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	const want = "warning: requests go to service api, which does not select the pods of deployment/web: without answers that name one of these the run cannot pass\n"
	if said.String() != want {
		t.Errorf("it said %q, want %q", said.String(), want)
	}
	r := s.recorded(t)
	wantPhases(t, r, "baseline", "disrupt scale", "restored", "steady", "settle scale")
	if foreign := strings.Join(r.Header.Workload.ForeignServices, ","); foreign != "api" {
		t.Errorf("the recording names %s", foreign)
	}
}
