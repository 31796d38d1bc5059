package attack

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// A stream knows whether it has had nothing but redirects.
func TestCountsTellOfRedirectsAlone(t *testing.T) {
	t.Parallel()
	status, pod := http.StatusOK, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Pod", pod)
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	for name, tt := range map[string]struct {
		statuses []int
		pod      string
		want     bool
	}{
		"nothing":              {nil, "", false},
		"redirects":            {[]int{http.StatusFound, http.StatusPermanentRedirect}, "", true},
		"an answer among them": {[]int{http.StatusFound, http.StatusOK, http.StatusFound}, "", false},
		"a pod's":              {[]int{http.StatusFound}, "web-1", false},
		"failures alone":       {[]int{http.StatusBadGateway}, "", false},
		"and a failure":        {[]int{http.StatusFound, http.StatusBadGateway}, "", true},
	} {
		sink := &samples{}
		s := stream(t, server.URL, sink, nil)
		pod = tt.pod
		for _, status = range tt.statuses {
			send(t, s, sink, 1)
		}
		if got := s.Counts().Redirected; got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
