package chaos

import (
	"testing"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// How many pods a rollout ends one after the other depends on the kind of workload.
func TestTurns(t *testing.T) {
	n, quarter := new(intstr.FromInt32(3)), new(intstr.FromString("25%"))
	for name, tt := range map[string]struct {
		kind check.WorkloadKind
		s    state
		want int32
	}{
		"a deployment":                 {check.Deployment, state{replicas: 10, maxUnavailable: n}, 1},
		"a stateful set":               {check.StatefulSet, state{replicas: 10}, 10},
		"with a partition":             {check.StatefulSet, state{replicas: 10, partition: 4}, 6},
		"several at once":              {check.StatefulSet, state{replicas: 10, maxUnavailable: n}, 4},
		"a share that is none":         {check.StatefulSet, state{replicas: 3, maxUnavailable: quarter}, 3},
		"a daemon set":                 {check.DaemonSet, state{replicas: 5, maxUnavailable: new(intstr.FromInt32(1))}, 5},
		"a daemon set, a share":        {check.DaemonSet, state{replicas: 5, maxUnavailable: quarter}, 3},
		"a daemon set that makes room": {check.DaemonSet, state{replicas: 5, maxSurge: new(intstr.FromInt32(1))}, 1},
	} {
		if got := tt.s.turns(tt.kind); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}
