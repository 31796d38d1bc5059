package patch

import "testing"

func TestPatches(t *testing.T) {
	slow := Object{"terminationGracePeriodSeconds": 35}
	Main.Container(slow, "app", Sleep(5, "exec"))
	patient := Object{}
	Main.Container(patient, "app", Object{"livenessProbe": Object{"periodSeconds": 10}})
	both := Object{}
	Init.Container(both, "proxy", Sleep(5))
	Init.Container(both, "log", Sleep(6))
	for want, got := range map[string]string{
		`{"spec":{"replicas":2}}`: JSON(Object{"spec": Object{"replicas": 2}}),
		`{"spec":{"template":{"spec":{"containers":[{"livenessProbe":{"periodSeconds":10},"name":"app"}]}}}}`:                                                                                 PodSpec(patient),
		`{"spec":{"template":{"spec":{"initContainers":[{"lifecycle":{"preStop":{"sleep":{"seconds":5}}},"name":"proxy"},{"lifecycle":{"preStop":{"sleep":{"seconds":6}}},"name":"log"}]}}}}`: PodSpec(both),
		`{"spec":{"template":{"spec":{"containers":[{"lifecycle":{"preStop":{"exec":null,"sleep":{"seconds":5}}},"name":"app"}],"terminationGracePeriodSeconds":35}}}}`:                       PodSpec(slow),
	} {
		if got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}
