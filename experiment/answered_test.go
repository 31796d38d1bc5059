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

// A service that does not select the pods is warned of before anything is sent, unless the
// check says what is meant. Where answers name the pods of others, nothing is done to them.
func TestAServiceThatLeadsElsewhere(t *testing.T) {
	const (
		said = "warning: requests go to service api, which does not select the pods of deployment/web: without answers that name one of these the run cannot pass; want the URL of service web, or name in target.service (--service) the one that is meant\n"
	)
	for name, tt := range map[string]struct {
		pod, service, said, ends string
	}{
		"nobody says who answers":         {"", "", said, ""},
		"a proxy, by what answers name":   {"web-h7-1", "", said, ""},
		"a proxy, as the check has it":    {"", "web", "", ""},
		"others, as the check has it":     {"", "api", "", ""},
		"others that say who they are":    {"api-1", "", said, "in the baseline api-1 answered, and no pod of deployment/web"},
		"others, named as if they passed": {"api-1", "web", "", "in the baseline api-1 answered, and no pod of deployment/web"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, func(w http.ResponseWriter, _ *http.Request) {
				if tt.pod != "" {
					w.Header().Set("X-Pod-Name", tt.pod)
				}
			})
			s.nodePort(t, "api")
			if err := s.Client.Tracker().Add(&corev1.Service{
				ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: fakecluster.Namespace},
				Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "web"}},
			}); err != nil {
				t.Fatal(err)
			}
			var output strings.Builder
			cfg := s.config(scaleToOne)
			cfg.Check.Target.Service, cfg.Output = tt.service, &output
			if got := s.stopped(t, cfg); (tt.ends == "") != (got == "") || !strings.HasPrefix(got, tt.ends) {
				t.Errorf("it ends with %q, want %q", got, tt.ends)
			}
			if output.String() != tt.said {
				t.Errorf("it said %q, want %q", output.String(), tt.said)
			}
		})
	}
}
