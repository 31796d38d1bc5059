package patchtest

import (
	"fmt"
	"strings"
	"testing"
)

// Each patch that the API server refuses is told of, and the one beside it is not.
func TestApply(t *testing.T) {
	template := `"template":{"spec":{"terminationGracePeriodSeconds":10,
		"initContainers":[{"name":"mesh","image":"mesh","restartPolicy":"Always"}],
		"containers":[{"name":"app","image":"app","lifecycle":{"preStop":{"exec":{"command":["true"]}}},"livenessProbe":{"httpGet":{"port":80}}}]}}`
	object := func(spec string) []byte { return fmt.Appendf(nil, `{"spec":{%s%s}}`, spec, template) }
	recreate := object(`"strategy":{"type":"Recreate"},`)
	rolling := object(`"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":0}},`)
	ofEach := object(`"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":0,"maxUnavailable":1}},`)
	pod := func(change string) string { return `{"spec":{"template":{"spec":` + change + `}}}` }
	for _, tt := range []struct {
		kind   string
		object []byte
		patch  string
		wrong  string
	}{
		{"Deployment", recreate, `{"spec":{"strategy":{"rollingUpdate":{"maxSurge":1}}}}`, "rollingUpdate is there, and the strategy is Recreate"},
		{"Deployment", recreate, `{"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}}`, ""},
		{"Deployment", rolling, `{"spec":{"strategy":{"rollingUpdate":{"maxSurge":"0%"}}}}`, "are both 0"},
		{"DaemonSet", ofEach, `{"spec":{"updateStrategy":{"rollingUpdate":{"maxSurge":1}}}}`, "maxSurge is 1 and maxUnavailable 1"},
		{"DaemonSet", ofEach, `{"spec":{"updateStrategy":{"rollingUpdate":{"maxUnavailable":0}}}}`, "are both 0"},
		{"DaemonSet", ofEach, `{"spec":{"updateStrategy":{"rollingUpdate":{"maxUnavailable":0,"maxSurge":1}}}}`, ""},
		{"DaemonSet", ofEach, `{"spec":{"strategy":{"type":"OnDelete"}}}`, "unknown field"},
		{"StatefulSet", object(""), `{"spec":{"replicas":2}}`, ""},
		{"StatefulSet", object(""), `{"spec":{"strategy":{}}}`, "unknown field"},
		{"Deployment", rolling, pod(`{"containers":[{"name":"linkerd-proxy"}]}`), "linkerd-proxy: no image"},
		{"Deployment", rolling, pod(`{"containers":[{"name":"mesh","image":"x"}]}`), "name is mesh, as another container's"},
		{"Deployment", rolling, pod(`{"containers":[{"image":"x"}]}`), "name"},
		{"Deployment", rolling, pod(`{"initContainers":[{"name":"mesh","lifecycle":{"preStop":{"sleep":{"seconds":3}}}}]}`), ""},
		{"Deployment", rolling, pod(`{"containers":[{"name":"app","lifecycle":{"preStop":{"sleep":{"seconds":3}}}}]}`), "preStop has 2 handlers"},
		{"Deployment", rolling, pod(`{"containers":[{"name":"app","lifecycle":{"preStop":{"exec":null,"sleep":{"seconds":10}}}}]}`), ""},
		{"Deployment", rolling, pod(`{"containers":[{"name":"app","lifecycle":{"preStop":{"exec":null,"sleep":{"seconds":11}}}}]}`), "sleeps for 11 s"},
		{"Deployment", rolling, pod(`{"containers":[{"name":"app","livenessProbe":{"tcpSocket":{"port":80}}}]}`), "livenessProbe has 2 handlers"},
		{"Deployment", rolling, pod(`{"containers":[{"name":"app","livenessProbe":{"failureThreshold":3}}]}`), ""},
		{"PodDisruptionBudget", []byte(`{"spec":{"minAvailable":1}}`), `{"spec":{"maxUnavailable":1}}`, "are both set"},
		{"PodDisruptionBudget", []byte(`{"spec":{"minAvailable":1}}`), `{"spec":{"minAvailable":null,"maxUnavailable":1}}`, ""},
		{"Pod", nil, `{}`, "no such kind"},
	} {
		err := Apply(tt.kind, tt.object, tt.patch)
		if (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%s, %s: %v, want %q", tt.kind, tt.patch, err, tt.wrong)
		}
	}
}
