package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/internal/cputime"
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

// largeManifests are what projects publish, in the forms in which it may come, with so many
// applications each; what else is in them grows with these.
func largeManifests(n int) map[string]string {
	var apps, objects, lists []string
	for i := range n {
		name := fmt.Sprintf("app%d", i)
		text := strings.ReplaceAll(fmt.Sprintf(app, name), "*missing", "{app.kubernetes.io/name: "+name+"}")
		apps = append(apps, text)
		objects = append(objects, strings.Split(text, "---\n")...)
	}
	var items strings.Builder
	for _, o := range objects {
		items.WriteString("- " + strings.ReplaceAll(strings.TrimSuffix(o, "\n"), "\n", "\n  ") + "\n")
	}
	for range n / 5 {
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
	many := `{"apiVersion": "v1", "kind": "List", "items": [` + strings.Repeat(`{"apiVersion": "v1", "kind": "Service", "metadata": {"generateName": "a"}, "spec": {"ports": [{"port": 80}]}}, `, 250*n) + strings.TrimSuffix(strings.ReplaceAll(json, "\n", ","), ",") + "]}"
	together := strings.Join(apps, "---\n")
	return map[string]string{
		"documents":          together,
		"definitions first":  strings.Join(lists, "---\n") + "---\n" + together,
		"definitions amid":   strings.Join(slices.Concat(apps[:n/2], lists, apps[n/2:]), "---\n"),
		"a list":             "apiVersion: v1\nkind: List\nitems:\n" + items.String(),
		"JSON":               json,
		"a list in JSON":     `{"apiVersion": "v1", "kind": "List", "items": [` + strings.TrimSuffix(strings.ReplaceAll(json, "\n", ","), ",") + "]}",
		"a list of many":     many,
		"of Windows":         "\ufeff" + strings.ReplaceAll(together, "\n", "\r\n"),
		"Helm's output":      "---\n# Source: shop/templates/web.yaml\n" + strings.ReplaceAll(together, "---\n", "---\n# Source: shop/templates/web.yaml\n\n---\n"),
		"with a large map":   together + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: dashboards}\ndata:\n  a.json: |\n    {\"legend\": \"{{pod}}\"}\n" + strings.Repeat("    {\"expr\": \"sum(rate(x[5m]))\"}\n", 500*n),
		"many empty ones":    strings.Repeat("---\n# nothing\n", 500*n) + together,
		"with old namespace": strings.ReplaceAll(together, "namespace: shop", "namespace: default"),
	}
}

// mostGrowth is how often what the quarters of a manifest take, one after the other, may go into
// what the whole of it takes: what is read once takes as long, and what is read again for each of
// its objects four times as long. A large text by itself takes up to 1.9 times as long on a busy
// machine, as more of it is in nobody's cache.
const mostGrowth = 3

// Large manifests as projects publish them are read without a false alarm, in whatever form they
// come, and in a time that grows as they do. A clock would tell of the machine: what the
// processor needs for four quarters is the measure.
func TestLargeManifests(t *testing.T) {
	quarter := largeManifests(10)
	for name, text := range largeManifests(40) {
		t.Run(name, func(t *testing.T) {
			r := Lint(read(t, text))
			if len(r.Workloads) != 40 || len(r.Findings) > 0 || len(r.NotJudged) > 0 || len(r.Notes) > 0 {
				t.Errorf("%d workloads, %d findings, not judged %v, notes %q", len(r.Workloads), len(r.Findings), r.NotJudged, r.Notes)
				for _, f := range r.Findings[:min(3, len(r.Findings))] {
					t.Logf("%+v", f)
				}
			}
			quarters, err := cputime.Least(3, func() {
				for range 4 {
					Lint(read(t, quarter[name]))
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			whole, err := cputime.Least(3, func() { Lint(read(t, text)) })
			if err != nil {
				t.Fatal(err)
			}
			growth := whole.Seconds() / quarters.Seconds()
			t.Logf("%d kB take %.2f times the %v of four quarters", len(text)/1000, growth, quarters)
			if growth > mostGrowth {
				t.Errorf("%d kB take %.2f times what four quarters of them take, want %d at the most", len(text)/1000, growth, mostGrowth)
			}
		})
	}
}
