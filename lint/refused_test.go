package lint

import (
	"fmt"
	"strings"
	"testing"
)

// What the API server refuses is said, and nothing is concluded from it. More of what it
// refuses is in manifest/validation.
func TestRefused(t *testing.T) {
	const budgetOfOthers = "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: others, namespace: shop}\nspec: {minAvailable: 1, maxUnavailable: 1, selector: {matchLabels: {app: other}}}\n"
	scaled := func(least, most string) string {
		return "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web, namespace: shop}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: " + least + ", maxReplicas: " + most + "}\n"
	}
	try(t, []whose{
		{name: "a rollout that can do nothing", changes: []string{replicas3, strategy("rollingUpdate: {maxSurge: 0, maxUnavailable: 0}")}, want: []string{"error refused web"}, says: []string{"are both 0: the API server refuses the Deployment.", `"maxSurge":1`}},
		{name: "a rollout by a text", changes: []string{replicas3, strategy("rollingUpdate: {maxSurge: 0, maxUnavailable: '3'}")}, want: []string{"error refused web"}, says: []string{"maxUnavailable is the text \"3\"", "write 3 without quotes"}},
		{name: "a rollout of two thirds", changes: []string{replicas3, strategy("rollingUpdate: {maxSurge: 0, maxUnavailable: 2}")}, want: []string{"note rollout-halves web"}},
		{name: "a strategy that is called alike", changes: []string{replicas3, "  replicas: 2\n  strategy: {type: rollingUpdate, rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}\n"}, want: []string{"error refused web"}, says: []string{"RollingUpdate or Recreate"}},
		{name: "a rollout of more than all", changes: []string{replicas3, strategy("rollingUpdate: {maxSurge: 1, maxUnavailable: 101%}"), "containerPort: 8080", "containerPort: 8080, hostPort: 80"}, want: []string{"error refused web"}},
		{name: "Recreate with a rollout", changes: []string{replicas3, strategy("type: Recreate, rollingUpdate: {maxSurge: 1}")}, want: []string{"error refused web"}},
		{name: "other labels", changes: []string{"matchLabels: {app: web}}\n  template", "matchLabels: {app: api}}\n  template"}, want: []string{"error refused web"}, says: []string{"selector (app=api) does not fit the template's labels (app=web)"}},
		{name: "negative replicas", changes: []string{replicas3, "  replicas: -1\n"}, want: []string{"error refused web"}},

		{name: "a budget of both", changes: []string{budget1, "  maxUnavailable: 0\n  minAvailable: 3\n"}, want: []string{"error refused web"}, says: []string{"minAvailable and maxUnavailable are both set: the API server refuses the PodDisruptionBudget."}},
		{name: "a budget that nobody else has", more: budgetOfOthers, want: []string{"error refused others"}},
		{name: "a budget by a text", changes: []string{budget1, "  maxUnavailable: '0'\n"}, want: []string{"error refused web"}},
		{name: "a second budget, refused", more: strings.Replace(secondBudget, "maxUnavailable: 1,", "maxUnavailable: '1',", 1), want: []string{"error refused all"}},
		{name: "an autoscaler of fewer than its fewest", changes: []string{replicas3, ""}, more: scaled("1", "0"), want: []string{"error refused web"}},
		{name: "an autoscaler of fewer than none", changes: []string{replicas3, ""}, more: scaled("-1", "3"), want: []string{"error refused web"}},

		{name: "a stop signal that is none", changes: []string{preStop5, "lifecycle: {stopSignal: QUIT, preStop: {sleep: {seconds: 5}}}", image, "        image: nginx:1.27\n", grace30, grace30 + "\n      os: {name: linux}"}, want: []string{"warning refused app"}, says: []string{"gate ContainerStopSignals is on, and drops the field where that is off"}},
		{name: "a service of no ports", changes: []string{"  ports: [{port: 80, targetPort: http}]", "  ports: []"}, want: []string{"error refused web"}, says: []string{"ports is empty or missing"}},
		{name: "a service whose ports are missing", changes: []string{"  ports: [{port: 80, targetPort: http}]", ""}, want: []string{"error refused web"}, says: []string{"ports is empty or missing"}},
		{name: "a service that only changes a selector, of no pods here", changes: []string{"  ports: [{port: 80, targetPort: http}]", "", service, "  selector: {colour: green}\n"}},
		{name: "a service that only changes a type", changes: []string{"  ports: [{port: 80, targetPort: http}]", "", service, "  type: NodePort\n"}},
		{name: "a service that only changes a selector, of one that is read", more: "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {selector: {app: web}}\n"},
		{name: "a number in quotes", changes: []string{"targetPort: http", "targetPort: '8080'"}, want: []string{"error refused web"}, says: []string{"write 8080 without quotes"}},
		{name: "a port that there is not", changes: []string{"targetPort: http", "targetPort: 80800", "port: http}}", "port: 8081}}"}, want: []string{"error refused web"}},
		{name: "a probe's number in quotes", changes: []string{"port: http}}", "port: '8081'}}"}, want: []string{"error refused app"}},
		{name: "a liveness probe of a negative period", changes: []string{image, liveness("tcpSocket: {port: http}, initialDelaySeconds: 1, periodSeconds: -1")}, want: []string{"error refused app"}},
		{name: "a liveness probe of two successes", changes: []string{image, liveness("tcpSocket: {port: http}, successThreshold: 2")}, want: []string{"error refused app"}, says: []string{`"successThreshold":null`}},
		{name: "a hook without a command", changes: []string{preStop5, "lifecycle: {preStop: {exec: {}}}"}, want: []string{"error refused app"}},
		{name: "a hook of an init container", changes: []string{"      containers:\n", "      initContainers:\n      - {name: wait, image: wait, lifecycle: {preStop: {sleep: {seconds: 5}}}}\n      containers:\n"}, want: []string{"error refused wait"}, says: []string{"restartPolicy: Always"}},
		{name: "two containers of one name", changes: []string{"      containers:\n", "      containers:\n      - {name: app, image: log}\n"}, want: []string{"error refused app"}},
		{name: "a surge of each node's", changes: []string{"kind: Deployment", "kind: DaemonSet", replicas3, "  updateStrategy: {rollingUpdate: {maxSurge: 1}}\n", "containerPort: 8080", "containerPort: 8080, hostPort: 80"}, want: []string{"error refused web"}, says: []string{"maxUnavailable 1, which is the default", `"maxUnavailable":0`}},
		{name: "none of a StatefulSet", changes: []string{"kind: Deployment", "kind: StatefulSet", replicas3, replicas3 + "  updateStrategy: {rollingUpdate: {maxUnavailable: 0}}\n"}, want: []string{"warning refused web"}, says: []string{"Kubernetes 1.37 and later refuse"}},

		{name: "ignored", changes: []string{budget1, budget1 + "  minAvailable: 1\n", "kind: PodDisruptionBudget\nmetadata: {name: web,", "kind: PodDisruptionBudget\nmetadata: {name: web, annotations: {shutdowncheck.io/ignore: 'refused: a patch takes one out'},"}},
	})
}

