package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// whole is the least Deployment that is not a part of one.
const whole = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: app}]}}}\n"

func TestReadSays(t *testing.T) {
	template := "looks like a Helm or Go template: render it first"
	for text, want := range map[string]string{
		"a: 1\n":      "web.yaml:1: kind: missing; want a Kubernetes object with apiVersion and kind",
		"kind: Pod\n": "web.yaml:1: apiVersion: missing; want a Kubernetes object with apiVersion and kind",
		"kind: ConfigMap\napiVersion: v1\n---\nb: [1\n": "web.yaml:4: YAML: ",
		"# one\n- 1\n":           "web.yaml:2: no Kubernetes object",
		"apiVersion: 1\n---\n":   "web.yaml:1: apiVersion: 1; want a text (in quotes, if it looks like a number or a yes)",
		"\n\nkind: [1]\n":        "web.yaml:3: kind: a list; want a text",
		"--- {a: b}\n":           `web.yaml:1: "{a: b}" behind ---; want a line of its own`,
		"a\x00p":                 "web.yaml: no text; want YAML or JSON in UTF-8, or in UTF-16 with a byte order mark",
		"a: 1\n\tb: 2\n":         "web.yaml:2: YAML: found a tab character that violates indentation",
		"a: &a [*a]\n":           "web.yaml:1: YAML: anchor 'a' value contains itself",
		"a: *b\n":                "web.yaml:1: YAML: unknown anchor 'b' referenced",
		"{\"a\": 1,\n \"b\": [}": "web.yaml:2: JSON: invalid character '}' looking for beginning of value",
		"\n\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: many}\n":                                                        "web.yaml:6: spec.replicas: \"many\"; want a whole number",
		strings.Replace(whole, "image: app", "image: app, ports: [{containerPort: '80'}]", 1):                                                               "web.yaml:4: spec.template.spec.containers[0].ports[0].containerPort: \"80\"; want a whole number",
		strings.Replace(whole, "containers: [{name: app, image: app}]", "containers: [{name: a, image: a, tty: yes},\n {name: b, image: b,\n  tty: 1}]", 1): "web.yaml:6: spec.template.spec.containers[1].tty: 1; want true or false",
		"apiVersion: v1\nkind: Service\n": "web.yaml:1: metadata.name: missing; want a name",
		"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap}\n- {apiVersion: v1, kind: Service}\n": "web.yaml:5: metadata.name: missing",
		"apiVersion: v1\nkind: List\nitems:\n- null\n":                                                                 "web.yaml:4: no Kubernetes object",
		"apiVersion: v1\nkind: List\nitems:\n- {kind: Service}\n":                                                      "web.yaml:4: apiVersion: missing",

		"apiVersion: v1\nkind: List\nitems:\n":                                            "web.yaml:3: items: missing; want a list of objects, [] where there are none",
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {version: 1.10}}\n": "web.yaml:3: metadata.labels.version: 1.1; want a text",
		"apiVersion: v1\nkind: ConfigMap\nmetadata: [a]\n":                                "web.yaml:3: metadata: a list; want a mapping",
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}}\n":                   "web.yaml:3: metadata.name: missing; want a name",
		strings.Replace(whole, "{name: web}", "{name: web/a}", 1):                         `web.yaml:3: metadata.name: "web/a"; it may not contain '/'`,

		"apiVersion: apps/v1\nkind: deployment\n": `web.yaml:2: kind: "deployment"; want Deployment`,
		"apiVersion: v1\nkind: Deployment\n":      `web.yaml:1: apiVersion: "v1"; want apps/v1 for a Deployment`,
		"kind: Service\napiVersion: apps/v1\n":    `web.yaml:2: apiVersion: "apps/v1"; want v1 for a Service`,

		"{\"a\": 1,\n \"b\": [\n":                  "web.yaml:2: JSON: unexpected EOF",
		"data:\n  a: |\n    {{ range }}\n  b: [\n": "web.yaml:4: YAML: did not find expected node content",
		"data:\n  a: |\n    b\n{{ range }}\n":      "web.yaml:4: " + template,

		"kind: {{ .Values.kind }}\n":                                                                                                "web.yaml:1: " + template,
		"{{- if .Values.web }}\n" + whole + "{{- end }}\n":                                                                          "web.yaml:1: " + template,
		"# a comment: {{ .Values.a }}\na: [\n":                                                                                      "web.yaml:2: YAML: did not find expected node content",
		strings.Replace(whole, "{name: web}", "\n  name: web-{{ .Release.Name }}", 1):                                               "web.yaml:1: " + template,
		strings.Replace(whole, "image: app", "image: '{{ .Values.image }}:1'", 1):                                                   "web.yaml:1: " + template,
		strings.Replace(whole, "spec: {t", "spec: {replicas: '{{ .Values.n }}', t", 1):                                              "web.yaml:1: " + template,
		"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {app: '{{ .Release.Name }}'}, ports: [{port: 80}]}\n": "web.yaml:1: " + template,
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {a: '{{ .b }}'}}\n":                                           "web.yaml:1: " + template,

		strings.Replace(whole, "spec: {template", "Spec: {template", 1):                                                     "web.yaml:4: Spec: no such field there. Write spec.",
		strings.Replace(whole, "spec: {containers: [{name: app, image: app}]}", "containers: [{name: app, image: app}]", 1): "web.yaml:4: spec.template.containers: no such field there. Move it to spec.template.spec.containers.",
		"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a-{{ .Release.Name }}\n":                                       "web.yaml:1: " + template,
	} {
		err := new(Objects).Read(strings.NewReader(text), "web.yaml", "")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// All that is wrong is told, and the rest is read.
func TestReadGoesOn(t *testing.T) {
	text := "a: [\n---\n" + whole + "---\nb: 1\n---\n" + strings.Replace(whole, "name: web", "name: api", 1)
	var o Objects
	err := o.Read(strings.NewReader(text), "web.yaml", "")
	if err == nil || err.Error() != "web.yaml:1: YAML: did not find expected node content\nweb.yaml:8: kind: missing; want a Kubernetes object with apiVersion and kind" {
		t.Errorf("got %v", err)
	}
	if len(o.Deployments) != 2 || o.Deployments[1].Value.Name != "api" || o.Deployments[1].Source.line("spec") != 13 {
		t.Errorf("got %+v", o.Deployments)
	}
}

func TestReadTakes(t *testing.T) {
	object := `{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "app"}]}}}}`
	for name, text := range map[string]string{
		"after comments":      "---\n# nothing\n---\napiVersion: example.com/v1\nkind: Deployment\n---\n" + whole,
		"in a list":           "---\n" + `{"apiVersion": "v1", "kind": "List", "items": [` + object + `]}`,
		"in a list's list":    `{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "List", "items": [` + object + `]}]}`,
		"in a typed list":     "apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata: {name: web}\n  spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: app}]}}}\n",
		"JSON after JSON":     `{"apiVersion": "v1", "kind": "Secret"}` + object,
		"YAML after JSON":     `{"apiVersion": "v1", "kind": "Secret"}` + "\n---\n" + whole,
		"UTF-8 with a mark":   "\ufeff" + whole,
		"JSON with a mark":    "\ufeff" + object,
		"UTF-16":              "\xff\xfe" + strings.Join(strings.Split(whole, ""), "\x00") + "\x00",
		"CRLF":                strings.ReplaceAll("# a\n---\n"+whole+"---\n", "\n", "\r\n"),
		"a comment behind":    "--- # the first\n" + whole,
		"an end":              whole + "...\n",
		"a YAML 1.1 boolean":  strings.Replace(whole, "spec: {t", "spec: {paused: off, t", 1),
		"an octal number":     strings.Replace(whole, "spec: {t", "spec: {replicas: 010, t", 1),
		"a whole fraction":    strings.Replace(whole, "spec: {t", "spec: {replicas: 3.0, t", 1),
		"a whole JSON number": strings.Replace(object, `"spec": {`, `"spec": {"replicas": 3e0, `, 1),
		"a JSON key twice":    strings.Replace(object, `"spec": {`, `"spec": {"replicas": 5}, "spec": {`, 1),
		"a kubeadm's file":    "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n---\n" + whole,
		"keys of all kinds":   strings.Replace(whole, "{name: web}", "{name: web, labels: {2024: a, true: b, 1.5: c}}", 1),
		"a trailing comma":    strings.Replace(object, `"web"}`, `"web",}`, 1),
		"braces in arguments": strings.Replace(whole, "image: app", "image: app, args: ['{{.ID}}'], env: [{name: A, value: '{{b}}'}]", 1),
		"braces in a text":    strings.Replace(whole, "{name: web}", "{name: web, annotations: {alert: '{{ $labels.pod }}'}}", 1),
		"no name yet":         strings.Replace(whole, "name: web", "generateName: web", 1),
		"an alert":            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: |\n    {{ range .Alerts }}\n    {{ end }}\n  b: \"{{ $labels }}\"\n---\n" + whole,
	} {
		t.Run(name, func(t *testing.T) {
			o := read(t, text)
			if len(o.Deployments) != 1 || o.Deployments[0].Value.Name != "web" || o.Empty() {
				t.Fatalf("got %+v", o)
			}
			if n := o.Deployments[0].Value.Spec.Replicas; name == "an octal number" && *n != 8 {
				t.Errorf("got %d replicas", *n)
			} else if name == "a JSON key twice" && n != nil {
				t.Errorf("got %d replicas of the key that does not count", *n)
			}
		})
	}
	if !read(t, "apiVersion: v1\nkind: Secret\n").Empty() {
		t.Error("a Secret is taken for a workload")
	}
}

// What the rules about writing say, with the line.
func TestWritten(t *testing.T) {
	container := "      - name: app\n"
	for name, test := range map[string]struct {
		changes []string
		more    string
		// want are the findings' "severity rule field:line", and what the fix says.
		want []string
		fix  string
	}{
		"nothing": {},
		"a misplaced hook": {
			changes: []string{lifecycle, "", "      containers:\n", "      " + preStop5 + "\n      containers:\n"},
			want:    []string{"warning unknown-field spec.template.spec.lifecycle:11"}, fix: "Move it to spec.template.spec.containers[].lifecycle.",
		},
		"a misplaced grace": {
			changes: []string{"    spec:\n      " + grace30 + "\n", "    " + grace30 + "\n    spec:\n"},
			want:    []string{"warning unknown-field spec.template.terminationGracePeriodSeconds:9"}, fix: "Move it to spec.template.spec.terminationGracePeriodSeconds.",
		},
		"a misplaced maxUnavailable": {
			changes: []string{replicas3, strategy("maxUnavailable: 3")},
			want:    []string{"warning unknown-field spec.strategy.maxUnavailable:6"}, fix: "Move it to spec.strategy.rollingUpdate.maxUnavailable.",
		},
		"a probe of a wrong case": {
			changes: []string{"readinessProbe", "readinessprobe"},
			want:    []string{"warning unknown-field spec.template.spec.containers[0].readinessprobe:15"}, fix: "Write readinessProbe.",
		},
		"a misspelt probe":      {changes: []string{"readinessProbe", "readynessProbe"}, want: []string{"warning unknown-field spec.template.spec.containers[0].readynessProbe:15"}, fix: "Write readinessProbe."},
		"half a name":           {changes: []string{grace30, "terminationGracePeriod: 30"}, want: []string{"warning unknown-field spec.template.spec.terminationGracePeriod:10"}, fix: "Write terminationGracePeriodSeconds."},
		"misspelt below a hook": {changes: []string{"seconds: 5", "secs: 5"}, want: []string{"note unknown-field spec.template.spec.containers[0].lifecycle.preStop.sleep.secs:16"}, fix: "Take it out, unless a newer version knows it."},
		"another spelling":      {changes: []string{replicas3, "  replica: 3\n"}, want: []string{"warning unknown-field spec.replica:5"}, fix: "Write replicas."},
		"a hook's action":       {changes: []string{preStop5, "lifecycle: {sleep: {seconds: 5}}"}, want: []string{"warning unknown-field spec.template.spec.containers[0].lifecycle.sleep:16"}, fix: "Move it to spec.template.spec.containers[].lifecycle.preStop.sleep."},
		"a hook alone":          {changes: []string{preStop5, "preStop: {sleep: {seconds: 5}}"}, want: []string{"warning unknown-field spec.template.spec.containers[0].preStop:16"}, fix: "Move it to spec.template.spec.containers[].lifecycle.preStop."},
		"a timeout too deep":    {changes: []string{"port: http}}", "port: http, timeoutSeconds: 5}}"}, want: []string{"warning unknown-field spec.template.spec.containers[0].readinessProbe.httpGet.timeoutSeconds:15"}, fix: "Move it to spec.template.spec.containers[].readinessProbe.timeoutSeconds."},
		"a probe's path":        {changes: []string{"httpGet: {path: /ready, port: http}", "path: /ready, tcpSocket: {port: 8080}"}, want: []string{"warning unknown-field spec.template.spec.containers[0].readinessProbe.path:15"}, fix: "Move it to spec.template.spec.containers[].readinessProbe.httpGet.path."},
		"grace in a container":  {changes: []string{container, container + "        " + grace30 + "\n"}, want: []string{"warning unknown-field spec.template.spec.containers[0].terminationGracePeriodSeconds:13"}, fix: "Move it to spec.template.spec.terminationGracePeriodSeconds."},
		"a StatefulSet's":       {changes: []string{"kind: Deployment", "kind: StatefulSet", replicas3, replicas3 + "  strategy: {type: RollingUpdate}\n"}, want: []string{"warning unknown-field spec.strategy:6"}, fix: "Write updateStrategy."},
		"ports of the pod":      {changes: []string{"      containers:\n", "      ports: []\n      containers:\n"}, want: []string{"note unknown-field spec.template.spec.ports:11"}, fix: "Move it to spec.template.spec.containers[].ports."},
		"a name of the pod":     {changes: []string{"      containers:\n", "      name: web\n      containers:\n"}, want: []string{"note unknown-field spec.template.spec.name:11"}, fix: "Take it out, unless a newer version knows it."},
		"a status":              {more: "---\napiVersion: v1\nkind: Service\nmetadata: {name: other, namespace: shop}\nspec: {ports: [{port: 80}]}\nstatus: {newer: yes}\n"},
		"of no weight":          {changes: []string{container, container + "        imagePullPolice: Always\n"}, want: []string{"note unknown-field spec.template.spec.containers[0].imagePullPolice:13"}, fix: "Write imagePullPolicy."},
		"nobody's":              {changes: []string{container, container + "        flavour.io/x: sweet\n"}, want: []string{"note unknown-field spec.template.spec.containers[0].flavour.io/x:13"}, fix: "Take it out, unless a newer version knows it."},
		"a budget's label":      {changes: []string{budget1 + "  selector: {matchLabels: {app: web}}", budget1 + "  selector: {app: web}"}, want: []string{"warning unknown-field spec.selector.app:30"}, fix: "Move it to spec.selector.matchLabels."},
		"a budget's long label": {changes: []string{budget1 + "  selector: {matchLabels: {app: web}}", budget1 + "  selector: {app.kubernetes.io/name: web}"}, want: []string{"warning unknown-field spec.selector.app.kubernetes.io/name:30"}, fix: "Move it to spec.selector.matchLabels."},
		"a budget's misspelt":   {changes: []string{budget1 + "  selector: {matchLabels: {app: web}}", budget1 + "  selector: {matchLables: {app: web}}"}, want: []string{"warning unknown-field spec.selector.matchLables:30"}, fix: "Write matchLabels."},
		"a spread's label":      {changes: []string{grace30, grace30 + "\n      topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {app: web}}]"}, want: []string{"note unknown-field spec.template.spec.topologySpreadConstraints[0].labelSelector.app:11"}, fix: "Move it to spec.template.spec.topologySpreadConstraints[].labelSelector.matchLabels."},
		"in a service":          {changes: []string{service, service + "  publishNotReadyAdresses: true\n"}, want: []string{"warning unknown-field spec.publishNotReadyAdresses:23"}, fix: "Write publishNotReadyAddresses."},
		"in a budget":           {changes: []string{budget1, budget1 + "  minAvaliable: 1\n"}, want: []string{"warning unknown-field spec.minAvaliable:30"}, fix: "Write minAvailable."},
		"annotations are free":  {changes: []string{"metadata: {name: web, namespace: shop}", "metadata: {name: web, namespace: shop, annotations: {readinessprobe: a}}"}},
		"of the other version":  {more: "---\napiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: web, namespace: shop}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 2, maxReplicas: 9, targetCPUUtilizationPercentage: 80}\n"},

		"twice":               {changes: []string{replicas3, "  replicas: 4\n" + replicas3}, want: []string{"warning double-field spec.replicas:6"}, fix: "Keep one of the two."},
		"twice alike":         {changes: []string{replicas3, replicas3 + replicas3}, want: []string{"note double-field spec.replicas:6"}},
		"labels twice":        {changes: []string{"metadata: {name: web, namespace: shop}", "metadata: {name: web, namespace: shop, labels: {a: b}, labels: {c: d}}"}, want: []string{"note double-field metadata.labels:3"}},
		"ports twice":         {changes: []string{image, image + "        ports: []\n"}, want: []string{"warning double-field spec.template.spec.containers[0].ports:15"}},
		"in other kinds":      {more: "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\nspec: {a: 1}\nspec: {a: 2}\n", want: []string{"note double-field spec:36"}},
		"merged keys":         {changes: []string{container, "      - <<: {name: other, image: other}\n        name: app\n"}},
		"an old budget":       {more: "---\napiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: other, namespace: shop}\nspec: {maxUnavailable: 1, selector: {matchLabels: {app: other}}}\n", want: []string{"error removed-api apiVersion:32"}, fix: "Use policy/v1."},
		"two services":        {more: "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}\n", want: []string{"note same-object metadata.name:34"}},
		"routes of two kinds": {more: "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: web, namespace: shop}\nspec: {}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: web, namespace: shop}\nspec: {}\n"},
		"two elsewhere":       {more: "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: other}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			fix := ""
			for _, f := range Lint(read(t, change(t, test.changes...)+test.more)).Findings {
				if !slices.ContainsFunc(writingRules, func(r rule) bool { return r.id == f.Rule }) {
					continue
				}
				got = append(got, fmt.Sprintf("%s %s %s:%d", f.Severity, f.Rule, f.Place.Field, f.Place.Line))
				fix = f.Fix
				if f.Why == "" || f.Fix == "" || identifier.MatchString(f.Why) || f.Place.Name == "" || f.Place.Namespace != "shop" {
					t.Errorf("incomplete: %+v", f)
				}
			}
			if !slices.Equal(got, test.want) || test.fix != "" && fix != test.fix {
				t.Errorf("got %q %q, want %q %q", got, fix, test.want, test.fix)
			}
		})
	}
}

