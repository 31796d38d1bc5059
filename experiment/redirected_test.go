package experiment

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
)

// Where nothing but redirects comes that somebody else may have made, the workload is left
// alone.
func TestRedirectsEndARunBeforeItChangesAnything(t *testing.T) {
	t.Parallel()
	const stopped = "all answers of the baseline were redirects that name no pod, so nothing was done to deployment/web"
	redirect := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+r.Host, http.StatusPermanentRedirect)
	}
	for name, tt := range map[string]struct {
		service http.HandlerFunc
		change  func(*testing.T, *scene, *check.Check)
		says    string
	}{
		"all of them": {redirect, nil, stopped},
		"but one stream's": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/healthz" {
				redirect(w, r)
			}
		}, func(_ *testing.T, s *scene, c *check.Check) {
			other := c.Streams[0]
			other.Name, other.URL = "other", s.url+"/healthz"
			c.Streams = append(c.Streams, other)
		}, ""},
		"that name a pod": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Pod-Name", "web-h7-1")
			redirect(w, r)
		}, nil, ""},
		"that the check expects": {redirect, func(_ *testing.T, _ *scene, c *check.Check) {
			c.Streams[0].ExpectStatus = []int{http.StatusPermanentRedirect}
		}, ""},
		"of a URL that leads straight to the pods": {redirect, func(t *testing.T, s *scene, _ *check.Check) {
			s.nodePort(t, "web")
		}, ""},
		"of a node port of others": {redirect, func(t *testing.T, s *scene, _ *check.Check) {
			s.nodePort(t, "api")
		}, stopped},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, tt.service)
			cfg := s.config(scaleToOne)
			if tt.change != nil {
				tt.change(t, s, &cfg.Check)
			}
			if got := s.stopped(t, cfg); got != tt.says {
				t.Errorf("it ends with %q, want %q", got, tt.says)
			}
		})
	}
}

// nodePort makes the scene's URL the node port of a service that selects pods of an app.
func (s *scene) nodePort(t *testing.T, app string) {
	t.Helper()
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.ParseInt(u.Port(), 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Client.Tracker().Add(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: app, Namespace: fakecluster.Namespace},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": app}, Ports: []corev1.ServicePort{{Port: 80, NodePort: int32(port)}}},
	}); err != nil {
		t.Fatal(err)
	}
}
