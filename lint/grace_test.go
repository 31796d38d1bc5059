package lint

import (
	"strings"
	"testing"
)

// A grace period of 0 may be meant of a program that no request is led to, as a node's agent
// that is to be replaced without a gap: it gets no patch, which --fix would write.
func TestGraceZeroIsPatchedWhereRequestsAreLed(t *testing.T) {
	whole := change(t, grace30, "terminationGracePeriodSeconds: 0", lifecycle, "")
	deployment, _, _ := strings.Cut(whole, "---")
	for name, tt := range map[string]struct {
		manifest, want string
		patched        bool
	}{
		"a service":         {whole, "error grace-zero", true},
		"a port alone":      {deployment, "warning grace-zero", true},
		"no port":           {strings.NewReplacer("        ports: [{name: http, containerPort: 8080}]\n", "", readiness, "").Replace(deployment), "note grace-zero", false},
		"a port of metrics": {strings.NewReplacer("{name: http,", "{name: metrics,", "port: http}", "port: metrics}").Replace(deployment), "note grace-zero", false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range Lint(read(t, tt.manifest)).Findings {
				if f.Rule != "grace-zero" {
					continue
				}
				if got := string(f.Severity) + " " + f.Rule; got != tt.want || (f.Patch != "") != tt.patched {
					t.Errorf("got %s with the patch %q, want %s", got, f.Patch, tt.want)
				}
				return
			}
			t.Error("no grace-zero")
		})
	}
}
