package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A patch that has two pods run at once is for programs of which nothing says that only one
// may.
func TestSecondPods(t *testing.T) {
	one := func(more ...string) []string { return append([]string{replicas3, "  replicas: 1\n"}, more...) }
	named := func(name string) []string { return one(image, "        image: "+name+"\n") }
	two := []string{`"replicas":2`}
	rolling := []string{`"type":"RollingUpdate"`}
	const onlyOne = "if the program allows for two of itself"
	lone := []string{"warning one-replica web"}
	try(t, []whose{
		{name: "a web server", changes: one(), want: lone, says: two},
		{name: "a database", changes: named("postgres:16"), want: lone, says: []string{"postgres keeps data of its own in each pod", onlyOne}, never: two},
		{name: "a database of another registry", changes: named("registry.example/bitnami/postgresql@sha256:0"), want: lone, never: two},
		{name: "a database by its command", changes: one(image, "        image: infra/cache:7\n        command: [/usr/bin/redis-server]\n"), want: lone, never: two},
		{name: "a registry of images", changes: named("registry:2"), want: lone, says: []string{"registry keeps data of its own in each pod", onlyOne}, never: two},
		{name: "a store by its maker's name", changes: named("docker.io/grafana/grafana:11.1.0"), want: lone, says: []string{"grafana/grafana keeps data of its own"}, never: two},
		{name: "a server that is called as one", changes: named("registry.example/mssql/server:1"), want: lone, says: two},
		{name: "a folder of the node", changes: one(grace30, grace30+"\n      volumes: [{name: data, hostPath: {path: /srv/data}}]", image, image+"        volumeMounts: [{name: data, mountPath: /data}]\n"), want: lone, says: []string{"is on one node"}, never: two},
		{name: "a store of Zalando's", changes: named("ghcr.io/zalando/spilo-16:3.2"), want: lone, never: two},
		{name: "a socket of the node", changes: one(grace30, grace30+"\n      volumes: [{name: agent, hostPath: {path: /var/run/datadog}}]", image, image+"        volumeMounts: [{name: agent, mountPath: /var/run/datadog}]\n"), want: lone, says: two},
		{name: "a folder of the node to read from", changes: one(grace30, grace30+"\n      volumes: [{name: data, hostPath: {path: /etc/ssl}}]", image, image+"        volumeMounts: [{name: data, mountPath: /certs, readOnly: true}]\n"), want: lone, says: two},
		{name: "a program that is called a registry", changes: named("registry.example/team/registry:3"), want: lone, says: two},
		{name: "a server of builds", changes: named("jenkins/jenkins:lts-jdk17"), want: lone, never: two},
		{name: "a StatefulSet's, without a hook", changes: []string{"kind: Deployment", "kind: StatefulSet", replicas3, "", lifecycle, ""}, want: []string{"error one-replica web", "note no-prestop app"}, says: []string{"only puts off the gap", "Once it has 2 pods or more, let preStop sleep for 5 s."}, never: []string{`"seconds":5`}},
		{name: "a StatefulSet's nginx, without a hook", changes: []string{"kind: Deployment", "kind: StatefulSet", replicas3, "", lifecycle, "", image, started("[nginx, -g, daemon off;]")}, want: []string{"error one-replica web", "note no-prestop app"}, never: []string{`"seconds":5`}},
		{name: "what asks a database", changes: named("redis-commander:1"), want: lone, says: two},
		{name: "a cache beside a web server", changes: one("      containers:\n", "      containers:\n      - {name: redis, image: 'redis:7', lifecycle: {preStop: {sleep: {seconds: 9}}}}\n"), want: lone, says: two},
		{name: "a controller with a webhook", changes: one(image, started("[/manager, --leader-elect]")), want: lone, says: two},
		{name: "Recreate", changes: one("  selector: {matchLabels: {app: web}}\n  template", "  strategy: {type: Recreate}\n  selector: {matchLabels: {app: web}}\n  template"), want: []string{"error recreate web", "warning one-replica web"}, says: []string{"The strategy Recreate says", "if two of the program may run at once"}, never: append(rolling, two...)},
		{name: "Recreate of several", changes: []string{replicas3, strategy("type: Recreate")}, want: []string{"error recreate web"}, says: rolling},
		{name: "Recreate of several databases", changes: []string{replicas3, strategy("type: Recreate"), image, "        image: mysql:8\n"}, want: []string{"warning recreate web"}, says: []string{"mysql keeps data"}, never: rolling},
		{name: "a rollout that ends the old one first", changes: one("  selector: {matchLabels: {app: web}}\n  template", "  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}\n  selector: {matchLabels: {app: web}}\n  template"), want: []string{"error rollout-leaves-none web", "warning one-replica web"}, never: append(two, `"maxSurge":1`)},
		{name: "a rollout of a database", changes: append(named("mongo:7"), "  selector: {matchLabels: {app: web}}\n  template", "  strategy: {rollingUpdate: {maxUnavailable: 1}}\n  selector: {matchLabels: {app: web}}\n  template"), want: []string{"error rollout-leaves-none web", "warning one-replica web"}, never: append(two, `"maxSurge":1`)},
		{name: "Recreate with the numbers of a rollout", changes: []string{replicas3, strategy("type: Recreate, rollingUpdate: {maxUnavailable: 0}")}, want: []string{"error refused web"}, says: rolling, never: []string{`"rollingUpdate":null`}},
		{name: "Recreate of one with the numbers of a rollout", changes: []string{replicas3, "  replicas: 1\n  strategy: {type: Recreate, rollingUpdate: {maxUnavailable: 0}}\n"}, want: []string{"error refused web", "warning one-replica web"}, says: []string{`"rollingUpdate":null`}, never: rolling},
	})
	// Nothing tells of requests here but a port that is declared.
	deployment, _, _ := strings.Cut(change(t, one()...), "---")
	for name, tt := range map[string]struct {
		manifest string
		want     []string
		says     string
	}{
		"alone":                              {deployment, []string{"warning one-replica web"}, "no manifest tells"},
		"a controller":                       {strings.Replace(deployment, image, started("[/manager, --leader-elect=true]"), 1), []string{"note one-replica web"}, "elect a leader"},
		"a controller by its args":           {strings.Replace(deployment, image, image+"        args: [-enable-leader-election]\n", 1), []string{"note one-replica web"}, "elect a leader"},
		"one that elects none":               {strings.Replace(deployment, image, image+"        args: [--leader-elect=false]\n", 1), []string{"warning one-replica web"}, "no manifest tells"},
		"one that elects none, in two words": {strings.Replace(deployment, image, image+"        args: [--leader-elect, 'false']\n", 1), []string{"warning one-replica web"}, "no manifest tells"},
		"Recreate":                           {strings.Replace(deployment, "  replicas: 1\n", "  replicas: 1\n  strategy: {type: Recreate}\n", 1), []string{"warning recreate web", "warning one-replica web"}, "This is no error"},
		"Recreate of several":                {strings.Replace(deployment, "  replicas: 1\n", "  replicas: 3\n  strategy: {type: Recreate}\n", 1), []string{"note no-budget web", "warning recreate web"}, "if two of the program may run at once"},
	} {
		t.Run(name, func(t *testing.T) {
			got, all := findings(t, tt.manifest)
			slices.Sort(got)
			if slices.Sort(tt.want); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			said := fmt.Sprintf("%+v", all)
			if !strings.Contains(said, tt.says) || strings.Contains(said, `"replicas":2`) || strings.Contains(said, "RollingUpdate\"") {
				t.Errorf("got %s; want %q and no patch", said, tt.says)
			}
		})
	}
}

