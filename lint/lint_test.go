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

	webService    = "kind: Service\nmetadata: {name: web, namespace: shop}\nspec:\n" + service
	othersService = "kind: Service\nmetadata: {name: others, namespace: shop}\nspec:\n  selector: {app: others}\n"
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
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: %d
  maxReplicas: 9
`

// byQueue lets an autoscaler keep no pod at all.
const byQueue = "  metrics: [{type: External, external: {metric: {name: queue}, target: {type: Value, value: '30'}}}]\n"

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
		{name: "no preStop, no traffic", changes: []string{lifecycle, "", readiness, "", "        ports: [{name: http, containerPort: 8080}]\n", "", webService, othersService}},
		{name: "preStop 1 s", changes: []string{preStop5, "lifecycle: {preStop: {sleep: {seconds: 1}}}"}, want: []string{"warning prestop-short"}},
		{name: "preStop 2 s", changes: []string{preStop5, "lifecycle: {preStop: {sleep: {seconds: 2}}}"}},
		{name: "preStop all of the grace", changes: []string{grace30, "terminationGracePeriodSeconds: 5"}, want: []string{"warning prestop-eats-grace"}},
		{name: "preStop longer than the grace", changes: []string{grace30, "terminationGracePeriodSeconds: 4"}, want: []string{"error refused"}},
		{name: "exec sleep longer than the grace", changes: []string{preStop5, exec("[sleep, '31']")}, want: []string{"error prestop-eats-grace", "note prestop-needs-binary"}},
		{name: "preStop leaves 1 s", changes: []string{preStop5, "lifecycle: {preStop: {sleep: {seconds: 29}}}"}, want: []string{"warning prestop-eats-grace"}},
		{name: "preStop leaves 2 s of 30", changes: []string{preStop5, "lifecycle: {preStop: {sleep: {seconds: 28}}}"}, want: []string{"note prestop-eats-grace"}},
		{name: "preStop leaves 9 s", changes: []string{grace30, "terminationGracePeriodSeconds: 14"}, want: []string{"note prestop-eats-grace"}},
		{name: "preStop most of a grace that fits", changes: []string{grace30, "terminationGracePeriodSeconds: 25", preStop5, "lifecycle: {preStop: {sleep: {seconds: 15}}}"}},
		{name: "preStop all of the grace, then a quit", changes: []string{preStop5, exec("[sh, -c, sleep 30; nginx -s quit]")}, want: []string{"error prestop-eats-grace", "note prestop-needs-binary"}},
		{name: "preStop all of the grace, then more", changes: []string{preStop5, exec("[sh, -c, sleep 30; /drain]")}, want: []string{"error prestop-eats-grace", "note prestop-needs-binary"}},
		{name: "preStop by a known variable", changes: []string{preStop5, "env: [{name: DELAY, value: '40'}]\n        " + exec("[sh, -c, 'sleep $DELAY']")}, want: []string{"error prestop-eats-grace", "note prestop-needs-binary"}},
		{name: "preStop by an unknown variable", changes: []string{preStop5, "env: [{name: DELAY, valueFrom: {configMapKeyRef: {name: a, key: b}}}]\n        " + exec("[sh, -c, 'sleep $DELAY']")}, want: []string{"note prestop-length-unknown", "note prestop-needs-binary"}},
		{name: "preStop for ever", changes: []string{preStop5, exec("[sleep, infinity]")}, want: []string{"error prestop-eats-grace", "note prestop-needs-binary"}},
		{name: "preStop that quits and waits for ever", changes: []string{preStop5, exec("[sh, -c, sleep 5; nginx -s quit; sleep infinity]")}, want: []string{"note prestop-needs-binary"}},
		{name: "preStop that quits too late to drain", changes: []string{preStop5, exec("[sh, -c, sleep 29; nginx -s quit]")}, want: []string{"warning prestop-eats-grace", "note prestop-needs-binary", "note prestop-quits-fast"}},
		{name: "another container's long preStop", changes: []string{image, "        image: app\n", "      containers:\n", "      containers:\n      - {name: log, image: log, lifecycle: {preStop: {exec: {command: [sleep, '60']}}}}\n"}, want: []string{"note prestop-eats-grace"}},
		{name: "sleep and quit", changes: []string{preStop5, exec("[sh, -c, sleep 5 && nginx -s quit]")}, want: []string{"note prestop-needs-binary", "note prestop-quits-fast"}},
		{name: "sleep and quit, of its own image", changes: []string{image, "        image: nginx:1.27\n", preStop5, exec("[sh, -c, sleep 5 && nginx -s quit]")}},
		{name: "a mesh's proxy with a long preStop", changes: []string{"      containers:\n", "      containers:\n      - {name: istio-proxy, image: proxy, lifecycle: {preStop: {exec: {command: [sleep, '60']}}}}\n"}, want: []string{"error prestop-eats-grace"}},
		{name: "a request, then a sleep", changes: []string{preStop5, exec("[sh, -c, curl -X POST localhost/drain; sleep 5]")}, want: []string{"note prestop-length-unknown", "note prestop-needs-binary"}},
		{name: "quit at once", changes: []string{image, "        image: nginx:1.27\n", preStop5, exec("[nginx, -s, quit]")}, want: []string{"warning prestop-quits-early", "note prestop-needs-binary"}},
		{name: "kill at once", changes: []string{preStop5, exec("[sh, -c, kill -TERM 1]")}, want: []string{"warning prestop-quits-early", "note prestop-needs-binary"}},
		{name: "quit, then sleep", changes: []string{preStop5, exec("[sh, -c, nginx -s quit; sleep 10]")}, want: []string{"warning prestop-quits-early", "note prestop-needs-binary"}},
		{name: "quit after who knows", changes: []string{preStop5, exec("[sh, -c, /drain; nginx -s quit]")}, want: []string{"note prestop-length-unknown", "note prestop-needs-binary", "note prestop-quits-early"}},
		{name: "quit by a signal that is something else", changes: []string{preStop5, exec("[kill, -USR1, '1']")}, want: []string{"note prestop-needs-binary"}},
		{name: "sleep and quit, of an old image of nginx", changes: []string{image, "        image: nginx:1.16.0\n", preStop5, exec("[sh, -c, sleep 5 && nginx -s quit]")}, want: []string{"warning prestop-quits-fast"}},
		{name: "Kong, told to wait", changes: []string{preStop5, exec("[kong, quit, --wait=15]")}, want: []string{"note prestop-length-unknown", "note prestop-needs-binary"}},
		{name: "Kong, told to wait for 1 s", changes: []string{preStop5, exec("[kong, quit, --wait=1]")}, want: []string{"warning prestop-quits-early", "note prestop-length-unknown", "note prestop-needs-binary"}},
		{name: "no preStop, and a delay of the program's own", changes: []string{image, image + "        args: ['-http.shutdownDelay=10s']\n", lifecycle, ""}, want: []string{"note no-prestop"}},
		{name: "no preStop, and a delay in a word of its own", changes: []string{image, image + "        args: ['--entryPoints.web.transport.lifeCycle.requestAcceptGraceTimeout', '10']\n", lifecycle, ""}, want: []string{"note no-prestop"}},
		{name: "no preStop, and a short delay", changes: []string{image, image + "        args: ['-http.shutdownDelay=1s']\n", lifecycle, ""}, want: []string{"warning no-prestop"}},
		{name: "no preStop, and the shorter of two delays", changes: []string{image, image + "        args: ['--entrypoints.web.transport.lifecycle.requestacceptgracetimeout=10s', '--entrypoints.tls.transport.lifecycle.requestacceptgracetimeout=1s']\n", lifecycle, ""}, want: []string{"warning no-prestop"}},
		{name: "no preStop, and one of two delays that is 0", changes: []string{image, image + "        args: ['--entrypoints.web.transport.lifecycle.requestacceptgracetimeout=10s', '--entrypoints.tls.transport.lifecycle.requestacceptgracetimeout=0']\n", lifecycle, ""}, want: []string{"warning no-prestop"}},
		{name: "no preStop, and a delay by a variable", changes: []string{image, image + "        env: [{name: TRAEFIK_ENTRYPOINTS_WEB_TRANSPORT_LIFECYCLE_REQUESTACCEPTGRACETIMEOUT, value: '10'}]\n", lifecycle, ""}, want: []string{"note no-prestop"}},
		{name: "no preStop, and a variable that Traefik does not read beside options", changes: []string{image, image + "        args: ['--entrypoints.web.transport.lifecycle.requestacceptgracetimeout=10s']\n        env: [{name: TRAEFIK_ENTRYPOINTS_TLS_TRANSPORT_LIFECYCLE_REQUESTACCEPTGRACETIMEOUT, value: 1s}]\n", lifecycle, ""}, want: []string{"note no-prestop"}},
		{name: "no preStop, and Quarkus' delay", changes: []string{image, image + "        env: [{name: QUARKUS_SHUTDOWN_DELAY, value: 10s}]\n", lifecycle, ""}, want: []string{"note no-prestop"}},
		{name: "no preStop, and Quarkus' delay as Java writes it", changes: []string{image, image + "        env: [{name: QUARKUS_SHUTDOWN_DELAY, value: PT10S}]\n", lifecycle, ""}, want: []string{"note no-prestop"}},
		{name: "a drain of Quarkus' that is too long, as Java writes it", changes: []string{image, image + "        env: [{name: QUARKUS_SHUTDOWN_TIMEOUT, value: PT1M}]\n"}, want: []string{"note drain-outlasts-grace"}},
		{name: "a short preStop of a StatefulSet's only pod", changes: []string{"kind: Deployment", "kind: StatefulSet", replicas3, "", "seconds: 5", "seconds: 1"}, want: []string{"error one-replica", "note prestop-short"}},
		{name: "no preStop, and Quarkus' drain", changes: []string{image, image + "        env: [{name: QUARKUS_SHUTDOWN_TIMEOUT, value: 20s}]\n", lifecycle, ""}, want: []string{"warning no-prestop"}},
		{name: "a drain of Quarkus' that is too long", changes: []string{image, image + "        env: [{name: QUARKUS_SHUTDOWN_TIMEOUT, value: '60'}]\n"}, want: []string{"note drain-outlasts-grace"}},
		{name: "no preStop of a StatefulSet's only pod", changes: []string{"kind: Deployment", "kind: StatefulSet", replicas3, "", lifecycle, ""}, want: []string{"error one-replica", "note no-prestop"}},
		{name: "no preStop of one pod that is replaced at once", changes: []string{replicas3, "  replicas: 1\n  strategy: {type: Recreate}\n", lifecycle, ""}, want: []string{"error recreate", "warning no-prestop", "warning one-replica"}},
		{name: "no preStop of a StatefulSet's several", changes: []string{"kind: Deployment", "kind: StatefulSet", replicas3, "  replicas: 2\n", lifecycle, ""}, want: []string{"warning no-prestop"}},
		{name: "no preStop, and a grace period of the program's own", changes: []string{image, image + "        args: ['--shutdown-grace-period=10']\n", lifecycle, ""}, want: []string{"warning no-prestop"}},
		{name: "no preStop of ingress-nginx, and its delay", changes: []string{image, image + "        args: [/nginx-ingress-controller, '--shutdown-grace-period=10']\n", lifecycle, ""}, want: []string{"note no-prestop"}},
		{name: "kill at once, and a delay of the program's own", changes: []string{image, image + "        args: ['--shutdown-delay-duration=10s']\n", preStop5, exec("[sh, -c, kill -TERM 1]")}, want: []string{"note prestop-needs-binary", "note prestop-quits-early"}},
		{name: "kill fast at once, and a delay of the program's own", changes: []string{image, image + "        args: ['--shutdown-delay-duration=10s']\n", preStop5, exec("[sh, -c, kill -INT 1]")}, want: []string{"warning prestop-quits-early", "note prestop-needs-binary"}},
		{name: "a signal of GitLab's", changes: []string{image, "        image: registry.gitlab.com/gitlab-org/build/cng/gitlab-webservice-ee:v17.2.1\n        env: [{name: SHUTDOWN_BLACKOUT_SECONDS, value: '10'}]\n", preStop5, exec("[/bin/bash, -c, pkill -SIGINT -o ruby]")}, want: []string{"note prestop-short", "note prestop-needs-binary"}},
		{name: "a drain that is longer than what is left", changes: []string{image, started("[uvicorn, 'app:app', --timeout-graceful-shutdown, '60']")}, want: []string{"note drain-outlasts-grace"}},
		{name: "a drain that is as long as what is left", changes: []string{image, started("[gunicorn, app, '--graceful-timeout=25']")}},
		{name: "a drain by Spring's other spelling", changes: []string{image, image + "        env: [{name: SPRING_LIFECYCLE_TIMEOUTPERSHUTDOWNPHASE, value: 40s}]\n"}, want: []string{"note drain-outlasts-grace"}},
		{name: "a drain of Spring's in milliseconds", changes: []string{image, image + "        env: [{name: SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE, value: '40000'}]\n"}, want: []string{"note drain-outlasts-grace"}},
		{name: "a drain by the JVM's options", changes: []string{image, image + "        env: [{name: JAVA_TOOL_OPTIONS, value: -Xmx1g -Dspring.lifecycle.timeout-per-shutdown-phase=40s}]\n"}, want: []string{"note drain-outlasts-grace"}},
		{name: "a drain of gunicorn's by its option, not by its variable", changes: []string{image, started("[gunicorn, app:app, --graceful-timeout, '20']") + "        env: [{name: GUNICORN_CMD_ARGS, value: --graceful-timeout 90}]\n"}},
		{name: "a drain of Spring's in a unit of capitals", changes: []string{image, image + "        env: [{name: SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE, value: 40S}]\n"}, want: []string{"note drain-outlasts-grace"}},
		{name: "apachectl", changes: []string{image, started("[apachectl, -D, FOREGROUND]")}, want: []string{"note shell-pid-1"}},
		{name: "a drain by gunicorn's variable", changes: []string{image, image + "        env: [{name: GUNICORN_CMD_ARGS, value: --workers 4 --graceful-timeout 40}]\n"}, want: []string{"note drain-outlasts-grace"}},
		{name: "a drain by uvicorn's variable", changes: []string{image, image + "        env: [{name: UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN, value: '40'}]\n"}, want: []string{"note drain-outlasts-grace"}},
		{name: "a drain of Spring's in milliseconds that fits", changes: []string{image, image + "        env: [{name: SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE, value: '20000'}]\n"}},
		{name: "a drain behind a shell", changes: []string{image, started("[sh, -c, exec gunicorn app:app --graceful-timeout 90]")}, want: []string{"note drain-outlasts-grace"}},
		{name: "a drain by a variable", changes: []string{image, image + "        env: [{name: SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE, value: 40s}]\n"}, want: []string{"note drain-outlasts-grace"}},
		{name: "quit fast", changes: []string{image, "        image: nginx:1.27\n", preStop5, exec("[sh, -c, sleep 5; nginx -s stop]")}, want: []string{"warning prestop-quits-fast"}},
		{name: "quit nginx by SIGTERM", changes: []string{image, "        image: nginx:1.27\n", preStop5, exec("[sh, -c, sleep 5; kill 1]")}, want: []string{"warning prestop-quits-fast"}},
		{name: "quit nginx by SIGQUIT", changes: []string{image, "        image: nginx:1.27\n", preStop5, exec("[sh, -c, sleep 5; kill -QUIT 1]")}},
		{name: "sh without -c", changes: []string{preStop5, exec("[sh, sleep 10; kill -QUIT 1]")}, want: []string{"warning prestop-fails"}},
		{name: "a sleep within quotes", changes: []string{preStop5, exec(`[sh, -c, "'sleep 5'"]`)}, want: []string{"warning prestop-fails"}},
		{name: "sleep without a number", changes: []string{preStop5, exec("[sh, -c, sleep, '5']")}, want: []string{"warning prestop-fails"}},
		{name: "one word", changes: []string{preStop5, exec("[sleep 5]")}, want: []string{"warning prestop-fails"}},
		{name: "a variable without a shell", changes: []string{preStop5, exec("[sleep, $(DELAY)]")}, want: []string{"warning prestop-fails"}},
		{name: "a request to the node's localhost", changes: []string{preStop5, "lifecycle: {preStop: {httpGet: {host: 127.0.0.1, port: http, path: /drain}}}"}, want: []string{"warning prestop-fails"}},
		{name: "a request for POST to the node's localhost", changes: []string{preStop5, "lifecycle: {preStop: {httpGet: {host: 127.0.0.1, port: http, path: /quitquitquit}}}"}, want: []string{"warning prestop-fails"}},
		{name: "a signal at once to who knows whom", changes: []string{preStop5, exec("[pkill, -SIGINT, -o, ruby]")}, want: []string{"warning prestop-short", "note prestop-needs-binary"}},
		{name: "tcpSocket", changes: []string{preStop5, "lifecycle: {preStop: {tcpSocket: {port: http}}}"}, want: []string{"warning prestop-fails"}},
		{name: "a failing hook beside", changes: []string{"      containers:\n", "      containers:\n      - {name: log, image: log, lifecycle: {preStop: {exec: {command: [sleep]}}}}\n"}, want: []string{"note prestop-fails"}},
		{name: "GET where POST is wanted", changes: []string{preStop5, "lifecycle: {preStop: {httpGet: {path: /actuator/shutdown, port: http}}}"}, want: []string{"note prestop-get"}},
		{name: "GET to Envoy", changes: []string{preStop5, "lifecycle: {preStop: {httpGet: {path: 'drain_listeners?graceful', port: 9901}}}"}, want: []string{"note prestop-get"}},
		{name: "tail -f", changes: []string{preStop5, exec("[tail, -f, /dev/null]")}, want: []string{"error prestop-eats-grace", "note prestop-needs-binary"}},
		{name: "a loop without end", changes: []string{preStop5, exec("[sh, -c, sleep 5; while sleep 1; do :; done]")}, want: []string{"error prestop-eats-grace", "note prestop-needs-binary"}},
		{name: "a shell where there is none", changes: []string{image, "        image: gcr.io/distroless/static-debian12\n", preStop5, exec("[sh, -c, sleep 5]")}, want: []string{"warning prestop-fails"}},
		{name: "a shell of busybox's", changes: []string{image, "        image: gcr.io/distroless/static-debian12:debug\n", preStop5, exec("[sh, -c, sleep 5]")}, want: []string{"note prestop-needs-binary"}},
		{name: "a probe where there is no shell", changes: []string{image, "        image: gcr.io/distroless/static-debian12\n", readiness, "        readinessProbe: {exec: {command: [sh, -c, test -f /ready]}}\n"}, want: []string{"warning probe-fails"}},
		{name: "a command in one word", changes: []string{image, started("['/bin/sh -c app']")}, want: []string{"warning command-fails"}},
		{name: "a shell's own word for a command", changes: []string{image, started("[exec, app]")}, want: []string{"warning command-fails"}},
		{name: "a script without -c", changes: []string{image, started("[sh, 'app; true']")}, want: []string{"warning command-fails"}},
		{name: "a command where there is no shell", changes: []string{image, "        image: gcr.io/distroless/base-debian12\n        command: [sh, -c, exec /app]\n"}, want: []string{"warning command-fails"}},
		{name: "exec --, in dash", changes: []string{image, started("[dash, -c, exec -- app]")}, want: []string{"warning command-fails"}},
		{name: "exec --, in who knows which shell", changes: []string{image, started("[sh, -c, exec -- app]")}, want: []string{"note command-fails"}},
		{name: "exec command on one path", changes: []string{image, started("[sh, -c, x && exec command app; exec app]")}, want: []string{"note shell-pid-1"}},
		{name: "exec --, in bash", changes: []string{image, started("[bash, -c, exec -- app]")}},
		{name: "a JVM without signals", changes: []string{image, started("[java, -Xrs, -jar, a.jar]")}, want: []string{"warning jvm-ignores-sigterm"}},
		{name: "uWSGI", changes: []string{image, started("[uwsgi, --master, --module, app]")}, want: []string{"warning uwsgi-reloads"}},
		{name: "an only pod whose claim the next one waits for, without a hook", changes: []string{lifecycle, "", grace30, grace30 + "\n      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]", "  replicas: 3\n", "  replicas: 1\n  strategy: {type: Recreate}\n"}, more: "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: shop}\nspec: {accessModes: [ReadWriteOnce]}\n", want: []string{"warning recreate", "note no-prestop"}},
		{name: "a gateway that Istio's webhook fills in", changes: []string{image, "        image: auto\n", "name: app\n", "name: istio-proxy\n", lifecycle, "", "        readinessProbe: {httpGet: {path: /ready, port: http}}\n", ""}, want: []string{"note no-prestop"}},
		{name: "the reloader of Prometheus", changes: []string{"name: http", "name: reloader-web", "targetPort: http", "targetPort: reloader-web", "port: http}", "port: reloader-web}", lifecycle, ""}},
		{name: "a delay that outlasts the grace", changes: []string{image, started("[traefik, --entryPoints.web.transport.lifeCycle.requestAcceptGraceTimeout=60s]")}, want: []string{"warning delay-outlasts-grace"}},
		{name: "a delay that preStop has outlast the grace", changes: []string{image, started("[traefik, --entryPoints.web.transport.lifeCycle.requestAcceptGraceTimeout=27s]")}, want: []string{"warning delay-outlasts-grace"}},
		{name: "a delay within the grace", changes: []string{image, started("[traefik, --entryPoints.web.transport.lifeCycle.requestAcceptGraceTimeout=20s]")}},
		{name: "a drain of Thanos' that is too long", changes: []string{image, started("[thanos, query, --http-grace-period=2m]")}, want: []string{"note drain-outlasts-grace"}},
		{name: "a release's own stop", changes: []string{image, started("[/app/bin/chat, start]"), preStop5, "lifecycle: {preStop: {exec: {command: [/app/bin/chat, stop]}}}"}, want: []string{"warning prestop-quits-early", "note prestop-length-unknown"}},
		{name: "another program's own stop", changes: []string{image, started("[/app/bin/chat, start]"), preStop5, "lifecycle: {preStop: {exec: {command: [/opt/agent, stop]}}}"}, want: []string{"note prestop-length-unknown", "note prestop-needs-binary"}},
		{name: "a reloader", changes: []string{image, started("[python, manage.py, runserver]")}, want: []string{"warning reloader-cuts"}},
		{name: "nginx whose image names no signal", changes: []string{image, "        image: bitnami/nginx:1.27\n"}, want: []string{"warning sigterm-cuts"}},
		{name: "an old nginx", changes: []string{image, "        image: nginx:1.16\n"}, want: []string{"warning sigterm-cuts"}},
		{name: "unicorn", changes: []string{image, started("[bundle, exec, unicorn, -c, unicorn.rb]")}, want: []string{"note sigterm-cuts"}},
		{name: "lighttpd that its hook ends", changes: []string{image, started("[lighttpd, -D, -f, l.conf]"), preStop5, "lifecycle: {preStop: {exec: {command: [sh, -c, 'sleep 5; kill -INT 1; while kill -0 1; do sleep 1; done']}}}"}, want: []string{"note prestop-length-unknown", "note prestop-needs-binary"}},
		{name: "nginx whose image names its signal", changes: []string{image, "        image: nginx:1.27\n"}},
		{name: "nginx whose image is not known", changes: []string{image, "        image: registry.example/nginx:1.27\n"}},
		{name: "nginx whose image names no signal, and the pod does", changes: []string{image, "        image: bitnami/nginx:1.27\n", preStop5, "lifecycle: {stopSignal: SIGQUIT, preStop: {sleep: {seconds: 5}}}", grace30, grace30 + "\n      os: {name: linux}"}},
		{name: "pm2", changes: []string{image, started("[pm2-runtime, app.js]")}, want: []string{"warning pm2-kills"}},
		{name: "pm2 with its settings", changes: []string{image, started("[pm2-runtime, start, ecosystem.config.js]")}, want: []string{"note pm2-kills"}},
		{name: "pm2 with an option that it does not have", changes: []string{image, started("[pm2-runtime, app.js, --kill-timeout, '20000']")}, want: []string{"warning pm2-kills"}},
		{name: "pm2, a program that ends in cjs", changes: []string{image, started("[pm2-docker, server.cjs]")}, want: []string{"warning pm2-kills"}},
		{name: "pm2 that is told to wait for no longer", changes: []string{image, started("[pm2-runtime, app.js]") + "        env: [{name: PM2_KILL_TIMEOUT, value: '1000'}]\n"}, want: []string{"warning pm2-kills"}},
		{name: "pm2 that is told to wait by a variable", changes: []string{image, started("[pm2-runtime, ecosystem.config.js]") + "        env: [{name: PM2_KILL_TIMEOUT, value: '20000'}]\n"}},
		{name: "a server without a handler", changes: []string{image, started("[waitress-serve, shop:app]")}, want: []string{"warning sigterm-unhandled"}},
		{name: "Tomcat's script", changes: []string{image, started("[catalina.sh, run]")}},
		{name: "a proxy in the background", changes: []string{image, started("[sh, -c, nginx & exec gunicorn app]")}, want: []string{"note shell-cuts-short"}},
		{name: "a proxy in the background, ended by the hook", changes: []string{image, started("[sh, -c, nginx & exec gunicorn app]"), preStop5, exec("[sh, -c, sleep 5; nginx -s quit; sleep 5]")}},
		{name: "what a proxy asks in the background", changes: []string{image, started("[sh, -c, \"php-fpm & exec nginx -g 'daemon off;'\"]")}},
		{name: "a shell, and a hook that ends the program", changes: []string{image, started("[sh, -c, vault server | tee log]"), preStop5, exec("[sh, -c, sleep 5; kill $(pidof vault)]")}},
		{name: "a shell, and a hook that may end the program", changes: []string{image, started("[sh, -c, ./start | tee log]"), preStop5, exec("[sh, -c, sleep 5; kill $(pidof vault)]")}, want: []string{"note shell-pid-1"}},
		{name: "a shell, and a hook that ends the program too late", changes: []string{image, started("[sh, -c, vault server | tee log]"), preStop5, exec("[sh, -c, sleep 40; kill $(pidof vault)]")}, want: []string{"error prestop-eats-grace", "warning shell-pid-1"}},
		{name: "a hook that is run by what starts the container", changes: []string{image, started("[bash, -c, exec app]"), preStop5, exec("[sh, -c, sleep 5]")}},
		{name: "a hook of a shell that starts nothing", changes: []string{image, started("[app]"), preStop5, exec("[bash, -c, sleep 5]")}, want: []string{"note prestop-needs-binary"}},
		{name: "a hook of an image of Docker Hub's own", changes: []string{image, "        image: rabbitmq:4\n", preStop5, exec("[sh, -c, sleep 5]")}, want: []string{"note prestop-needs-binary"}},
		{name: "a hook of an image that holds sh", changes: []string{image, "        image: python:3.13\n", preStop5, exec("[sh, -c, sleep 5]")}},
		{name: "a hook of a shell that Alpine lacks", changes: []string{image, "        image: python:3.13-alpine\n", preStop5, exec("[bash, -c, sleep 5]")}, want: []string{"warning prestop-fails"}},
		{name: "Istio's gateway that drains for long", changes: []string{image, "        image: docker.io/istio/proxyv2:1.20.0\n        args: [proxy, router]\n        env: [{name: TERMINATION_DRAIN_DURATION_SECONDS, value: '20'}]\n", lifecycle, ""}},
		{name: "Istio's gateway that drains for 2 s", changes: []string{image, "        image: docker.io/istio/proxyv2:1.20.0\n        args: [proxy, router]\n        env: [{name: TERMINATION_DRAIN_DURATION_SECONDS, value: '2'}]\n", lifecycle, ""}, want: []string{"note no-prestop"}},
		{name: "Istio's gateway that drains until it is idle", changes: []string{image, "        image: docker.io/istio/proxyv2:1.20.0\n        args: [proxy, router]\n        env: [{name: EXIT_ON_ZERO_ACTIVE_CONNECTIONS, value: 'true'}]\n", lifecycle, ""}},
		{name: "Istio's gateway without a preStop", changes: []string{image, "        image: docker.io/istio/proxyv2:1.20.0\n        args: [proxy, router]\n", lifecycle, ""}, want: []string{"note no-prestop"}},
		{name: "a request, then a sleep for all of the grace", changes: []string{preStop5, exec("[sh, -c, curl -X POST localhost/drain; sleep 30]")}, want: []string{"warning prestop-eats-grace", "note prestop-needs-binary"}},
		{name: "sleep in a chiseled image", changes: []string{image, "        image: mcr.microsoft.com/dotnet/aspnet:9.0-noble-chiseled\n", preStop5, exec("[sleep, '5']")}, want: []string{"warning prestop-fails"}},
		{name: "one pod on a port of its node", changes: []string{"containerPort: 8080", "containerPort: 8080, hostPort: 8080", replicas3, "  replicas: 1\n"}, want: []string{"warning one-replica", "note host-port-surge"}},
		{name: "a signal to pause", changes: []string{preStop5, exec("[sh, -c, sleep 5; kill 1]"), grace30, grace30 + "\n      shareProcessNamespace: true"}, want: []string{"warning prestop-signals-elsewhere", "note prestop-needs-binary"}},
		{name: "a service without ports", changes: []string{"  ports: [{port: 80, targetPort: http}]\n", ""}, want: []string{"error refused"}},
		{name: "a headless service without ports", changes: []string{"  ports: [{port: 80, targetPort: http}]\n", "  clusterIP: None\n"}, want: []string{"note headless"}},
		{name: "a name outside without ports", changes: []string{service + "  ports: [{port: 80, targetPort: http}]\n", "  type: ExternalName\n  externalName: example.com\n"}},
		{name: "a part of a service that was read", more: "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {selector: {app: web, colour: green}}\n"},
		{name: "a deadline of pods that run on", changes: []string{grace30, grace30 + "\n      activeDeadlineSeconds: 100"}, want: []string{"error refused"}},
		{name: "containers to debug in a template", changes: []string{grace30, grace30 + "\n      ephemeralContainers: [{name: debug, image: debug}]"}, want: []string{"error refused"}},
		{name: "a hook on Windows", changes: []string{grace30, grace30 + "\n      nodeSelector: {kubernetes.io/os: windows}", preStop5, exec("[sleep 5]")}, want: []string{"note prestop-length-unknown", "note prestop-needs-binary"}},

		{name: "stopSignal SIGKILL", changes: []string{preStop5, "lifecycle: {stopSignal: SIGKILL, preStop: {sleep: {seconds: 5}}}", grace30, grace30 + "\n      os: {name: linux}"}, want: []string{"error stop-signal"}},
		{name: "stopSignal without an os", changes: []string{preStop5, "lifecycle: {stopSignal: SIGTERM, preStop: {sleep: {seconds: 5}}}"}, want: []string{"warning stop-signal"}},
		{name: "stopSignal SIGUSR1 of Node.js", changes: []string{image, started("[node, a.js]"), preStop5, "lifecycle: {stopSignal: SIGUSR1, preStop: {sleep: {seconds: 5}}}", grace30, grace30 + "\n      os: {name: linux}"}, want: []string{"note stop-signal"}},
		{name: "stopSignal SIGUSR2 of Node.js", changes: []string{image, started("[node, a.js]"), preStop5, "lifecycle: {stopSignal: SIGUSR2, preStop: {sleep: {seconds: 5}}}", grace30, grace30 + "\n      os: {name: linux}"}},
		{name: "stopSignal SIGQUIT of a JVM", changes: []string{image, started("[java, -jar, a.jar]"), preStop5, "lifecycle: {stopSignal: SIGQUIT, preStop: {sleep: {seconds: 5}}}", grace30, grace30 + "\n      os: {name: linux}"}, want: []string{"warning stop-signal"}},
		{name: "a hook's kill by a name that dash does not know", changes: []string{preStop5, "lifecycle: {preStop: {exec: {command: [sh, -c, kill -SIGTERM 1; sleep 5]}}}"}, want: []string{"note prestop-needs-binary", "note prestop-quits-early"}},
		{name: "a hook's kill by a name that Alpine's sh knows", changes: []string{image, "        image: alpine:3\n", preStop5, "lifecycle: {preStop: {exec: {command: [sh, -c, kill -SIGTERM 1; sleep 5]}}}"}, want: []string{"warning prestop-quits-early"}},
		{name: "a hook's kill that is a program", changes: []string{preStop5, "lifecycle: {preStop: {exec: {command: [kill, -SIGTERM, '1']}}}"}, want: []string{"warning prestop-quits-early", "note prestop-needs-binary"}},
		{name: "a hook's kill in dash", changes: []string{preStop5, "lifecycle: {preStop: {exec: {command: [dash, -c, kill -s SIGTERM 1; sleep 5]}}}"}, want: []string{"note prestop-needs-binary"}},
		{name: "a grace of 1 s without a hook", changes: []string{lifecycle, "", grace30, strings.Replace(grace30, "30", "1", 1)}, want: []string{"warning no-prestop", "note grace-short"}},
		{name: "a grace of 2 s without a hook", changes: []string{lifecycle, "", grace30, strings.Replace(grace30, "30", "2", 1)}, want: []string{"warning no-prestop"}},
		{name: "stopSignal SIGTERM", changes: []string{preStop5, "lifecycle: {stopSignal: SIGTERM, preStop: {sleep: {seconds: 5}}}", grace30, grace30 + "\n      os: {name: linux}"}},
		{name: "stopSignal SIGTERM of nginx", changes: []string{image, "        image: nginx:1.27\n", preStop5, "lifecycle: {stopSignal: SIGTERM, preStop: {sleep: {seconds: 5}}}", grace30, grace30 + "\n      os: {name: linux}"}, want: []string{"warning stop-signal"}},
		{name: "stopSignal SIGTERM of httpd", changes: []string{image, "        image: httpd:2.4\n", preStop5, "lifecycle: {stopSignal: SIGTERM, preStop: {sleep: {seconds: 5}}}", grace30, grace30 + "\n      os: {name: linux}"}, want: []string{"warning stop-signal"}},
		{name: "stopSignal SIGQUIT of nginx", changes: []string{image, "        image: nginx:1.27\n", preStop5, "lifecycle: {stopSignal: SIGQUIT, preStop: {sleep: {seconds: 5}}}", grace30, grace30 + "\n      os: {name: linux}"}},
		{name: "stopSignal SIGINT of gunicorn", changes: []string{image, started("[gunicorn, 'app:app']"), preStop5, "lifecycle: {stopSignal: SIGINT, preStop: {sleep: {seconds: 5}}}", grace30, grace30 + "\n      os: {name: linux}"}, want: []string{"warning stop-signal"}},
		{name: "grace 0", changes: []string{grace30, "terminationGracePeriodSeconds: 0", preStop5, exec("[/drain]")}, want: []string{"error grace-zero", "note prestop-needs-binary"}},
		{name: "grace 0, which the sleep does not fit in", changes: []string{grace30, "terminationGracePeriodSeconds: 0"}, want: []string{"error grace-zero", "error refused"}},
		{name: "grace below 0", changes: []string{grace30, "terminationGracePeriodSeconds: -5", preStop5, exec("[sleep, '3']")}, want: []string{"error prestop-eats-grace", "warning grace-zero", "note prestop-needs-binary"}},
		{name: "grace below 0, which no sleep fits in", changes: []string{grace30, "terminationGracePeriodSeconds: -5"}, want: []string{"error refused", "warning grace-zero"}},
		{name: "a hook without a handler", changes: []string{preStop5, "lifecycle: {preStop: {}}"}, want: []string{"error refused"}},
		{name: "a hook with two handlers", changes: []string{preStop5, "lifecycle: {preStop: {sleep: {seconds: 5}, exec: {command: [/drain]}}}"}, want: []string{"error refused"}},
		{name: "a probe without a handler", changes: []string{readiness, "        readinessProbe: {}\n"}, want: []string{"error refused"}},
		{name: "a hook without a command", changes: []string{preStop5, "lifecycle: {preStop: {exec: {}}}"}, want: []string{"error refused"}},
		{name: "a probe with an empty command", changes: []string{readiness, "        readinessProbe: {exec: {command: []}}\n"}, want: []string{"error refused"}},
		{name: "a variable as a hook's command", changes: []string{preStop5, "env: [{name: WAIT, value: \"5\"}]\n        lifecycle: {preStop: {exec: {command: [sh, -c, sleep $(WAIT)]}}}"}, want: []string{"warning prestop-fails"}},
		{name: "grace left out", changes: []string{"      " + grace30 + "\n", ""}},
		{name: "exec sleep", changes: []string{preStop5, exec("[sleep, '5']")}, want: []string{"note prestop-needs-binary"}},
		{name: "exec sh -c sleep", changes: []string{preStop5, exec("[/bin/sh, -c, sleep 1]")}, want: []string{"warning prestop-short", "note prestop-needs-binary"}},
		{name: "exec sleep in the background", changes: []string{preStop5, exec("[sh, -c, sleep 10 &]")}, want: []string{"note prestop-length-unknown", "note prestop-needs-binary"}},
		{name: "exec of something", changes: []string{preStop5, exec("[/drain]")}, want: []string{"note prestop-length-unknown", "note prestop-needs-binary"}},
		{name: "httpGet", changes: []string{preStop5, "lifecycle: {preStop: {httpGet: {path: /drain, port: 8080}}}"}, want: []string{"note prestop-length-unknown"}},

		{name: "sh -c", changes: []string{image, started("[sh, -c, python app.py]")}, want: []string{"warning shell-pid-1"}},
		{name: "sh -c in args", changes: []string{image, started("[/bin/sh]") + "        args: ['-ec', 'python app.py']\n"}, want: []string{"warning shell-pid-1"}},
		{name: "sh -c exec", changes: []string{image, started("[sh, -c, exec python app.py]")}},
		{name: "bash -c", changes: []string{image, started("[bash, -c, python app.py]")}},
		{name: "bash -c of two", changes: []string{image, started("[bash, -c, migrate && python app.py]")}, want: []string{"note shell-pid-1"}},
		{name: "a script", changes: []string{image, started("[sh, /start.sh]")}, want: []string{"note shell-pid-1"}},
		{name: "sh -c of Alpine", changes: []string{image, "        image: node:22-alpine\n        command: [sh, -c, node server.js]\n"}, want: []string{"note shell-pid-1"}},
		{name: "sh -c of UBI", changes: []string{image, "        image: registry.access.redhat.com/ubi9/nodejs-22:1\n        command: [sh, -c, node server.js]\n"}},
		{name: "sh -c of MinIO's", changes: []string{image, "        image: quay.io/minio/minio:RELEASE.2025\n        command: [/bin/sh, -ce, /usr/bin/docker-entrypoint.sh minio server /data]\n"}},
		{name: "sh -c with words of Alpine behind", changes: []string{image, "        image: node:22-alpine\n        command: [sh, -c, node server.js; true]\n"}, want: []string{"warning shell-pid-1"}},
		{name: "options behind -c", changes: []string{image, started("[sh, -c, -x, exec app]")}},
		{name: "a pipe behind bash -c --", changes: []string{image, started("[bash, -c, --]") + "        args: ['cd /srv && python app.py | tee log']\n"}, want: []string{"warning shell-pid-1"}},
		{name: "exec is not last", changes: []string{image, started("[sh, -c, exec app || exit 1]")}},
		{name: "exec on some paths", changes: []string{image, started("[sh, -c, 'if x; then exec a; fi; b']")}, want: []string{"note shell-pid-1"}},
		{name: "a trap behind a program", changes: []string{image, started(`[sh, -c, "trap 'kill 0' TERM; app"]`)}, want: []string{"warning shell-pid-1"}},
		{name: "a trap that waits", changes: []string{image, started(`[sh, -c, "trap 'kill $p; wait $p' TERM; app & p=$!; wait"]`)}},
		{name: "a trap that does not wait", changes: []string{image, started(`[sh, -c, "trap 'kill $p' TERM; app & p=$!; wait"]`)}, want: []string{"warning shell-cuts-short"}},
		{name: "a trap that does not wait, under tini", changes: []string{image, started(`[tini, --, bash, -c, "trap 'kill $p' TERM; app & p=$!; wait $p"]`)}, want: []string{"warning shell-cuts-short"}},
		{name: "a trap and a second wait", changes: []string{image, started(`[sh, -c, "trap 'kill $p' TERM; app & p=$!; wait $p; wait $p"]`)}, want: nil},
		{name: "a trap in double quotes before its program", changes: []string{image, started(`[sh, -c, 'trap "kill $p; wait $p" TERM; app & p=$!; wait $p']`)}, want: []string{"warning shell-pid-1"}},
		{name: "a trap in double quotes behind its program", changes: []string{image, started(`[sh, -c, 'app & p=$!; trap "kill $p; wait $p" TERM; wait $p']`)}},
		{name: "a trap that only returns", changes: []string{image, started(`[sh, -c, 'trap : TERM; app & wait $!; kill $!; wait $!']`)}},
		{name: "a trap that kills", changes: []string{image, started(`[sh, -c, "trap 'kill -9 $p; wait' TERM; app & p=$!; wait"]`)}, want: []string{"warning shell-cuts-short"}},
		{name: "a server in the background behind exec tail", changes: []string{image, started("[sh, -c, nginx && exec tail -f /dev/null]")}, want: []string{"warning shell-pid-1"}},
		{name: "one that its hook quits", changes: []string{image, "        image: nginx:1.27\n        command: [sh, -c, nginx && exec tail -f /dev/null]\n", preStop5, exec("[sh, -c, sleep 5; nginx -s quit; sleep 10]")}},
		{name: "a hook that asks the server to end", changes: []string{preStop5, exec("[curl, -XPOST, 'http://localhost:8080/actuator/shutdown']")}, want: []string{"warning prestop-quits-early", "note prestop-length-unknown", "note prestop-needs-binary"}},
		{name: "a hook that sleeps and asks it", changes: []string{preStop5, exec("[sh, -c, 'sleep 5; wget -qO- --post-data= localhost:8080/actuator/shutdown']")}, want: []string{"note prestop-length-unknown", "note prestop-needs-binary"}},
		{name: "a hook that ends a database in capitals", changes: []string{preStop5, exec("[redis-cli, SHUTDOWN]")}, want: []string{"warning prestop-quits-early", "note prestop-needs-binary"}},
		{name: "a hook that waits for a controller", changes: []string{preStop5, exec("[/wait-shutdown]")}, want: []string{"note prestop-length-unknown", "note prestop-needs-binary", "note prestop-quits-early"}},
		{name: "a hook that waits for a controller at once", changes: []string{preStop5, exec("[/wait-shutdown]") + "\n        args: [/nginx-ingress-controller]"}, want: []string{"warning prestop-quits-early", "note prestop-length-unknown", "note prestop-needs-binary"}},
		{name: "a hook that waits for a controller that waits", changes: []string{preStop5, exec("[/wait-shutdown]") + "\n        args: [/nginx-ingress-controller, --shutdown-grace-period=5]"}, want: []string{"note prestop-length-unknown", "note prestop-needs-binary"}},
		{name: "flock", changes: []string{image, started("[flock, /lock, node, server.js]")}, want: []string{"warning shell-pid-1"}},
		{name: "flock under tini", changes: []string{image, started("[tini, --, flock, /lock, node, server.js]")}, want: []string{"warning shell-cuts-short"}},
		{name: "a hook that asks at an unknown port", changes: []string{preStop5, "lifecycle: {preStop: {httpGet: {path: /drain, port: admin}}}"}, want: []string{"warning prestop-fails"}},
		{name: "a hook that kills another", changes: []string{image, "        image: nginx:1.27\n", preStop5, exec("[sh, -c, pkill crond; sleep 5]")}},
		{name: "a hook that kills who knows whom", changes: []string{preStop5, exec("[sh, -c, pkill fluent-bit; sleep 5]")}, want: []string{"note prestop-needs-binary", "note prestop-quits-early"}},
		{name: "a trap that only exits", changes: []string{image, started(`[sh, -c, "trap 'exit 0' TERM; app & wait"]`)}, want: []string{"warning shell-cuts-short"}},
		{name: "a sourced file, then a program by its path", changes: []string{image, started("[sh, -c, . /env && /app/server]")}, want: []string{"warning shell-pid-1"}},
		{name: "go run", changes: []string{image, started("[go, run, ./cmd/server]")}, want: []string{"note shell-pid-1"}},
		{name: "a sourced file", changes: []string{image, started("[sh, -c, . /env && app]")}, want: []string{"note shell-pid-1"}},
		{name: "a variable of Kubernetes", changes: []string{image, started("[sh, -c, $(START)]")}, want: []string{"note shell-pid-1"}},
		{name: "a known variable of Kubernetes", changes: []string{image, started("[sh, -c, $(START)]") + "        env: [{name: START, value: exec app}]\n"}},
		{name: "npm", changes: []string{image, started("[npm, start]")}, want: []string{"note shell-pid-1"}},
		{name: "yarn under dumb-init", changes: []string{image, started("[dumb-init, yarn, start]")}, want: []string{"note shell-pid-1"}},
		{name: "bundle exec", changes: []string{image, started("[bundle, exec, puma]")}},
		{name: "su before the program", changes: []string{image, "        image: debian:12\n        command: [su, -s, /bin/sh, -c, exec app, web]\n"}, want: []string{"warning shell-cuts-short"}},
		{name: "su before the program, of Fedora", changes: []string{image, "        image: fedora:42\n        command: [su, -s, /bin/sh, -c, exec app, web]\n"}, want: []string{"warning shell-cuts-short"}},
		{name: "su before the program, of Alpine", changes: []string{image, "        image: alpine:3\n        command: [su, -s, /bin/sh, -c, exec app, web]\n"}},
		{name: "runuser before the program", changes: []string{image, started("[dumb-init, runuser, -u, web, --, app]")}, want: []string{"warning shell-cuts-short"}},
		{name: "a shell on Windows", changes: []string{image, started("[sh, -c, app]"), grace30, grace30 + "\n      os: {name: windows}"}},
		{name: "a shell beside", changes: []string{"      containers:\n", "      containers:\n      - {name: log, image: log, command: [sh, -c, fluent-bit]}\n"}, want: []string{"note shell-pid-1"}},
		{name: "tini before a program", changes: []string{image, started("[tini, --, python, app.py]")}},
		{name: "tini before exec", changes: []string{image, started("[tini, --, sh, -c, exec python app.py]")}},
		{name: "tini before a shell", changes: []string{image, started("[tini, --, sh, -c, python app.py]")}, want: []string{"warning shell-cuts-short"}},
		{name: "tini before bash", changes: []string{image, started("[tini, --, bash, -c, migrate && python app.py]")}, want: []string{"note shell-cuts-short"}},
		{name: "tini -g", changes: []string{image, started("[tini, -g, --, sh, -c, python app.py]")}, want: []string{"note shell-cuts-short"}},
		{name: "tini -g before dash", changes: []string{image, started("[tini, -g, --, dash, -c, migrate && python app.py]")}, want: []string{"warning shell-cuts-short"}},
		{name: "tini -g before bash", changes: []string{image, started("[tini, -g, --, bash, -c, migrate && python app.py]")}, want: []string{"note shell-cuts-short"}},
		{name: "tini -g before Alpine's sh", changes: []string{image, "        image: python:3-alpine\n        command: [tini, -g, --, sh, -c, python app.py | tee log]\n"}, want: []string{"warning shell-cuts-short"}},
		{name: "tini -g before exec", changes: []string{image, started("[tini, -g, --, sh, -c, migrate && exec python app.py]")}},
		{name: "dumb-init before a shell with a trap", changes: []string{image, started("[dumb-init, sh, -c, 'trap : TERM; python app.py; true']")}},
		{name: "dumb-init before a shell that ignores", changes: []string{image, started(`[dumb-init, bash, -c, "trap '' TERM; python app.py; true"]`)}},
		{name: "dumb-init before a trap and a second wait", changes: []string{image, started("[dumb-init, bash, -c, 'trap : TERM; python app.py & wait; wait']")}},
		{name: "dumb-init before a trap and one wait", changes: []string{image, started("[dumb-init, bash, -c, 'trap : TERM; python app.py & wait']")}, want: []string{"warning shell-cuts-short"}},
		{name: "dumb-init before a trap that does not wait", changes: []string{image, started(`[dumb-init, bash, -c, "trap 'kill $p' TERM; python app.py & p=$!; wait $p"]`)}, want: []string{"warning shell-cuts-short"}},
		{name: "dumb-init before another in the background", changes: []string{image, started("[dumb-init, sh, -c, crond & exec python app.py]")}},
		{name: "dumb-init before the server in the background", changes: []string{image, started("[dumb-init, sh, -c, python app.py & exec sleep infinity]")}, want: []string{"warning shell-cuts-short"}},
		{name: "dumb-init before a script", changes: []string{image, started("[dumb-init, sh, /start.sh]")}, want: []string{"note shell-pid-1"}},
		{name: "tini told by its environment", changes: []string{image, started("[tini, --, sh, -c, python app.py]") + "        env: [{name: TINI_KILL_PROCESS_GROUP, value: '1'}]\n"}, want: []string{"note shell-cuts-short"}},
		{name: "dumb-init", changes: []string{image, started("[dumb-init, sh, -c, python app.py]")}, want: []string{"note shell-cuts-short"}},
		{name: "a program", changes: []string{image, started("[python, -c, 'import app; app.main()']")}},
		{name: "args of an image that runs them", changes: []string{image, "        image: node:22\n        args: [npm, start]\n"}, want: []string{"note shell-pid-1"}},
		{name: "args of an image with an entrypoint", changes: []string{image, "        image: node:22\n        args: ['--inspect', server.js]\n"}},
		{name: "args alone", changes: []string{image, image + "        args: [sh, -c, python app.py]\n"}, want: []string{"note shell-pid-1"}},
		{name: "args alone of a loop", changes: []string{image, image + "        args: [/bin/bash, -c, while true; do python app.py; done]\n"}, want: []string{"note shell-pid-1"}},
		{name: "args alone of exec", changes: []string{image, image + "        args: [sh, -c, migrate && exec python app.py]\n"}},
		{name: "args alone of who knows", changes: []string{image, image + "        args: [sh, -c, . /lib.sh; serve]\n"}},
		{name: "args alone of an init", changes: []string{image, image + "        args: [--, sh, -c, python app.py]\n"}},
		{name: "args alone that take themselves along", changes: []string{image, image + "        args: [bash, -c, trap 'exit 0' TERM; python app.py & wait]\n"}, want: []string{"note shell-cuts-short"}},
		{name: "apachectl", changes: []string{image, started("[apachectl, -D, FOREGROUND]")}, want: []string{"note shell-pid-1"}},
		{name: "tini before apache2ctl", changes: []string{image, started("[tini, --, /usr/sbin/apache2ctl, -DFOREGROUND]")}, want: []string{"note shell-cuts-short"}},
		{name: "apachectl to ask", changes: []string{image, started("[apachectl, -V]")}},
		{name: "shared process namespace", changes: []string{image, started("[sh, -c, python app.py]"), "      containers:\n", "      shareProcessNamespace: true\n      containers:\n"}, want: []string{"warning shell-cuts-short"}},

		{name: "tini and a shared process namespace", changes: []string{image, started("[tini, --, sh, -c, python app.py]"), "      containers:\n", "      shareProcessNamespace: true\n      containers:\n"}, want: []string{"warning shell-cuts-short"}},

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
		{name: "readiness with a grace", changes: []string{"port: http}}", "port: http}, terminationGracePeriodSeconds: 5}"}, want: []string{"error refused"}},
		{name: "liveness with a grace of 0", changes: []string{image, liveness("httpGet: {path: /live, port: http}, initialDelaySeconds: 5, terminationGracePeriodSeconds: 0")}, want: []string{"error refused"}},
		{name: "readiness at a name that is not there", changes: []string{"port: http}}", "port: web}}"}, want: []string{"warning probe-port-unknown"}},
		{name: "readiness by a script without -c", changes: []string{readiness, "        readinessProbe: {exec: {command: [sh, curl -f localhost]}}\n"}, want: []string{"warning probe-fails"}},
		{name: "readiness by a line as one word", changes: []string{readiness, "        readinessProbe: {exec: {command: ['curl -f http://localhost:8080/']}}\n"}, want: []string{"warning probe-fails"}},
		{name: "readiness by words", changes: []string{readiness, "        readinessProbe: {exec: {command: [curl, -f, 'http://localhost:8080/']}}\n"}},
		{name: "readiness by a name that the kubelet replaces", changes: []string{readiness, "        env: [{name: ASK, value: /ask}]\n        readinessProbe: {exec: {command: [$(ASK)]}}\n"}},
		{name: "readiness of the node", changes: []string{"httpGet: {path: /ready, port: http}", "httpGet: {path: /ready, port: http, host: localhost}"}, want: []string{"warning probe-fails"}},
		{name: "readiness of the node's own", changes: []string{"httpGet: {path: /ready, port: http}", "httpGet: {path: /ready, port: http, host: 127.0.0.1}", grace30, grace30 + "\n      hostNetwork: true"}, want: []string{"note host-port-surge"}},
		{name: "readiness of the node's own, at a port that is not declared", changes: []string{"httpGet: {path: /ready, port: http}", "httpGet: {path: /ready, port: 9879, host: 127.0.0.1}", grace30, grace30 + "\n      hostNetwork: true", "        ports: [{name: http, containerPort: 8080}]\n", "", webService, othersService}},
		{name: "readiness that proves nothing", changes: []string{readiness, "        readinessProbe: {exec: {command: ['true']}}\n"}, want: []string{"warning no-readiness-probe"}},
		{name: "a startup probe alone", changes: []string{readiness, "        startupProbe: {httpGet: {path: /ready, port: http}}\n"}, want: []string{"note no-readiness-probe"}},
		{name: "a startup probe alone that proves nothing", changes: []string{readiness, "        startupProbe: {exec: {command: [sh, -c, exit 0]}}\n"}, want: []string{"warning no-readiness-probe"}},
		{name: "headless, without a hook", changes: []string{service, service + "  clusterIP: None\n", preStop5, ""}, want: []string{"note no-prestop", "note headless"}},
		{name: "headless, with a short hook", changes: []string{service, service + "  clusterIP: None\n", preStop5, "lifecycle: {preStop: {sleep: {seconds: 1}}}"}, want: []string{"note prestop-short", "note headless"}},
		{name: "readiness by gRPC", changes: []string{"httpGet: {path: /ready, port: http}", "grpc: {port: 8080}"}},
		{name: "readiness by gRPC elsewhere", changes: []string{"httpGet: {path: /ready, port: http}", "grpc: {port: 9090}"}, want: []string{"note readiness-other-port"}},
		{name: "no readiness probe but a gate", changes: []string{readiness, "", grace30, grace30 + "\n      readinessGates: [{conditionType: example.com/warm}]"}, want: []string{"note no-readiness-probe"}},
		{name: "liveness as readiness", changes: []string{image, liveness("httpGet: {path: /ready, port: http}, initialDelaySeconds: 5")}, want: []string{"note liveness-same-as-readiness"}},
		{name: "liveness as readiness, eager", changes: []string{image, liveness("httpGet: {path: /ready, port: http}, initialDelaySeconds: 5, periodSeconds: 1")}, want: []string{"warning liveness-eager"}},
		{name: "liveness at start", changes: []string{image, liveness("httpGet: {path: /live, port: http}")}, want: []string{"note liveness-at-start"}},
		{name: "liveness after startup", changes: []string{image, liveness("httpGet: {path: /live, port: http}") + "        startupProbe: {httpGet: {path: /live, port: http}}\n"}},

		{name: "one replica", changes: []string{replicas3, "", budget1, "  maxUnavailable: 1\n"}, want: []string{"warning one-replica"}},
		{name: "no replicas", changes: []string{replicas3, "  replicas: 0\n"}},
		{name: "autoscaled from 1", more: fmt.Sprintf(autoscaler, 1), want: []string{"warning one-replica", "note replicas-beside-autoscaler"}},
		{name: "autoscaled from 2", changes: []string{replicas3, ""}, more: fmt.Sprintf(autoscaler, 2)},
		{name: "one of a StatefulSet", changes: []string{"kind: Deployment", "kind: StatefulSet", replicas3, ""}, want: []string{"error one-replica"}},
		{name: "Recreate", changes: []string{replicas3, strategy("type: Recreate")}, want: []string{"error recreate"}},
		{name: "maxUnavailable of all", changes: []string{replicas3, strategy("rollingUpdate: {maxUnavailable: 3}")}, want: []string{"error rollout-leaves-none"}},
		{name: "maxUnavailable 99% rounds down", changes: []string{replicas3, strategy("rollingUpdate: {maxUnavailable: 99%}")}},
		{name: "maxUnavailable 100%", changes: []string{replicas3, strategy("rollingUpdate: {maxUnavailable: 100%}")}, want: []string{"error rollout-leaves-none"}},
		{name: "both 0", changes: []string{replicas3, "  replicas: 1\n  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}\n"}, want: []string{"error refused", "warning one-replica"}},
		{name: "both come to 0, which makes one unavailable", changes: []string{replicas3, "  replicas: 1\n  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1%}}\n"}, want: []string{"error rollout-leaves-none", "warning one-replica"}},
		{name: "half", changes: []string{replicas3, "  replicas: 2\n  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}\n"}, want: []string{"note rollout-halves"}},
		{name: "a third", changes: []string{replicas3, strategy("rollingUpdate: {maxSurge: 0, maxUnavailable: 1}")}},
		{name: "DaemonSet at once", changes: []string{"kind: Deployment", "kind: DaemonSet", replicas3, "  updateStrategy: {rollingUpdate: {maxUnavailable: 100%}}\n"}, want: []string{"error rollout-leaves-none"}},
		{name: "DaemonSet one by one", changes: []string{"kind: Deployment", "kind: DaemonSet", replicas3, ""}},
		{name: "host port", changes: []string{"containerPort: 8080", "containerPort: 8080, hostPort: 8080"}, want: []string{"note host-port-surge"}},
		{name: "a port of the node that is not declared", changes: []string{"        ports: [{name: http, containerPort: 8080}]\n", "", "port: http}}", "port: 8080}}", "targetPort: http", "targetPort: 8080", grace30, grace30 + "\n      hostNetwork: true"}, want: []string{"note host-port-surge"}},
		{name: "a port that is not declared", changes: []string{"        ports: [{name: http, containerPort: 8080}]\n", "", "port: http}}", "port: 8080}}", "targetPort: http", "targetPort: 8080"}},
		{name: "host port without surge", changes: []string{"containerPort: 8080", "containerPort: 8080, hostPort: 8080", replicas3, strategy("rollingUpdate: {maxSurge: 0}")}},

		{name: "no budget", changes: []string{"matchLabels: {app: web}}\n  template", "matchLabels: {app: web}}\n  template", "  maxUnavailable: 1\n  selector: {matchLabels: {app: web}}", "  maxUnavailable: 1\n  selector: {matchLabels: {app: api}}"}, want: []string{"note no-budget"}},
		{name: "maxUnavailable 0", changes: []string{budget1, "  maxUnavailable: 0\n"}, want: []string{"warning budget-blocks"}},
		{name: "maxUnavailable 1% rounds up", changes: []string{budget1, "  maxUnavailable: 1%\n"}},
		{name: "neither number", changes: []string{budget1, ""}, want: []string{"warning budget-blocks"}},
		{name: "minAvailable 3 of 3", changes: []string{budget1, "  minAvailable: 3\n"}, want: []string{"warning budget-blocks"}},
		{name: "minAvailable 2 of 3", changes: []string{budget1, "  minAvailable: 2\n"}},
		{name: "minAvailable 67% of 3 rounds up", changes: []string{budget1, "  minAvailable: 67%\n"}, want: []string{"warning budget-blocks"}},
		{name: "two budgets", more: secondBudget, want: []string{"warning several-budgets"}},
		{name: "two budgets, two namespaces", more: strings.Replace(secondBudget, "shop", "other", 1)},

		{name: "not ready addresses", changes: []string{service, service + "  publishNotReadyAddresses: true\n"}, want: []string{"warning publishes-not-ready"}},
		{name: "not ready addresses for peers", changes: []string{service, service + "  publishNotReadyAddresses: true\n  clusterIP: None\n"}, want: []string{"note publishes-not-ready", "note headless"}},
		{name: "another's service", changes: []string{webService, othersService + "  publishNotReadyAddresses: true\n"}},
		{name: "headless", changes: []string{service, service + "  clusterIP: None\n"}, want: []string{"note headless"}},
		{name: "headless for peers, beside one for users", more: "---\napiVersion: v1\nkind: Service\nmetadata: {name: peers, namespace: shop}\nspec: {clusterIP: None, publishNotReadyAddresses: true, selector: {app: web}, ports: [{port: 8080, targetPort: http}]}\n"},
		{name: "the service of a StatefulSet's peers", changes: []string{"kind: Deployment", "kind: StatefulSet", replicas3, "  replicas: 3\n  serviceName: peers\n"}, more: "---\napiVersion: v1\nkind: Service\nmetadata: {name: peers, namespace: shop}\nspec: {clusterIP: None, selector: {app: web}, ports: [{port: 7800}]}\n"},
		{name: "headless for another port than users have", more: "---\napiVersion: v1\nkind: Service\nmetadata: {name: peers, namespace: shop}\nspec: {clusterIP: None, selector: {app: web}, ports: [{port: 9000}]}\n", want: []string{"note headless"}},
		{name: "affinity", changes: []string{service, service + "  sessionAffinity: ClientIP\n"}, want: []string{"note client-affinity"}},
		{name: "mesh", changes: []string{"      containers:\n", "      containers:\n      - {name: istio-proxy, image: proxy}\n"}, want: []string{"note mesh-proxy-order"}},
		// More of these is in whose_test.go.
		{name: "a balancer's one port, whatever its name", changes: []string{"name: http", "name: health", "port: http}}", "port: health}}", "targetPort: http}]\n", "targetPort: health}]\n  type: LoadBalancer\n", "        lifecycle: {preStop: {sleep: {seconds: 5}}}\n", ""}, want: []string{"warning no-prestop"}},
		{name: "a balancer of metrics", changes: []string{"metadata: {name: web, namespace: shop}\nspec:\n  selector: {app: web}\n  ports", "metadata: {name: web-metrics, namespace: shop}\nspec:\n  selector: {app: web}\n  ports", "name: http", "name: health", "port: http}}", "port: health}}", "targetPort: http}]\n", "targetPort: health}]\n  type: LoadBalancer\n", "        lifecycle: {preStop: {sleep: {seconds: 5}}}\n", ""}},
		{name: "a balancer outside", changes: []string{service, service + "  type: LoadBalancer\n  externalTrafficPolicy: Local\n"}, want: []string{"note prestop-short-for-path"}},
		{name: "a database's proxy", changes: []string{"      containers:\n", "      containers:\n      - {name: cloud-sql-proxy, image: proxy}\n"}, want: []string{"warning dependency-ends-first"}},
		{name: "an autoscaler without a group", more: strings.Replace(fmt.Sprintf(autoscaler, 2), "apiVersion: apps/v1, ", "", 1), want: []string{"warning autoscaler-finds-none"}},
		{name: "scaled to none", more: fmt.Sprintf(autoscaler, 0) + byQueue, want: []string{"warning scales-to-zero", "note replicas-beside-autoscaler"}},
		{name: "pods of the client's node alone", changes: []string{service, service + "  internalTrafficPolicy: Local\n"}, want: []string{"note local-traffic-alone"}},
		{name: "pods of all nodes", changes: []string{service, service + "  internalTrafficPolicy: Cluster\n"}},
		{name: "pods of the client's node, by a headless service", changes: []string{service, service + "  internalTrafficPolicy: Local\n" + "  clusterIP: None\n"}, want: []string{"note headless"}},
		{name: "a selector of no pods", changes: []string{service, "  selector: {app: wbe}\n"}, want: []string{"warning service-selects-none"}},
		{name: "a port's name that there is not", changes: []string{"targetPort: http", "targetPort: web"}, want: []string{"warning service-port-unknown"}},
		{name: "Recreate with a rollout", changes: []string{replicas3, strategy("type: Recreate, rollingUpdate: {maxSurge: 1}")}, want: []string{"error refused"}},
		{name: "a claim of one node", changes: []string{grace30, grace30 + "\n      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]"}, more: "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: shop}\nspec: {accessModes: [ReadWriteOnce]}\n", want: []string{"note claim-holds-rollout"}},
		{name: "a budget of a version that went", changes: []string{"policy/v1", "policy/v1beta1"}, want: []string{"error removed-api"}},
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
		"longer":          {"lifecycle: {preStop: {sleep: {seconds: 31}}}", Error, "The hook sleeps for 31 s, longer than terminationGracePeriodSeconds (30): the API server refuses the Deployment.", true},
		"command, longer": {exec("[sleep, '31']"), Error, "preStop sleeps 31 s, longer than the grace period of 30 s: the kubelet waits no longer than that, and the program is killed 2 s after SIGTERM.", false},
	} {
		t.Run(name, func(t *testing.T) {
			objects := read(t, change(t, preStop5, test.hook))
			f := Lint(objects).Findings[0]
			if (f.Rule == "refused") != test.refused || !test.refused && f.Rule != "prestop-eats-grace" || f.Severity != test.severity || f.Why != test.why {
				t.Errorf("got %s %s: %s", f.Severity, f.Rule, f.Why)
			}
			if err := patchtest.Apply(f.Place.Kind, manifestOf(t, objects, &f.Place), "{}"); (err != nil) != test.refused {
				t.Errorf("the API server says %v", err)
			}
		})
	}
}

// What is said of scripts names what they do.
func TestSentencesOfScripts(t *testing.T) {
	for name, test := range map[string]struct {
		changes   []string
		rule, why string
	}{
		"all slept before a quit": {
			[]string{preStop5, exec("[sh, -c, 'sleep 30; /usr/sbin/nginx -s quit']")},
			"prestop-eats-grace",
			"preStop sleeps at least 30 s, all of the grace period of 30 s, before it does the rest, so that it never comes to /usr/sbin/nginx -s quit: the kubelet waits no longer than that, and the program is killed 2 s after SIGTERM.",
		},
		"a quit at once": {
			[]string{preStop5, exec("[nginx, -s, quit]")},
			"prestop-quits-early",
			"preStop tells the server to stop (nginx -s quit) at once: it closes its port while the cluster's proxies send new requests for up to 2 s.",
		},
		"no -c": {
			[]string{preStop5, exec("[sh, sleep 10; kill 1]")},
			"prestop-fails",
			`preStop fails at once: sh is given no -c, so that it takes "sleep 10; kill 1" for the name of a file. SIGTERM comes without a wait, while the cluster's proxies send new requests for up to 2 s.`,
		},
		"a delay of the program's own": {
			[]string{image, image + "        args: ['-http.shutdownDelay=10s']\n", lifecycle, ""},
			"no-prestop",
			"SIGTERM comes at once, while the cluster's proxies send new requests for up to 2 s: a program that stops listening on SIGTERM turns them away. By its setting -http.shutdownDelay this one is to go on taking requests for 10 s.",
		},
		"a wait of Kong's": {
			[]string{preStop5, exec("[kong, quit, --wait=15]")},
			"prestop-length-unknown",
			"preStop takes at least 15 s, and more for a time that no manifest tells: it is missing from the grace period of 30 s.",
		},
		"a drain that is too long": {
			[]string{image, started("[uvicorn, 'app:app', --timeout-graceful-shutdown, '60']")},
			"drain-outlasts-grace",
			"By --timeout-graceful-shutdown the program may take 60 s after SIGTERM to answer what is in flight; of the grace period of 30 s preStop leaves 25 s, and then it is killed.",
		},
		"a request, then a sleep": {
			[]string{preStop5, exec("[sh, -c, 'curl localhost; sleep 6']")},
			"prestop-length-unknown",
			"preStop takes at least 6 s, and more for a time that no manifest tells: it is missing from the grace period of 30 s.",
		},
		"a pipe": {
			[]string{image, started("[bash, -c, --, 'cd /srv && python app.py | tee log']")},
			"shell-pid-1",
			"PID 1 is bash, which neither dies of SIGTERM nor passes it on: python app.py never learns that it has to stop and is killed after 30 s.",
		},
		"a trap that dash does not know": {
			[]string{image, "        image: debian:12\n        command: [dash, -c, 'trap \"kill $p; wait $p\" SIGTERM; app & p=$!; wait $p']\n"},
			"shell-pid-1",
			"Dash does not know SIGTERM in trap and kill, and it is not passed on: app never learns that it has to stop and is killed after 30 s.",
		},
		"an init": {
			[]string{image, "        image: debian:12\n        command: [tini, --, dash, -c, python app.py]\n"},
			"shell-cuts-short",
			"tini passes SIGTERM on to dash alone, which dies of it, and not to python app.py: the program gets SIGKILL at once, with what it is answering.",
		},
		"an init that signals all": {
			[]string{image, "        image: debian:12\n        command: [dumb-init, dash, -c, migrate && python app.py]\n"},
			"shell-cuts-short",
			"dumb-init passes SIGTERM on to dash and python app.py alike: dash dies of it at once, dumb-init ends with it, and the program gets SIGKILL with what it is still answering.",
		},
		"a stop signal": {
			[]string{image, "        image: haproxy:3.0\n", preStop5, "lifecycle: {stopSignal: SIGTERM, preStop: {sleep: {seconds: 5}}}", grace30, grace30 + "\n      os: {name: linux}"},
			"stop-signal",
			"stopSignal is SIGTERM; haproxy answers what is in flight before it ends only at SIGUSR1.",
		},
	} {
		var got []string
		for _, f := range Lint(read(t, change(t, test.changes...))).Findings {
			if f.Rule == test.rule {
				got = append(got, f.Why)
			}
			if strings.Contains(f.Fix, "tini") {
				t.Errorf("%s: advises an init: %s", name, f.Fix)
			}
		}
		if !slices.Equal(got, []string{test.why}) {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// What a fix says can be done, and mends what is found.
func TestFixesOfHooks(t *testing.T) {
	for name, test := range map[string]struct {
		hook, rule, fix string
	}{
		"a GET that nothing answers": {"lifecycle: {preStop: {httpGet: {host: 127.0.0.1, port: http, path: /quitquitquit}}}", "prestop-fails", "Let preStop sleep for 5 s by its own sleep action."},
		"a GET of the pod":           {"lifecycle: {preStop: {httpGet: {host: 127.0.0.1, port: http, path: /drain}}}", "prestop-fails", "Leave host out: the kubelet then asks the pod."},
		"a signal at once":           {exec("[pkill, -SIGINT, -o, ruby]"), "prestop-short", "Let preStop sleep for 5 s before it tells a program to stop (pkill -SIGINT -o ruby)."},
		"a sleep of a variable":      {exec("[sh, -c, 'sleep $DELAY']"), "prestop-needs-binary", "Use preStop's own sleep where the command only waits; it needs nothing of the image (Kubernetes 1.30 and later)."},
		"a wait for a file":          {exec("[sh, -c, 'while [ ! -f /tmp/drained ]; do sleep 1; done']"), "prestop-needs-binary", "See that the image holds it, and what its script calls."},
	} {
		var got []string
		for _, f := range Lint(read(t, change(t, preStop5, test.hook))).Findings {
			if f.Rule == test.rule {
				got = append(got, f.Fix)
			}
		}
		if !slices.Equal(got, []string{test.fix}) {
			t.Errorf("%s: got %q", name, got)
		}
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
	of := func(name, hook string) []string {
		return []string{image, "        image: " + name + "\n", preStop5, hook}
	}
	nginx := func(hook string) []string { return of("nginx:1.27", hook) }
	called := func(hook string) []string { return of("registry.example/web/nginx:1.27", hook) }
	for name, tt := range map[string]struct {
		changes   []string
		rule, fix string
		// section is the recipe's.
		section string
	}{
		"a hook that quits":            {nginx(exec("[nginx, -s, quit]")), "prestop-quits-early", "Let preStop sleep for 5 s and do nothing else: the image's own stop signal, SIGQUIT, then does what the hook does.", "#nginx"},
		"a hook that runs a script":    {nginx(exec("[/drain]")), "prestop-length-unknown", quit, "#nginx"},
		"a hook that sleeps and waits": {nginx(exec("[sh, -c, 'sleep 5; nginx -s quit; while pgrep nginx; do sleep 1; done']")), "prestop-length-unknown", "See that the longest request is answered within what is left of the grace.", "#nginx"},
		"a hook that sleeps too short": {[]string{image, started("[nginx]"), preStop5, exec("[sh, -c, 'sleep 1; nginx -s quit; sleep 9']")}, "prestop-quits-early", "Let the hook sleep for 5 s first, then quit, and wait until the server has gone, all of it within the grace.", "#nginx"},
		"a hook that fails":            {nginx(exec("[sleep]")), "prestop-fails", "Give a script to a shell as one word after -c, and let it sleep for 5 s and, unless SIGQUIT is the image's STOPSIGNAL, then send nginx SIGQUIT and wait until it has gone.", "#nginx"},
		"a stop signal in the spec":    {nginx("lifecycle: {stopSignal: SIGQUIT, preStop: {exec: {command: [/drain]}}}"), "prestop-length-unknown", "See that it takes at least 2 s and leaves enough of the grace, or sleep instead.", "#nginx"},
		"its own image, no hook":       {nginx(""), "no-prestop", "Let preStop sleep for 5 s.", "#nginx"},
		"an image that is called so":   {called(""), "no-prestop", "Let preStop sleep for 5 s and, unless SIGQUIT is the image's STOPSIGNAL, then send nginx SIGQUIT and wait until it has gone.", "#nginx"},
		"one that is, a hook":          {called(exec("[nginx, -s, quit]")), "prestop-quits-early", "Let the hook sleep for 5 s first, then quit, and wait until the server has gone, all of it within the grace.", "#nginx"},
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
