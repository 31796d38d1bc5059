package lint

import "testing"

// A service may lead to a port by a name that its pods do not have.
func TestPortNames(t *testing.T) {
	const toNone = "targetPort: web"
	unknown := []string{"warning service-port-unknown web"}
	note := []string{"note service-port-unknown web"}
	const other = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: other, namespace: shop}\nspec: {replicas: 0, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: a, ports: [{name: web, containerPort: 80}], readinessProbe: {tcpSocket: {port: web}}, lifecycle: {preStop: {sleep: {seconds: 5}}}}]}}}\n"
	const rollout = "---\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: other, namespace: shop}\nspec: {replicas: 2, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: a}]}}}\n"
	const worker = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: worker, namespace: shop}\nspec: {replicas: 3, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: a}]}}}\n"
	init := func(fields string) []string {
		return []string{"      containers:\n", "      initContainers:\n      - {name: front, image: front, ports: [{name: web, containerPort: 80}]" + fields + "}\n      containers:\n", "targetPort: http", toNone}
	}
	try(t, []whose{
		{name: "another name", changes: []string{"targetPort: http", toNone}, want: unknown, says: []string{"the port named web (TCP)"}},
		{name: "another case", changes: []string{"name: http,", "name: web,", "port: http}}", "port: web}}", "targetPort: http", toNone}},
		{name: "another protocol", changes: []string{"{name: http,", "{name: http, protocol: UDP,", "port: http}}", "port: 8080}}"}, want: unknown},
		{name: "the protocol told by both", changes: []string{"{name: http,", "{name: http, protocol: UDP,", "port: http}}", "port: 8080}}", "targetPort: http", "protocol: UDP, targetPort: http"}},
		{name: "no port at all", changes: []string{"        ports: [{name: http, containerPort: 8080}]\n", "", "port: http}}", "port: 8080}}"}, want: unknown},
		{name: "a number that none declares", changes: []string{"targetPort: http", "targetPort: 9999"}, want: []string{"note readiness-other-port app"}},
		{name: "one of two", changes: []string{"ports: [{port: 80, targetPort: http}]", "ports: [{name: a, port: 80, targetPort: http}, {name: b, port: 81, targetPort: web}]"}, want: note},
		{name: "both of two", changes: []string{"ports: [{port: 80, targetPort: http}]", "ports: [{name: a, port: 80, targetPort: api}, {name: b, port: 81, targetPort: web}]"}, want: []string{"warning service-port-unknown web", "warning service-port-unknown web"}},
		{name: "one to be watched", changes: []string{"ports: [{port: 80, targetPort: http}]", "ports: [{name: a, port: 80, targetPort: http}, {name: b, port: 81, targetPort: http-metrics}]"}},
		{name: "an init container's", changes: init(""), want: unknown},
		{name: "a sidecar's", changes: init(", restartPolicy: Always, readinessProbe: {tcpSocket: {port: web}}")},
		{name: "a mesh's", changes: []string{"targetPort: http", toNone, "labels: {app: web}}", "labels: {app: web, sidecar.istio.io/inject: 'true'}}"}, want: note},
		{name: "a headless service", changes: []string{"targetPort: http", toNone, service, service + "  clusterIP: None\n"}, want: []string{"note headless web"}},
		{name: "pods of another workload", changes: []string{"targetPort: http", toNone}, more: other},
		{name: "pods that are not judged", changes: []string{"targetPort: http", toNone}, more: rollout},
		{name: "beside a worker", more: worker},
		{name: "beside a worker that has it neither", changes: []string{"targetPort: http", toNone}, more: worker, want: []string{"warning service-port-unknown web", "warning no-prestop a", "warning no-readiness-probe a"}},
		{name: "a service of others", changes: []string{"targetPort: http", toNone, webService, othersService}},
		{name: "ignored", changes: []string{"targetPort: http", toNone, "kind: Service\nmetadata: {name: web,", "kind: Service\nmetadata: {name: web, annotations: {shutdowncheck.io/ignore: 'service-port-unknown: a webhook adds it'},"}},
	})
}