// The last of two objects of one name is judged.
func TestLastIsJudged(t *testing.T) {
	r := Lint(read(t, base+"---\n"+change(t, lifecycle, "")))
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.Rule)
	}
	if want := []string{"no-prestop", "same-object", "same-object", "same-object"}; !slices.Equal(got, want) || len(r.Workloads) != 1 {
		t.Errorf("got %q of %q", got, r.Workloads)
	}
}

func TestNotJudged(t *testing.T) {
	rollout := strings.Replace(strings.Replace(whole, "apps/v1", "argoproj.io/v1alpha1", 1), "Deployment", "Rollout", 1)
	for name, test := range map[string]struct{ text, want string }{
		"none":             {whole, ""},
		"a Rollout":        {whole + "---\n" + rollout, "1 Rollout (argoproj.io/v1alpha1)"},
		"two of a kind":    {rollout + "---\n" + rollout, "2 Rollouts (argoproj.io/v1alpha1)"},
		"an operator's":    {"apiVersion: example.com/v1\nkind: Cache\nspec: {podTemplate: {spec: {containers: [{image: a}]}}}\n", "1 Cache (example.com/v1)"},
		"a definition":     {"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {versions: [{schema: {properties: {containers: {items: {properties: {image: {type: string}}}}}}}]}\n", ""},
		"a map":            {"apiVersion: v1\nkind: ConfigMap\ndata: {a: 'containers: [{image: a}]'}\n", ""},
		"bare pods":        {"apiVersion: v1\nkind: Pod\n---\napiVersion: batch/v1\nkind: CronJob\n", "1 CronJob (batch/v1), 1 Pod (v1)"},
		"OpenShift's":      {"apiVersion: template.openshift.io/v1\nkind: Template\nobjects:\n- {apiVersion: apps/v1, kind: Deployment}\n", "1 Template (template.openshift.io/v1)"},
		"Knative's":        {"apiVersion: serving.knative.dev/v1\nkind: Service\n", "1 Service (serving.knative.dev/v1)"},
		"an application's": {"apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec: {template: {metadata: {name: '{{cluster}}', labels: {a: '{{b}}'}}}}\n", "1 ApplicationSet (argoproj.io/v1alpha1)"},
		"a newer version":  {strings.Replace(whole, "apps/v1", "apps/v2", 1), "1 Deployment (apps/v2)"},
		"an owner's":       {"apiVersion: v1\nkind: Pod\nmetadata: {name: a, ownerReferences: [{kind: ReplicaSet}]}\n", ""},
		"an old workload":  {strings.Replace(whole, "apps/v1", "extensions/v1beta1", 1), "1 Deployment (extensions/v1beta1)"},
		"an old autoscale": {"apiVersion: autoscaling/v2beta2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: {scaleTargetRef: {name: a}}\n", ""},
	} {
		if got := KindsNotJudged(Lint(read(t, test.text)).NotJudged); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// What an anchor brings in has its own line in the object, or that on which it is
// brought in; never one of another object.
func TestLinesOfAnchors(t *testing.T) {
	text := "apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(strings.TrimSuffix(strings.SplitAfter(base, "---\n")[0], "---\n"), "\n", "\n  ")
	text = strings.Replace(text, "lifecycle: {preStop: {sleep: {seconds: 5}}}", "lifecycle: &hook {preStop: {sleep: {seconds: 1}}}", 1)
	text = strings.TrimRight(text, " ") + `- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: api, namespace: shop}
  spec:
    replicas: 3
    template:
      metadata: {labels: {app: api}}
      spec:
        containers:
        - name: app
          image: app
          ports: [{containerPort: 80}]
          readinessProbe: {tcpSocket: {port: 80}}
          lifecycle: *hook
`
	var lines []int
	for _, f := range Lint(read(t, text)).Findings {
		if f.Rule == "prestop-short" {
			lines = append(lines, f.Place.Line)
		}
	}
	if !slices.Equal(lines, []int{19, 33}) {
		t.Errorf("got lines %d in\n%s", lines, text)
	}
}

// What kubectl makes of YAML 1.1, and of what a merge brings in, is judged.
func TestJudgedAsKubectlTakesIt(t *testing.T) {
	merged := "      - &app\n        name: app\n"
	for name, test := range map[string]struct {
		changes []string
		want    []string
	}{
		"a yes":             {[]string{service, service + "  publishNotReadyAddresses: yes\n"}, []string{"publishes-not-ready:23"}},
		"an off":            {[]string{service, service + "  publishNotReadyAddresses: off\n"}, nil},
		"an octal grace":    {[]string{grace30, "terminationGracePeriodSeconds: 010"}, []string{"prestop-eats-grace:16"}},
		"a number as a key": {[]string{"{name: web, namespace: shop}", "{name: web, namespace: shop, labels: {2024: 'yes'}}"}, nil},
		"a dropped grace":   {[]string{"    spec:\n      " + grace30 + "\n", "    " + strings.Replace(grace30, "30", "1", 1) + "\n    spec:\n"}, []string{"unknown-field:9"}},
		"dropped fields":    {[]string{"readinessProbe", "readinessprobe", "preStop: ", "prestop: "}, []string{"no-prestop:16", "no-readiness-probe:12", "unknown-field:16", "unknown-field:15"}},
		"a merged hook": {
			[]string{"      - name: app\n", merged, preStop5, "lifecycle: {preStop: {sleep: {seconds: 1}}}\n      - <<: *app\n        name: second\n        ports: [{name: admin, containerPort: 9090}]", "targetPort: http", "targetPort: admin"},
			[]string{"prestop-short:17", "probe-port-unknown:16"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range Lint(read(t, change(t, test.changes...))).Findings {
				got = append(got, fmt.Sprintf("%s:%d", f.Rule, f.Place.Line))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Objects that make no pods are no mistake, as nothing at all is, or only what is not judged.
func TestPodless(t *testing.T) {
	const serving = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n"
	const rollout = "---\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\n"
	const part = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 5}\n"
	for name, tt := range map[string]struct {
		manifests string
		want      bool
	}{
		"nothing":                 {"", false},
		"comments":                {"# nothing\n---\n", false},
		"a List of nothing":       {"apiVersion: v1\nkind: List\nitems: []\n", false},
		"a service":               {serving, true},
		"a ConfigMap":             {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n", true},
		"a List of a service":     {"apiVersion: v1\nkind: ServiceList\nitems: [{metadata: {name: web}, spec: {ports: [{port: 80}]}}]\n", true},
		"a service and a Rollout": {serving + rollout, true},
		"a Rollout":               {rollout, false},
		"two Rollouts":            {rollout + rollout, false},
		"a service and a patch":   {serving + part, false},
		"a workload":              {base, false},
	} {
		if got := read(t, tt.manifests).Podless(); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	set := &Objects{Apart: []*Objects{read(t, serving)}}
	if !set.Podless() {
		t.Error("a service, built apart")
	}
	if set.Apart = append(set.Apart, read(t, base)); set.Podless() {
		t.Error("a workload, built apart")
	}
}