// The field that is refused has its line.
func TestRefusedLines(t *testing.T) {
	for name, test := range map[string]struct {
		changes []string
		line    int
	}{
		"a budget":  {[]string{budget1, "  minAvailable: 1\n" + budget1}, 30},
		"a service": {[]string{"  ports: [{port: 80, targetPort: http}]", "  ports:\n  - port: 80\n    targetPort: '8080'"}, 25},
		"a probe":   {[]string{image, image + "        livenessProbe:\n          tcpSocket: {port: http}\n          successThreshold: 3\n"}, 16},
	} {
		t.Run(name, func(t *testing.T) {
			all := Lint(read(t, change(t, test.changes...))).Findings
			if len(all) != 1 || all[0].Rule != "refused" || all[0].Place.Line != test.line || all[0].Place.File != "web.yaml" {
				t.Errorf("got %s, want line %d", fmt.Sprint(all), test.line)
			}
		})
	}
}

// A cluster has taken what it has, by whatever rules it had then.
func TestNothingRefusedOfACluster(t *testing.T) {
	objects := read(t, change(t, replicas3, strategy("rollingUpdate: {maxSurge: 0, maxUnavailable: 0}"), budget1, budget1+"  minAvailable: 1\n"))
	objects.Deployments[0].Source, objects.Budgets[0].Source = Source{}, Source{}
	if all := Lint(objects).Findings; len(all) > 0 {
		t.Errorf("got %+v", all)
	}
}
