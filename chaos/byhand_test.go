package chaos

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
)

// Whoever named a cluster by flags has to name it for these commands too.
func TestCommandsByHandNameTheCluster(t *testing.T) {
	byHand := ByHand{Program: "kubectl shutdowncheck", Flags: []string{"--context", "my cluster"}}
	for want, note := range map[string]string{
		"kubectl shutdowncheck restore deployment/web -n shop --context 'my cluster'":           `{"version":1,"run":"run-9","uid":"uid-web"}`,
		"kubectl annotate deployment/web -n shop shutdowncheck.io/undo- --context 'my cluster'": `{"version":2}`,
	} {
		c := newCluster(t, func(d *appsv1.Deployment) { d.Annotations[undoKey] = note })
		if _, err := Open(t.Context(), c.Client, namespace, web, present, byHand); err == nil || !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("got %v", err)
		}
	}
}
