package lint

import (
	"strings"
	"testing"
)

// What was built has the lines of what it was made of, whatever was changed.
func TestLinesOfWhatWasBuilt(t *testing.T) {
	text := "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n---\n" + strings.SplitAfter(change(t, "replicas: 3", "replicas: 1"), "---\n")[0] +
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: webhook}\n"
	object := func(containers string) string {
		return `{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "production-web", "namespace": "shop"}, "spec": {"replicas": 1, "strategy": {"type": "Recreate"}, "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [` + containers + `]}}}}`
	}
	const app = `{"name": "app", "image": "app", "ports": [{"containerPort": 80}], "readinessProbe": {"tcpSocket": {"port": 80}}, "lifecycle": {"preStop": {"sleep": {"seconds": 1}}}}`
	for name, test := range map[string]struct {
		containers, file, text, field string
		line                          int
	}{
		"as it is":                   {app, "web.yaml", text, "spec.template.spec.containers[0].lifecycle.preStop", 20},
		"behind another container":   {`{"name": "log", "image": "log"}, ` + app, "web.yaml", text, "spec.template.spec.containers[1].lifecycle.preStop", 20},
		"a container that is new":    {strings.Replace(app, `"app"`, `"new"`, 1), "web.yaml", text, "spec.template.spec.containers[0].lifecycle.preStop", 15},
		"a field that is new":        {app, "web.yaml", text, "spec.strategy.type", 8},
		"of a file with a mistake":   {app, "web.yaml", "a: [\n---\n" + text, "spec.template.spec.containers[0].lifecycle.preStop", 22},
		"of a List":                  {app, "web.yaml", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: web}\n  spec: {template: {}}\n", "spec.strategy.type", 7},
		"of no file that has it":     {app, "kustomization.yaml", "kind: Kustomization\n", "spec.strategy.type", 1},
		"of a file that is not text": {app, "web.yaml", "\x00", "spec.strategy.type", 1},
	} {
		t.Run(name, func(t *testing.T) {
			var o Objects
			if err := o.ReadBuilt(Built{JSON: []byte(object(test.containers)), File: test.file, Text: []byte(test.text)}, ""); err != nil {
				t.Fatal(err)
			}
			source := o.Deployments[0].Source
			if got := source.line(test.field); got != test.line || source.File != test.file {
				t.Errorf("got %s:%d, want %s:%d", source.File, got, test.file, test.line)
			}
		})
	}
	err := new(Objects).ReadBuilt(Built{JSON: []byte(strings.Replace(object(app), `"replicas": 1`, `"replicas": "many"`, 1)), File: "web.yaml", Text: []byte(text)}, "")
	if err == nil || err.Error() != `web.yaml:9: spec.replicas: "many"; want a whole number` {
		t.Errorf("got %v", err)
	}
}
