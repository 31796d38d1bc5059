package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// app is one of a large manifest's applications, without any fault.
const app = `apiVersion: v1
kind: ServiceAccount
metadata: {name: %[1]s, namespace: shop}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: %[1]s
  namespace: shop
  annotations: {summary: "{{ $labels.pod }} is down"}
data:
  rules.yaml: |
    groups:
    - name: {{ .Name }}
      rules: [{alert: Down, expr: up == 0}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s, namespace: shop, labels: &%[1]s {app.kubernetes.io/name: %[1]s, 2024: "on"}}
spec:
  replicas: 3
  selector: {matchLabels: *%[1]s}
  template:
    metadata: {labels: *%[1]s, annotations: {prometheus.io/scrape: "true"}}
    spec:
      terminationGracePeriodSeconds: 0x1e
      securityContext: {runAsNonRoot: yes, fsGroup: 0755}
      containers:
      - name: app
        image: registry.example/%[1]s:1
        env:
        - {name: FORMAT, value: "{{.Names}}"}
        - name: POD
          valueFrom: {fieldRef: {fieldPath: metadata.name}}
        ports: [{name: http, containerPort: 8080}]
        resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: "0.5", memory: 512Mi}}
        readinessProbe: {httpGet: {path: /ready, port: http}}
        lifecycle: {preStop: {sleep: {seconds: 5}}}
---
apiVersion: v1
kind: Service
metadata: {name: %[1]s, namespace: shop}
spec:
  selector: *missing
  ports: [{port: 80, targetPort: http}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: %[1]s, namespace: shop}
spec:
  maxUnavailable: 25%%
  selector: {matchLabels: {app.kubernetes.io/name: %[1]s}}
`

// definition is a CustomResourceDefinition whose schema has what pods have.
func definition(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: %s.example.com}\nspec:\n  versions:\n  - name: v1\n    schema:\n      openAPIV3Schema:\n        properties:\n          spec:\n            properties:\n", name)
	for i := range 400 {
		fmt.Fprintf(&b, "              field%d:\n                description: |-\n                  A description, as long as they are: {{ its braces are meant }}.\n                type: string\n", i)
	}
	b.WriteString("              containers:\n                items: {properties: {image: {type: string}, lifecycle: {type: object}}}\n                type: array\n")
	return b.String()
}

// Large manifests as projects publish them are read in a moment and without a
// false alarm, in whatever form they come.
func TestLargeManifests(t *testing.T) {
	var apps, objects, lists []string
	for i := range 40 {
		name := fmt.Sprintf("app%d", i)
		text := strings.ReplaceAll(fmt.Sprintf(app, name), "*missing", "{app.kubernetes.io/name: "+name+"}")
		apps = append(apps, text)
		objects = append(objects, strings.Split(text, "---\n")...)
	}
	var items strings.Builder
	for _, o := range objects {
		items.WriteString("- " + strings.ReplaceAll(strings.TrimSuffix(o, "\n"), "\n", "\n  ") + "\n")
	}
	for range 10 {
		lists = append(lists, definition("caches"))
	}
	json := func() string {
		var b strings.Builder
		for _, text := range objects {
			for d := range documents([]byte(text)) {
				b.Write(d.json)
				b.WriteString("\n")
			}
		}
		return b.String()
	}()
	// A List of many, as kubectl get prints it, holds other kinds too.
	many := `{"apiVersion": "v1", "kind": "List", "items": [` + strings.Repeat(`{"apiVersion": "v1", "kind": "Service", "metadata": {"generateName": "a"}, "spec": {"ports": [{"port": 80}]}}, `, 10000) + strings.TrimSuffix(strings.ReplaceAll(json, "\n", ","), ",") + "]}"
	together := strings.Join(apps, "---\n")
	for name, text := range map[string]string{
		"documents":          together,
		"definitions first":  strings.Join(lists, "---\n") + "---\n" + together,
		"definitions amid":   strings.Join(slices.Concat(apps[:20], lists, apps[20:]), "---\n"),
		"a list":             "apiVersion: v1\nkind: List\nitems:\n" + items.String(),
		"JSON":               json,
		"a list in JSON":     `{"apiVersion": "v1", "kind": "List", "items": [` + strings.TrimSuffix(strings.ReplaceAll(json, "\n", ","), ",") + "]}",
		"a list of many":     many,
		"of Windows":         "\ufeff" + strings.ReplaceAll(together, "\n", "\r\n"),
		"Helm's output":      "---\n# Source: shop/templates/web.yaml\n" + strings.ReplaceAll(together, "---\n", "---\n# Source: shop/templates/web.yaml\n\n---\n"),
		"with a large map":   together + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: dashboards}\ndata:\n  a.json: |\n    {\"legend\": \"{{pod}}\"}\n" + strings.Repeat("    {\"expr\": \"sum(rate(x[5m]))\"}\n", 20000),
		"many empty ones":    strings.Repeat("---\n# nothing\n", 20000) + together,
		"with old namespace": strings.ReplaceAll(together, "namespace: shop", "namespace: default"),
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			r := Lint(read(t, text))
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("%d kB took %s", len(text)/1000, took)
			}
			if len(r.Workloads) != 40 || len(r.Findings) > 0 || len(r.NotJudged) > 0 || len(r.Notes) > 0 {
				t.Errorf("%d workloads, %d findings, not judged %v, notes %q", len(r.Workloads), len(r.Findings), r.NotJudged, r.Notes)
				for _, f := range r.Findings[:min(3, len(r.Findings))] {
					t.Logf("%+v", f)
				}
			}
		})
	}
}
