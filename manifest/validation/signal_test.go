package validation

import (
	"fmt"
	"testing"
)

// What core/validation's validateStopSignal refuses where its gate is on, and drops where
// it is off, which is why the answers of a server do not show it.
func TestStopSignal(t *testing.T) {
	for _, test := range []struct {
		signal, os string
		refused    bool
	}{
		{"SIGTERM", "linux", false},
		{"SIGCLD", "linux", false},
		{"SIGRTMIN+15", "linux", false},
		{"SIGRTMAX-14", "linux", false},
		{"SIGRTMIN+16", "linux", true},
		{"SIGRTMAX-15", "linux", true},
		{"QUIT", "linux", true},
		{"sigterm", "linux", true},
		{"SIGINFO", "linux", true},
		{"3", "linux", true},
		{"", "linux", true},
		{"SIGTERM", "windows", false},
		{"SIGKILL", "windows", false},
		{"SIGHUP", "windows", true},
		{"TERM", "windows", true},
		{"QUIT", "", false},
	} {
		for _, list := range []string{"containers: [{name: app, image: app, %s}]", "containers: [{name: app, image: app}], initContainers: [{name: proxy, image: proxy, restartPolicy: Always, %s}]"} {
			os := ""
			if test.os != "" {
				os = ", os: {name: " + test.os + "}"
			}
			containers := fmt.Sprintf(list, fmt.Sprintf("lifecycle: {stopSignal: %q}", test.signal))
			a := parse(t, "deployment", "# a\n# accepted\n{spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {"+containers+os+"}}}}")
			got := Refused(a.object)
			if len(got) > 0 != test.refused || len(got) > 1 || test.refused && got[0].Gate != "ContainerStopSignals" {
				t.Errorf("%q, os %q: %+v", test.signal, test.os, got)
			}
		}
	}
}

// core/validation's validateService: ports are required but of a headless and of an
// ExternalName service.
func TestServiceWithoutPorts(t *testing.T) {
	for spec, refused := range map[string]bool{
		"selector: {app: web}":                                      true,
		"selector: {app: web}, ports: []":                           true,
		"selector: {app: web}, type: LoadBalancer":                  true,
		"selector: {app: web}, clusterIP: None":                     false,
		"selector: {app: web}, clusterIP: None, clusterIPs: [None]": false,
		"type: ExternalName, externalName: example.com":             false,
		"selector: {app: web}, ports: [{port: 80}]":                 false,
	} {
		got := Refused(parse(t, "service", "# a\n# accepted\n{spec: {"+spec+"}}").object)
		if len(got) > 0 != refused || refused && got[0].Field != "spec.ports" {
			t.Errorf("%s: %+v", spec, got)
		}
	}
}
