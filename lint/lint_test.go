package lint

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/internal/patch/patchtest"
	"github.com/shutdowncheck/shutdowncheck/manifest"
	"github.com/shutdowncheck/shutdowncheck/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// base is a manifest that breaks no rule; the tables change one thing in it.
const base = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 30
      containers:
      - name: app
        image: app
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {httpGet: {path: /ready, port: http}}
        lifecycle: {preStop: {sleep: {seconds: 5}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: http}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: web}}
`

func read(t *testing.T, manifests string) *Objects {
	t.Helper()
	var o Objects
	if err := o.Read(strings.NewReader(manifests), "web.yaml", ""); err != nil {
		t.Fatal(err)
	}
	return &o
}

// change replaces pairs of texts in base; each must be there.
func change(t *testing.T, pairs ...string) string {
	t.Helper()
	text := base
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("%q is not in the manifest", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

// The parts of base that the tables change.
const (
	image     = "        image: app\n"
	preStop5  = "lifecycle: {preStop: {sleep: {seconds: 5}}}"
	lifecycle = "        " + preStop5 + "\n"
	readiness = "        readinessProbe: {httpGet: {path: /ready, port: http}}\n"
	grace30   = "terminationGracePeriodSeconds: 30"
	replicas3 = "  replicas: 3\n"
	budget1   = "  maxUnavailable: 1\n"
	service   = "  selector: {app: web}\n"
)

func exec(command string) string { return "lifecycle: {preStop: {exec: {command: " + command + "}}}" }

func liveness(fields string) string { return image + "        livenessProbe: {" + fields + "}\n" }

func strategy(fields string) string { return replicas3 + "  strategy: {" + fields + "}\n" }

func started(command string) string { return image + "        command: " + command + "\n" }

const secondBudget = `---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: all, namespace: shop}
spec: {maxUnavailable: 1, selector: {}}
`

const autoscaler = `---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: %d, maxReplicas: 9}
`

// identifier is a name of Go's, which a replacement once left in a sentence.
var identifier = regexp.MustCompile(`\b[a-z]+\.[A-Z]`)

func TestRules(t *testing.T) {
	tests := []struct {
		name    string
		changes []string
		more    string
		// want are the findings, as "severity rule".
		want []string
	}{
		{name: "nothing"},

		{name: "no preStop", changes: []string{lifecycle, ""}, want: []string{"warning no-prestop"}},
		{name: "no preStop, no traffic", changes: []string{lifecycle, "", readiness, "", "        ports: [{name: http, containerPort: 8080}]\n", "", service, "  selector: {app: other}\n"}},
		{name: "preStop 1 s", changes: []string{preStop5, "lifecycle: {preStop: {sleep: {seconds: 1}}}"}, want: []string{"warning prestop-short"}},
		{name: "preStop 2 s", changes: []string{preStop5, "lifecycle: {preStop: {sleep: {seconds: 2}}}"}},
		{name: "preStop all of the grace", changes: []string{grace30, "terminationGracePeriodSeconds: 5"}, want: []string{"warning prestop-eats-grace"}},
		{name: "preStop longer than the grace", changes: []string{grace30, "terminationGracePeriodSeconds: 4"}, want: []string{"error prestop-eats-grace"}},
		{name: "exec sleep longer than the grace", changes: []string{preStop5, exec("[sleep, '31']")}, want: []string{"error prestop-eats-grace", "note prestop-needs-binary"}},
		{name: "preStop leaves 1 s", changes: []string{preStop5, "lifecycle: {preStop: {sleep: {seconds: 29}}}"}, want: []string{"warning prestop-eats-grace"}},
		{name: "preStop leaves 2 s of 30", changes: []string{preStop5, "lifecycle: {preStop: {sleep: {seconds: 28}}}"}},
		{name: "preStop most of a short grace", changes: []string{grace30, "terminationGracePeriodSeconds: 9"}, want: []string{"warning prestop-eats-grace"}},
		{name: "preStop half of a short grace", changes: []string{grace30, "terminationGracePeriodSeconds: 10"}},
		{name: "grace 0", changes: []string{grace30, "terminationGracePeriodSeconds: 0"}, want: []string{"error grace-zero"}},
		{name: "grace left out", changes: []string{"      " + grace30 + "\n", ""}},
		{name: "exec sleep", changes: []string{preStop5, exec("[sleep, '5']")}, want: []string{"note prestop-needs-binary"}},
		{name: "exec sh -c sleep", changes: []string{preStop5, exec("[/bin/sh, -c, sleep 1]")}, want: []string{"warning prestop-short", "note prestop-needs-binary"}},
		{name: "exec sleep in the background", changes: []string{preStop5, exec("[sh, -c, sleep 10 &]")}, want: []string{"note prestop-length-unknown", "note prestop-needs-binary"}},
		{name: "exec of something", changes: []string{preStop5, exec("[/drain]")}, want: []string{"note prestop-length-unknown", "note prestop-needs-binary"}},
		{name: "httpGet", changes: []string{preStop5, "lifecycle: {preStop: {httpGet: {path: /drain, port: 8080}}}"}, want: []string{"note prestop-length-unknown"}},

		{name: "sh -c", changes: []string{image, started("[sh, -c, python app.py]")}, want: []string{"warning shell-pid-1"}},
		{name: "sh -c in args", changes: []string{image, started("[/bin/sh]") + "        args: ['-ec', 'python app.py']\n"}, want: []string{"warning shell-pid-1"}},
		{name: "sh -c exec", changes: []string{image, started("[sh, -c, exec python app.py]")}},
		{name: "bash -c", changes: []string{image, started("[bash, -c, python app.py]")}, want: []string{"note shell-pid-1"}},
		{name: "a script", changes: []string{image, started("[sh, /start.sh]")}, want: []string{"note shell-pid-1"}},
		{name: "tini", changes: []string{image, started("[tini, --, sh, -c, python app.py]")}},
		{name: "a program", changes: []string{image, started("[python, -c, 'import app; app.main()']")}},
		{name: "args alone", changes: []string{image, image + "        args: [sh, -c, python app.py]\n"}},
		{name: "shared process namespace", changes: []string{image, started("[sh, -c, python app.py]"), "      containers:\n", "      shareProcessNamespace: true\n      containers:\n"}, want: []string{"note shell-pid-1"}},

		{name: "no readiness probe", changes: []string{readiness, ""}, want: []string{"warning no-readiness-probe"}},
		{name: "readiness by TCP", changes: []string{"httpGet: {path: /ready, port: http}", "tcpSocket: {port: 8080}"}},
		{name: "readiness by TCP elsewhere", changes: []string{"httpGet: {path: /ready, port: http}", "tcpSocket: {port: 9090}"}, want: []string{"warning readiness-other-port"}},
		{name: "readiness by HTTP elsewhere", changes: []string{"port: http}}", "port: 9090}}"}, want: []string{"note readiness-other-port"}},
		{name: "liveness patient", changes: []string{image, liveness("httpGet: {path: /live, port: http}, initialDelaySeconds: 5")}},
		{name: "liveness 10 s", changes: []string{image, liveness("httpGet: {path: /live, port: http}, initialDelaySeconds: 5, periodSeconds: 9, failureThreshold: 2")}},
		{name: "liveness 9 s", changes: []string{image, liveness("httpGet: {path: /live, port: http}, initialDelaySeconds: 5, periodSeconds: 4")}, want: []string{"warning liveness-eager"}},
		{name: "liveness 9 s by a timeout longer than its period", changes: []string{image, liveness("httpGet: {path: /live, port: http}, initialDelaySeconds: 5, periodSeconds: 1, timeoutSeconds: 3")}, want: []string{"warning liveness-eager"}},
		{name: "liveness at one failure, a minute apart", changes: []string{image, liveness("httpGet: {path: /live, port: http}, initialDelaySeconds: 5, periodSeconds: 60, failureThreshold: 1")}, want: []string{"warning liveness-eager"}},
		{name: "liveness at one failure, a patient one", changes: []string{image, liveness("httpGet: {path: /live, port: http}, initialDelaySeconds: 5, timeoutSeconds: 10, failureThreshold: 1")}},
		{name: "liveness by a connection", changes: []string{image, liveness("tcpSocket: {port: http}, initialDelaySeconds: 5, failureThreshold: 1")}, want: []string{"note liveness-eager"}},
		{name: "liveness as readiness, by number", changes: []string{image, liveness("httpGet: {path: /ready, port: 8080, scheme: HTTP}, initialDelaySeconds: 5")}, want: []string{"note liveness-same-as-readiness"}},
		{name: "liveness with a grace of 1 s", changes: []string{image, liveness("httpGet: {path: /live, port: http}, initialDelaySeconds: 5, terminationGracePeriodSeconds: 1")}, want: []string{"warning probe-grace"}},
		{name: "liveness with a grace that preStop takes", changes: []string{image, liveness("httpGet: {path: /live, port: http}, initialDelaySeconds: 5, terminationGracePeriodSeconds: 7")}, want: []string{"warning probe-grace"}},
		{name: "liveness with a short grace", changes: []string{image, liveness("httpGet: {path: /live, port: http}, initialDelaySeconds: 5, terminationGracePeriodSeconds: 9")}, want: []string{"note probe-grace"}},
		{name: "liveness with a grace that does", changes: []string{image, liveness("httpGet: {path: /live, port: http}, initialDelaySeconds: 5, terminationGracePeriodSeconds: 10")}},
		{name: "liveness with a longer grace", changes: []string{image, liveness("httpGet: {path: /live, port: http}, initialDelaySeconds: 5, terminationGracePeriodSeconds: 60")}},
		{name: "readiness with a grace", changes: []string{"port: http}}", "port: http}, terminationGracePeriodSeconds: 5}"}, want: []string{"error probe-grace"}},
		{name: "liveness with a grace of 0", changes: []string{image, liveness("httpGet: {path: /live, port: http}, initialDelaySeconds: 5, terminationGracePeriodSeconds: 0")}, want: []string{"error probe-grace"}},
		{name: "readiness at a name that is not there", changes: []string{"port: http}}", "port: web}}"}, want: []string{"warning probe-port-unknown"}},
		{name: "readiness by gRPC", changes: []string{"httpGet: {path: /ready, port: http}", "grpc: {port: 8080}"}},
		{name: "readiness by gRPC elsewhere", changes: []string{"httpGet: {path: /ready, port: http}", "grpc: {port: 9090}"}, want: []string{"note readiness-other-port"}},
		{name: "no readiness probe but a gate", changes: []string{readiness, "", grace30, grace30 + "\n      readinessGates: [{conditionType: example.com/warm}]"}, want: []string{"note no-readiness-probe"}},
		{name: "liveness as readiness", changes: []string{image, liveness("httpGet: {path: /ready, port: http}, initialDelaySeconds: 5")}, want: []string{"note liveness-same-as-readiness"}},
		{name: "liveness as readiness, eager", changes: []string{image, liveness("httpGet: {path: /ready, port: http}, initialDelaySeconds: 5, periodSeconds: 1")}, want: []string{"warning liveness-eager"}},
		{name: "liveness at start", changes: []string{image, liveness("httpGet: {path: /live, port: http}")}, want: []string{"note liveness-at-start"}},
		{name: "liveness after startup", changes: []string{image, liveness("httpGet: {path: /live, port: http}") + "        startupProbe: {httpGet: {path: /live, port: http}}\n"}},

		{name: "one replica", changes: []string{replicas3, "", budget1, "  maxUnavailable: 1\n"}, want: []string{"warning one-replica"}},
		{name: "no replicas", changes: []string{replicas3, "  replicas: 0\n"}},
		{name: "autoscaled from 1", more: fmt.Sprintf(autoscaler, 1), want: []string{"warning one-replica"}},
		{name: "autoscaled from 2", changes: []string{replicas3, ""}, more: fmt.Sprintf(autoscaler, 2)},
		{name: "one of a StatefulSet", changes: []string{"kind: Deployment", "kind: StatefulSet", replicas3, ""}, want: []string{"error one-replica"}},
		{name: "Recreate", changes: []string{replicas3, strategy("type: Recreate")}, want: []string{"error recreate"}},
		{name: "maxUnavailable of all", changes: []string{replicas3, strategy("rollingUpdate: {maxUnavailable: 3}")}, want: []string{"error rollout-leaves-none"}},
		{name: "maxUnavailable 99% rounds down", changes: []string{replicas3, strategy("rollingUpdate: {maxUnavailable: 99%}")}},
		{name: "maxUnavailable 100%", changes: []string{replicas3, strategy("rollingUpdate: {maxUnavailable: 100%}")}, want: []string{"error rollout-leaves-none"}},
		{name: "both 0 make one unavailable", changes: []string{replicas3, "  replicas: 1\n  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}\n"}, want: []string{"error rollout-leaves-none", "warning one-replica"}},
		{name: "half", changes: []string{replicas3, "  replicas: 2\n  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}\n"}, want: []string{"note rollout-halves"}},
		{name: "a third", changes: []string{replicas3, strategy("rollingUpdate: {maxSurge: 0, maxUnavailable: 1}")}},
		{name: "DaemonSet at once", changes: []string{"kind: Deployment", "kind: DaemonSet", replicas3, "  updateStrategy: {rollingUpdate: {maxUnavailable: 100%}}\n"}, want: []string{"error rollout-leaves-none"}},
		{name: "DaemonSet one by one", changes: []string{"kind: Deployment", "kind: DaemonSet", replicas3, ""}},
		{name: "host port", changes: []string{"containerPort: 8080", "containerPort: 8080, hostPort: 8080"}, want: []string{"note host-port-surge"}},
		{name: "host port without surge", changes: []string{"containerPort: 8080", "containerPort: 8080, hostPort: 8080", replicas3, strategy("rollingUpdate: {maxSurge: 0}")}},

		{name: "no budget", changes: []string{"matchLabels: {app: web}}\n  template", "matchLabels: {app: web}}\n  template", "  maxUnavailable: 1\n  selector: {matchLabels: {app: web}}", "  maxUnavailable: 1\n  selector: {matchLabels: {app: api}}"}, want: []string{"note no-budget"}},
		{name: "maxUnavailable 0", changes: []string{budget1, "  maxUnavailable: 0\n"}, want: []string{"warning budget-blocks"}},
		{name: "maxUnavailable 1% rounds up", changes: []string{budget1, "  maxUnavailable: 1%\n"}},
		{name: "minAvailable 3 of 3", changes: []string{budget1, "  minAvailable: 3\n"}, want: []string{"warning budget-blocks"}},
		{name: "minAvailable 2 of 3", changes: []string{budget1, "  minAvailable: 2\n"}},
		{name: "minAvailable 67% of 3 rounds up", changes: []string{budget1, "  minAvailable: 67%\n"}, want: []string{"warning budget-blocks"}},
		{name: "two budgets", more: secondBudget, want: []string{"warning several-budgets"}},
		{name: "two budgets, two namespaces", more: strings.Replace(secondBudget, "shop", "other", 1)},

		{name: "not ready addresses", changes: []string{service, service + "  publishNotReadyAddresses: true\n"}, want: []string{"warning publishes-not-ready"}},
		{name: "not ready addresses for peers", changes: []string{service, service + "  publishNotReadyAddresses: true\n  clusterIP: None\n"}, want: []string{"note publishes-not-ready", "note headless"}},
		{name: "another's service", changes: []string{service, "  selector: {app: api}\n  publishNotReadyAddresses: true\n"}},
		{name: "headless", changes: []string{service, service + "  clusterIP: None\n"}, want: []string{"note headless"}},
		{name: "affinity", changes: []string{service, service + "  sessionAffinity: ClientIP\n"}, want: []string{"note client-affinity"}},
		{name: "mesh", changes: []string{"      containers:\n", "      containers:\n      - {name: istio-proxy, image: proxy}\n"}, want: []string{"note mesh-proxy-order"}},
		// More of these is in whose_test.go.
		{name: "a balancer outside", changes: []string{service, service + "  type: LoadBalancer\n  externalTrafficPolicy: Local\n"}, want: []string{"note prestop-short-for-path"}},
		{name: "a database's proxy", changes: []string{"      containers:\n", "      containers:\n      - {name: cloud-sql-proxy, image: proxy}\n"}, want: []string{"warning dependency-ends-first"}},
		{name: "scaled to none", more: fmt.Sprintf(autoscaler, 0), want: []string{"warning scales-to-zero"}},
		{name: "a claim of one node", changes: []string{grace30, grace30 + "\n      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]"}, more: "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: shop}\nspec: {accessModes: [ReadWriteOnce]}\n", want: []string{"note claim-holds-rollout"}},
		{name: "a budget of a version that went", changes: []string{"policy/v1", "policy/v1beta1"}, want: []string{"note version-not-served"}},
		{name: "mesh as a sidecar", changes: []string{"      containers:\n", "      initContainers:\n      - {name: istio-proxy, image: proxy, restartPolicy: Always}\n      containers:\n"}},
	}
	broken := map[string]bool{}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			objects := read(t, change(t, test.changes...)+test.more)
			for _, f := range Lint(objects).Findings {
				got = append(got, fmt.Sprintf("%s %s", f.Severity, f.Rule))
				broken[f.Rule] = true
				if f.Place.Line == 0 || f.Why == "" || f.Fix == "" {
					t.Errorf("incomplete: %+v", f)
				}
				if identifier.MatchString(f.Why + " " + f.Fix) {
					t.Errorf("an identifier among the words: %s %s", f.Why, f.Fix)
				}
				// What the API server refuses as it is no patch has to mend.
				if object := manifestOf(t, objects, &f.Place); f.Patch != "" && patchtest.Apply(f.Place.Kind, object, "{}") == nil {
					if err := patchtest.Apply(f.Place.Kind, object, f.Patch); err != nil {
						t.Errorf("the API server refuses %s: %v", f.Patch, err)
					}
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			fixes(t, change(t, test.changes...)+test.more)
		})
	}
	documented, err := os.ReadFile("../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range allRules {
		if row := fmt.Sprintf("| `%s` | %s |\n", r.id, r.doc); !strings.Contains(string(documented), row) {
			t.Errorf("docs/commands.md has not: %s", row)
		}
		if !broken[r.id] && r.find != nil {
			t.Errorf("nothing breaks %s", r.id)
		}
		if r.doc == "" || identifier.MatchString(r.doc) {
			t.Errorf("%s is not explained in words: %q", r.id, r.doc)
		}
	}
}

// A hook as long as the grace is told from a longer one, as the API server does.
func TestPreStopAgainstTheGrace(t *testing.T) {
	for name, test := range map[string]struct {
		hook     string
		severity Severity
		why      string
		refused  bool
	}{
		"as long":         {"lifecycle: {preStop: {sleep: {seconds: 30}}}", Warning, "preStop sleeps for all of the grace period of 30 s: nothing is left, and the program is killed 2 s after SIGTERM.", false},
		"longer":          {"lifecycle: {preStop: {sleep: {seconds: 31}}}", Error, "preStop sleeps 31 s, longer than the grace period of 30 s: the API server refuses that of a sleep action.", true},
		"command, longer": {exec("[sleep, '31']"), Error, "preStop sleeps 31 s, longer than the grace period of 30 s: the kubelet waits no longer than that, and the program is killed 2 s after SIGTERM.", false},
	} {
		t.Run(name, func(t *testing.T) {
			objects := read(t, change(t, preStop5, test.hook))
			f := Lint(objects).Findings[0]
			if f.Rule != "prestop-eats-grace" || f.Severity != test.severity || f.Why != test.why {
				t.Errorf("got %s %s: %s", f.Severity, f.Rule, f.Why)
			}
			if err := patchtest.Apply(f.Place.Kind, manifestOf(t, objects, &f.Place), "{}"); (err != nil) != test.refused {
				t.Errorf("the API server says %v", err)
			}
		})
	}
}

// manifestOf gives the object that a finding is about, in JSON.
func manifestOf(t *testing.T, o *Objects, place *Place) []byte {
	t.Helper()
	objects := map[string]any{}
	for _, d := range o.Deployments {
		objects["Deployment/"+d.Value.Name] = d.Value
	}
	for _, s := range o.StatefulSets {
		objects["StatefulSet/"+s.Value.Name] = s.Value
	}
	for _, d := range o.DaemonSets {
		objects["DaemonSet/"+d.Value.Name] = d.Value
	}
	for _, s := range o.Services {
		objects["Service/"+s.Value.Name] = s.Value
	}
	for _, b := range o.Budgets {
		objects["PodDisruptionBudget/"+b.Value.Name] = b.Value
	}
	data, err := json.Marshal(objects[place.Kind+"/"+place.Name])
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestScripts(t *testing.T) {
	tests := map[string]Severity{
		"exec app":                        "",
		"cd /srv && exec ./app --port 80": "",
		"migrate; exec app":               "",
		"A=1 exec app 2>&1":               "",
		"exec 2>&1\nexec app":             "",
		"if [ -n \"$X\" ]; then exec a; else exec b; fi": "",
		"trap 'kill $p' TERM; app & p=$!; wait $p":       "",
		"# nothing":                "",
		"app":                      Warning,
		"exec 2>&1; app":           Warning,
		"migrate && app":           Warning,
		`exec ""; app`:             Warning,
		"exec migrate && app":      Warning,
		"echo 'exec app' ; app":    Warning,
		"exec app | tee log":       Warning,
		"setup | exec app":         Warning,
		"exec app &\nwait":         Warning,
		"while true; do app; done": Warning,
		"app # exec":               Warning,
		"app \\\n  --exec":         Warning,
	}
	for script, want := range tests {
		if got, why := judgeScript(manifest.ShellCall{Shell: "sh", Script: script, Inline: true}, 30); got != want {
			t.Errorf("%q: got %q (%s), want %q", script, got, why, want)
		}
	}
}

func TestLines(t *testing.T) {
	r := Lint(read(t, change(t, preStop5, "lifecycle: {preStop: {sleep: {seconds: 1}}}", budget1, "  maxUnavailable: 0\n")))
	if len(r.Findings) != 2 || r.Findings[0].Place.Line != 16 || r.Findings[1].Place.Line != 29 {
		t.Errorf("got %+v", r.Findings)
	}
}

func TestGolden(t *testing.T) {
	manifests, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(manifests) == 0 {
		t.Fatal(manifests, err)
	}
	for _, name := range manifests {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		var o Objects
		err = o.Read(file, filepath.Base(name), "")
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		r := Lint(&o)
		var text, asJSON bytes.Buffer
		if err := WriteText(&text, r); err != nil {
			t.Fatal(err)
		}
		if err := WriteJSON(&asJSON, r); err != nil {
			t.Fatal(err)
		}
		golden(t, strings.TrimSuffix(name, ".yaml")+".txt", text.Bytes())
		golden(t, strings.TrimSuffix(name, ".yaml")+".json", asJSON.Bytes())
	}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s", path, got)
	}
}

// What the demos are known to do under load is what lint says of them.
func TestDemos(t *testing.T) {
	for name, want := range map[string][]string{"graceful": nil, "flask": nil, "careless": {"no-prestop"}} {
		file, err := os.Open(filepath.Join("../demo", name, name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		var o Objects
		err = o.Read(file, name, "")
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range Lint(&o).Findings {
			if f.Severity != Note {
				got = append(got, f.Rule)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// A name in a manifest neither moves the cursor nor turns the direction of writing.
func TestTextIsNotObeyed(t *testing.T) {
	r := Lint(read(t, change(t, preStop5, exec(`["/\u202edrain\u2066\u001b[2K"]`))))
	var out bytes.Buffer
	if err := WriteText(&out, r); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.ContainsAny(got, "\u202e\u2066\x1b") || !strings.Contains(got, "/\ufffddrain\ufffd\ufffd[2K") {
		t.Errorf("%q", got)
	}
}

// Where SIGTERM is a server's fast stop, no advice leaves it at a sleep.
func TestAdviceKnowsTheServer(t *testing.T) {
	const quit = "Let it sleep for 5 s and, unless SIGQUIT is the image's STOPSIGNAL, then send nginx SIGQUIT and wait until it has gone, all of it within the grace."
	nginx := func(hook string) []string {
		return []string{image, "        image: registry.example/web/nginx:1.27\n", preStop5, hook}
	}
	for name, tt := range map[string]struct {
		changes   []string
		rule, fix string
		// section is the recipe's.
		section string
	}{
		"a hook that quits":            {nginx(exec("[nginx, -s, quit]")), "prestop-length-unknown", quit, "#nginx"},
		"a hook that sleeps and quits": {nginx(exec("[sh, -c, 'sleep 5; nginx -s quit; sleep 9']")), "prestop-length-unknown", "See that the longest request is answered within what is left of the grace.", "#nginx"},
		"a hook that sleeps too short": {nginx(exec("[sh, -c, 'sleep 1; nginx -s quit; sleep 9']")), "prestop-length-unknown", quit, "#nginx"},
		"a stop signal in the spec":    {nginx("lifecycle: {stopSignal: SIGQUIT, preStop: {exec: {command: [/drain]}}}"), "prestop-length-unknown", "See that it takes at least 2 s and leaves enough of the grace, or sleep instead.", "#nginx"},
		"its own image, no hook":       {nginx(""), "no-prestop", "Let preStop sleep for 5 s.", "#nginx"},
		"its command, no hook":         {[]string{image, started("[apache2, -D, FOREGROUND]"), preStop5, ""}, "no-prestop", "Let preStop sleep for 5 s and, unless SIGWINCH is the image's STOPSIGNAL, then send apache SIGWINCH and wait until it has gone.", "#apache"},
		"Caddy, no hook":               {[]string{image, "        image: caddy:2\n", preStop5, ""}, "no-prestop", "Set Caddy's shutdown_delay to 5 s, if its configuration does not, or let preStop sleep for as long.", "#caddy"},
		"no server":                    {[]string{preStop5, exec("[/drain]")}, "prestop-length-unknown", "See that it takes at least 2 s and leaves enough of the grace, or sleep instead.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range Lint(read(t, change(t, tt.changes...))).Findings {
				if f.Rule != tt.rule {
					continue
				}
				if f.Fix != tt.fix || f.Recipe == nil || f.Recipe.URL != report.RecipesURL+tt.section {
					t.Errorf("%s %+v\nwant %s %s", f.Fix, f.Recipe, tt.fix, tt.section)
				}
				return
			}
			t.Error("not found")
		})
	}
}
