package patch

import "testing"

func TestPatches(t *testing.T) {
	slow := PreStopSleep("app", 5, "exec")
	slow["terminationGracePeriodSeconds"] = 35
	for want, got := range map[string]string{
		`{"spec":{"replicas":2}}`: JSON(Object{"spec": Object{"replicas": 2}}),
		`{"spec":{"template":{"spec":{"containers":[{"livenessProbe":{"periodSeconds":10},"name":"app"}]}}}}`:                                                           Container("app", Object{"livenessProbe": Object{"periodSeconds": 10}}),
		`{"spec":{"template":{"spec":{"containers":[{"lifecycle":{"preStop":{"exec":null,"sleep":{"seconds":5}}},"name":"app"}],"terminationGracePeriodSeconds":35}}}}`: PodSpec(slow),
	} {
		if got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}