// What loses requests for sure is an error only where requests are known to come: by a
// service, a route or a port of the node.
func TestNoErrorWhereRequestsArePresumed(t *testing.T) {
	for name, changes := range map[string][]string{
		"Recreate":                 {replicas3, strategy("type: Recreate")},
		"all at once":              {replicas3, strategy("rollingUpdate: {maxUnavailable: 100%}")},
		"one of a StatefulSet":     {"kind: Deployment", "kind: StatefulSet", replicas3, ""},
		"a DaemonSet's all":        {"kind: Deployment", "kind: DaemonSet", replicas3, "  updateStrategy: {rollingUpdate: {maxUnavailable: 100%}}\n"},
		"a hook without end":       {preStop5, exec("[sleep, infinity]")},
		"a hook beyond the grace":  {preStop5, exec("[sleep, '40']")},
		"no grace":                 {grace30, "terminationGracePeriodSeconds: 0", preStop5, exec("[/drain]")},
		"a signal nobody can take": {preStop5, "lifecycle: {stopSignal: SIGKILL, preStop: {sleep: {seconds: 5}}}", grace30, grace30 + "\n      os: {name: linux}"},
	} {
		t.Run(name, func(t *testing.T) {
			whole := change(t, changes...)
			deployment, _, _ := strings.Cut(whole, "---")
			node := strings.Replace(deployment, "containerPort: 8080", "containerPort: 8080, hostPort: 80", 1)
			for _, tt := range []struct {
				manifests   string
				errors      int
				saysItIsNot bool
			}{{whole, 1, false}, {node, 1, false}, {deployment, 0, true}} {
				r := Lint(read(t, tt.manifests))
				said := strings.Contains(fmt.Sprintf("%+v", r.Findings), "This is no error")
				if r.Count(Error) != tt.errors || said != tt.saysItIsNot {
					t.Errorf("%d errors, want %d: %+v", r.Count(Error), tt.errors, r.Findings)
				}
			}
		})
	}
	// What the API server refuses is wrong without any request.
	deployment, _, _ := strings.Cut(change(t, replicas3, strategy("rollingUpdate: {maxSurge: 0, maxUnavailable: 0}")), "---")
	if r := Lint(read(t, deployment)); r.Count(Error) != 1 {
		t.Errorf("got %+v", r.Findings)
	}
}
