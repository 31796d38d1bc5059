package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/internal/patch/patchtest"
)

// findings gives what is found, as "severity rule object", and that of the container's
// where there is one.
func findings(t *testing.T, manifests string) (got []string, all []Finding) {
	t.Helper()
	o := read(t, manifests)
	all = Lint(o).Findings
	for i := range all {
		f := &all[i]
		where := f.Place.Name
		if f.Place.Container != "" {
			where = f.Place.Container
		}
		got = append(got, fmt.Sprintf("%s %s %s", f.Severity, f.Rule, where))
		if f.Place.Line == 0 || f.Why == "" || f.Fix == "" || identifier.MatchString(f.Why+" "+f.Fix) {
			t.Errorf("incomplete or with an identifier: %+v", f)
		}
		if f.Patch == "" {
			continue
		}
		if object := manifestOf(t, o, &f.Place); patchtest.Apply(f.Place.Kind, object, "{}") == nil {
			if err := patchtest.Apply(f.Place.Kind, object, f.Patch); err != nil {
				t.Errorf("the API server refuses %s: %v", f.Patch, err)
			}
		}
	}
	return got, all
}

// whose is a table's row: base with changes and more, and what is found.
type whose struct {
	name    string
	changes []string
	more    string
	want    []string
	// says has to be in the sentences, never must not.
	says, never []string
}

func try(t *testing.T, tests []whose) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, all := findings(t, change(t, tt.changes...)+tt.more)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			var words strings.Builder
			for _, f := range all {
				fmt.Fprintln(&words, f.Why, f.Fix, f.Patch)
			}
			for _, s := range tt.says {
				if !strings.Contains(words.String(), s) {
					t.Errorf("%q is not in\n%s", s, words.String())
				}
			}
			for _, s := range tt.never {
				if strings.Contains(words.String(), s) {
					t.Errorf("%q is in\n%s", s, words.String())
				}
			}
		})
	}
}

const keda = `---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web, namespace: shop, annotations: {%s}}
spec: {scaleTargetRef: {name: web}, %s}
`

// reset tells of a number that each apply sets back.
const reset = "note replicas-beside-autoscaler web"

func TestAutoscalers(t *testing.T) {
	const triggers, cpu = "triggers: [{type: prometheus}]", "triggers: [{type: cpu}, {type: memory}]"
	scaled := func(annotations, fields string) string { return fmt.Sprintf(keda, annotations, fields) }
	none := []string{replicas3, ""}
	zero := []string{"warning scales-to-zero web"}
	one := []string{"warning one-replica web"}
	old := func(version string, least int) string {
		return strings.Replace(fmt.Sprintf(autoscaler, least), "autoscaling/v2", version, 1)
	}
	try(t, []whose{
		{name: "KEDA keeps 3", changes: none, more: scaled("", triggers+", minReplicaCount: 3")},
		{name: "KEDA keeps 1", changes: none, more: scaled("", triggers+", minReplicaCount: 1"), want: one, says: []string{"minReplicaCount"}, never: []string{`"replicas":2`}},
		{name: "KEDA keeps none by default", more: scaled("", triggers), want: append(slices.Clone(zero), reset), never: []string{"There is one pod", `"replicas":2`}},
		{name: "KEDA keeps none while nothing comes", more: scaled("", triggers+", minReplicaCount: 3, idleReplicaCount: 0"), want: append(slices.Clone(zero), reset), says: []string{"Leave idleReplicaCount out, with a minReplicaCount of 2 or more."}},
		{name: "KEDA by CPU alone keeps one", more: scaled("", cpu), want: append(slices.Clone(one), reset)},
		{name: "KEDA starts it from 0", changes: []string{replicas3, "  replicas: 0\n"}, more: scaled("", triggers), want: zero},
		{name: "KEDA paused at 3", changes: none, more: scaled("autoscaling.keda.sh/paused-replicas: '3'", triggers)},
		{name: "KEDA paused at 1", more: scaled("autoscaling.keda.sh/paused-replicas: '1'", triggers), want: one},
		{name: "KEDA paused at 0", more: scaled("autoscaling.keda.sh/paused-replicas: '0'", triggers)},
		{name: "KEDA paused, number not known", changes: none, more: scaled("autoscaling.keda.sh/paused: 'true'", triggers)},
		{name: "KEDA paused at the workload's own", changes: []string{replicas3, "  replicas: 1\n"}, more: scaled("autoscaling.keda.sh/paused: 'true'", triggers), want: one},
		{name: "KEDA paused at 1, and how to end that", more: scaled("autoscaling.keda.sh/paused-replicas: '1'", triggers), want: one, says: []string{"is paused with 1 pod", "Set its annotation autoscaling.keda.sh/paused-replicas to 2 or more, or take it out."}},
		{name: "KEDA paused at a number that is none", changes: none, more: scaled("autoscaling.keda.sh/paused-replicas: one", triggers)},
		{name: "KEDA paused at 2, and a pause of any number", changes: none, more: scaled("autoscaling.keda.sh/paused-replicas: '2', autoscaling.keda.sh/paused: 'true'", triggers)},
		{name: "KEDA paused by a word that is no boolean", changes: none, more: scaled("autoscaling.keda.sh/paused: 'yes'", triggers)},
		{name: "KEDA not paused", changes: none, more: scaled("autoscaling.keda.sh/paused: 'false'", triggers), want: zero},
		{name: "KEDA takes none away", more: scaled("autoscaling.keda.sh/paused-scale-in: 'true'", triggers)},
		{name: "KEDA takes none away of one", changes: []string{replicas3, "  replicas: 1\n"}, more: scaled("autoscaling.keda.sh/paused-scale-in: 'true'", triggers), want: one},
		{name: "KEDA takes none away, and adds to 3", changes: []string{replicas3, "  replicas: 1\n"}, more: scaled("autoscaling.keda.sh/paused-scale-in: 'true'", triggers+", minReplicaCount: 3"), want: []string{reset}},
		{name: "a budget of a pause", changes: []string{budget1, "  minAvailable: 2\n"}, more: scaled("autoscaling.keda.sh/paused-replicas: '2'", triggers), want: []string{"warning budget-blocks web"}, never: []string{"autoscaling keeps"}},
		{name: "an autoscaler, and a number that each apply sets back", more: fmt.Sprintf(autoscaler, 2), want: []string{"note replicas-beside-autoscaler web"}, says: []string{"The HorizontalPodAutoscaler web sets the number of pods", "that is 3 again"}},
		{name: "an autoscaler without a group", changes: none, more: strings.Replace(fmt.Sprintf(autoscaler, 2), "apiVersion: apps/v1, ", "", 1), want: []string{"warning one-replica web", "warning autoscaler-finds-none web"}, says: []string{"finds no Deployment"}},
		{name: "an autoscaler of a group that went", changes: none, more: strings.Replace(fmt.Sprintf(autoscaler, 2), "apiVersion: apps/v1, ", "apiVersion: extensions/v1beta1, ", 1), want: []string{"warning one-replica web", "warning autoscaler-finds-none web"}},
		{name: "an autoscaler of another version", changes: none, more: strings.Replace(fmt.Sprintf(autoscaler, 2), "apiVersion: apps/v1, ", "apiVersion: apps/v1beta2, ", 1)},
		{name: "a number that no autoscaler goes beyond", changes: []string{replicas3, "  replicas: 9\n"}, more: fmt.Sprintf(autoscaler, 2)},
		{name: "KEDA of a StatefulSet", changes: none, more: strings.Replace(scaled("", triggers+", minReplicaCount: 3"), "{name: web},", "{kind: StatefulSet, name: web},", 1), want: one},
		{name: "KEDA of another namespace", changes: none, more: strings.Replace(scaled("", triggers+", minReplicaCount: 3"), "shop", "other", 1), want: one},
		{name: "KEDA without a namespace", changes: none, more: strings.Replace(scaled("", triggers+", minReplicaCount: 3"), ", namespace: shop", "", 1)},
		{name: "KEDA 1", changes: none, more: strings.NewReplacer("keda.sh/", "keda.k8s.io/", "{name: web},", "{deploymentName: web},").Replace(scaled("", triggers+", minReplicaCount: 3"))},
		{name: "KEDA's HTTP add-on", changes: none, more: strings.NewReplacer("keda.sh/v1alpha1", "http.keda.sh/v1alpha1", "ScaledObject", "HTTPScaledObject").Replace(scaled("", "replicas: {min: 0}"))},
		{name: "KEDA and the autoscaler that it makes", changes: none, more: scaled("", triggers) + fmt.Sprintf(autoscaler, 1), want: zero},
		{name: "an autoscaler that keeps none", more: fmt.Sprintf(autoscaler, 0) + byQueue, want: append(slices.Clone(zero), reset)},
		{name: "an autoscaler of a workload at 0", changes: []string{replicas3, "  replicas: 0\n"}, more: fmt.Sprintf(autoscaler, 1)},
		{name: "v2beta2 keeps 4", changes: none, more: old("autoscaling/v2beta2", 4), want: []string{"error removed-api web"}, says: []string{"1.26"}},
		{name: "v2beta1 keeps 1", changes: none, more: old("autoscaling/v2beta1", 1), want: []string{"error removed-api web", "warning one-replica web"}, says: []string{"1.25"}},
		{name: "v1 keeps 4", changes: none, more: old("autoscaling/v1", 4)},
	})
}

func TestBudgets(t *testing.T) {
	const canary = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: canary, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {track: canary}}
  template:
    metadata: {labels: {app: web, track: canary}}
    spec:
      containers:
      - name: app
        image: app
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {httpGet: {path: /ready, port: http}}
        lifecycle: {preStop: {sleep: {seconds: 5}}}
`
	const canaryService = `---
apiVersion: v1
kind: Service
metadata: {name: canary, namespace: shop}
spec: {selector: {track: canary}, ports: [{port: 80, targetPort: http}]}
`
	try(t, []whose{
		{name: "canary and stable", changes: []string{budget1, "  minAvailable: 3\n"}, more: canary},
		{name: "canary and stable, 4 of 4", changes: []string{budget1, "  minAvailable: 4\n"}, more: canary, want: []string{"warning budget-blocks web"}, says: []string{"4 of 4 pods"}},
		{name: "canary with a service of its own too", more: canary + canaryService, want: []string{"note one-replica canary"}},
		{name: "canary with only a service of its own", changes: []string{service, "  selector: {app: web, track: stable}\n", "    metadata: {labels: {app: web}}", "    metadata: {labels: {app: web, track: stable}}"}, more: canary + canaryService, want: []string{"warning one-replica canary"}},
		{name: "Recreate beside others", changes: []string{replicas3, replicas3 + "  strategy: {type: Recreate}\n"}, more: canary, want: []string{"note recreate web"}},
		{name: "all of the canary at once", more: strings.Replace(canary, "  replicas: 1\n", "  replicas: 1\n  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}\n", 1)},
		{name: "two workloads with one pod in all", changes: []string{replicas3, "  replicas: 0\n"}, more: canary, want: []string{"warning one-replica canary"}},
		{name: "the fewest that autoscaling keeps", changes: []string{replicas3, "", budget1, "  minAvailable: 80%\n"}, more: fmt.Sprintf(autoscaler, 1), want: []string{"warning one-replica web", "warning budget-blocks web"}, says: []string{"80% of 1 pod, the fewest", "at that size", "minReplicas"}, never: []string{"may ever be evicted", "There is one pod"}},
		{name: "autoscaled, but at every size", changes: []string{replicas3, "", budget1, "  minAvailable: 100%\n"}, more: fmt.Sprintf(autoscaler, 3), want: []string{"warning budget-blocks web"}, says: []string{"may ever be evicted"}},
		{name: "autoscaled with room", changes: []string{replicas3, "", budget1, "  minAvailable: 80%\n"}, more: fmt.Sprintf(autoscaler, 5)},
		{name: "of a DaemonSet", changes: []string{"kind: Deployment", "kind: DaemonSet", replicas3, "", budget1, "  maxUnavailable: 0\n"}},
		{name: "a part of one, of a version that went", more: "---\napiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: part, namespace: shop}\nspec: {maxUnavailable: 2}\n"},
		{name: "of a version that went", changes: []string{"policy/v1", "policy/v1beta1"}, want: []string{"error removed-api web"}},
		{name: "all of the namespace", changes: []string{"  maxUnavailable: 1\n  selector: {matchLabels: {app: web}}", "  maxUnavailable: 1\n  selector: {}"}},
		{name: "none of it, in the version that went", changes: []string{"policy/v1", "policy/v1beta1", "  maxUnavailable: 1\n  selector: {matchLabels: {app: web}}", "  maxUnavailable: 1\n  selector: {}"}, want: []string{"error removed-api web", "note no-budget web"}},
		{name: "one without a namespace", changes: []string{"kind: PodDisruptionBudget\nmetadata: {name: web, namespace: shop}", "kind: PodDisruptionBudget\nmetadata: {name: web}"}},
		{name: "one more of who knows which namespace", more: strings.Replace(secondBudget, ", namespace: shop", "", 1)},
	})
}

func TestClaims(t *testing.T) {
	mounts := func(strategy string) []string {
		return []string{replicas3, "  replicas: 1\n" + strategy, grace30, grace30 + "\n      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]"}
	}
	claim := func(mode string) string {
		return "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: shop}\nspec: {accessModes: [" + mode + "]}\n"
	}
	const recreate = "  strategy: {type: Recreate}\n"
	const bothAtOnce = "  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}\n"
	hangs := []string{"Use RollingUpdate", "Run 2 replicas", "kubectl", `"spec"`, "maxSurge to 1"}
	try(t, []whose{
		{name: "Recreate, ReadWriteOnce", changes: mounts(recreate), more: claim("ReadWriteOnce"), want: []string{"warning recreate web"}, says: []string{"every rollout ends all pods", "claim data, which is ReadWriteOnce", "ReadWriteMany"}, never: hangs},
		{name: "Recreate, ReadWriteOncePod", changes: mounts(recreate), more: claim("ReadWriteOncePod"), want: []string{"warning recreate web"}, never: hangs},
		{name: "Recreate, not read", changes: mounts(recreate), want: []string{"warning recreate web"}, says: []string{"access modes were not read"}, never: hangs},
		{name: "Recreate, ReadWriteMany", changes: mounts(recreate), more: claim("ReadWriteMany"), want: []string{"error recreate web", "warning one-replica web"}},
		{name: "rolling, ReadWriteOnce", changes: mounts(""), more: claim("ReadWriteOnce"), want: []string{"warning one-replica web", "note claim-holds-rollout web"}, never: hangs},
		{name: "rolling, not read", changes: mounts(""), want: []string{"warning one-replica web"}, never: hangs},
		{name: "rolling, ReadWriteMany", changes: mounts(""), more: claim("ReadWriteMany"), want: []string{"warning one-replica web"}, says: []string{"Run 2 replicas"}},
		{name: "the old pod first", changes: mounts(bothAtOnce), more: claim("ReadWriteOnce"), want: []string{"warning one-replica web", "warning rollout-leaves-none web"}, never: hangs},
		{name: "Recreate, one not read and one ReadWriteOnce", changes: append(mounts(recreate), "claimName: data}}", "claimName: other}}, {name: more, persistentVolumeClaim: {claimName: data}}"), more: claim("ReadWriteOnce"), want: []string{"warning recreate web"}, says: []string{"claim data, which is ReadWriteOnce"}},
		{name: "Recreate, read alone", changes: mounts(recreate), more: claim("ReadOnlyMany"), want: []string{"error recreate web", "warning one-replica web"}},
		{name: "a StatefulSet without claims", changes: []string{"kind: Deployment", "kind: StatefulSet", replicas3, ""}, want: []string{"error one-replica web"}, says: []string{"if the program keeps what they hold alike."}, never: []string{`"replicas":2`}},
		{name: "a StatefulSet's own claims", changes: []string{"kind: Deployment", "kind: StatefulSet", replicas3, "  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]\n"}, want: []string{"error one-replica web"}, says: []string{"a claim of its own"}, never: []string{`"replicas":2`}},
	})
}

func TestRollouts(t *testing.T) {
	set := func(fields string) []string {
		return []string{"kind: Deployment", "kind: StatefulSet", replicas3, replicas3 + "  updateStrategy: {" + fields + "}\n"}
	}
	daemons := func(fields string) []string {
		return []string{"kind: Deployment", "kind: DaemonSet", replicas3, "  updateStrategy: {" + fields + "}\n"}
	}
	try(t, []whose{
		{name: "all, at the fewest that autoscaling keeps", changes: []string{replicas3, "  strategy: {rollingUpdate: {maxUnavailable: 2}}\n"}, more: fmt.Sprintf(autoscaler, 2), want: []string{"warning rollout-leaves-none web"}, says: []string{"the fewest that autoscaling keeps"}},
		{name: "all of a StatefulSet", changes: set("rollingUpdate: {maxUnavailable: 3}"), want: []string{"warning rollout-leaves-none web"}},
		{name: "67% of a StatefulSet round up", changes: set("rollingUpdate: {maxUnavailable: 67%}"), want: []string{"warning rollout-leaves-none web"}},
		{name: "66% of a StatefulSet", changes: set("rollingUpdate: {maxUnavailable: 66%}")},
		{name: "all of a StatefulSet above a partition", changes: set("rollingUpdate: {maxUnavailable: 3, partition: 1}")},
		{name: "a StatefulSet that only somebody else updates", changes: set("type: OnDelete")},
		{name: "all of a DaemonSet that only somebody else updates", changes: daemons("type: OnDelete, rollingUpdate: {maxUnavailable: 100%}")},
		{name: "most of a DaemonSet", changes: daemons("rollingUpdate: {maxUnavailable: 60%}"), want: []string{"note rollout-leaves-none web"}},
		{name: "a DaemonSet, few nodes", changes: daemons("rollingUpdate: {maxUnavailable: 3}"), want: []string{"note rollout-leaves-none web"}},
		{name: "a DaemonSet that adds first", changes: daemons("rollingUpdate: {maxUnavailable: 0, maxSurge: 1}")},
		{name: "a DaemonSet that adds first, with a port of the node", changes: append(daemons("rollingUpdate: {maxUnavailable: 0, maxSurge: 1}"), "containerPort: 8080", "containerPort: 8080, hostPort: 80"), want: []string{"warning host-port-surge app"}, says: []string{"takes port 80 of its node", "the rollout never ends"}},
		{name: "a DaemonSet that adds none, with a port of the node", changes: append(daemons("rollingUpdate: {maxUnavailable: 1, maxSurge: 0}"), "containerPort: 8080", "containerPort: 8080, hostPort: 80")},
	})
}

func TestTraffic(t *testing.T) {
	const ports = "        ports: [{name: http, containerPort: 8080}]\n"
	ported := func(p string) []string { return []string{ports, "        ports: [" + p + "]\n"} }
	faults := []string{lifecycle, "", readiness, "", replicas3, "  replicas: 1\n"}
	with := func(more ...string) []string { return append(slices.Clone(faults), more...) }
	notes := []string{"note no-prestop app", "note no-readiness-probe app", "note one-replica web"}
	warnings := []string{"warning no-prestop app", "warning no-readiness-probe app", "warning one-replica web"}
	exporter := []string{image, "        image: quay.io/prometheus/node-exporter:v1\n"}
	proxy := []string{image, "        image: quay.io/brancz/kube-rbac-proxy:v0.18\n"}
	try(t, []whose{
		{name: "an exporter's port by another name", changes: with(append(ported("{name: https, containerPort: 9100}"), append(exporter, "targetPort: http}", "targetPort: https}")...)...)},
		{name: "a controller that answers nobody", changes: with(append([]string{image, "        image: registry.k8s.io/external-dns/external-dns:v0.15\n"}, "  replicas: 1\n", "  replicas: 1\n  strategy: {type: Recreate}\n")...)},
		{name: "a log shipper's own port", changes: with(append(ported("{name: http, containerPort: 2020}"), image, "        image: cr.fluentbit.io/fluent/fluent-bit:3.1\n")...)},
		{name: "a log shipper's port for logs", changes: with(append(ported("{name: http, containerPort: 9880}, {name: own, containerPort: 2020}"), image, "        image: cr.fluentbit.io/fluent/fluent-bit:3.1\n")...), want: warnings},
		{name: "a worker's logs", changes: with(append(ported("{name: http, containerPort: 8793}"), image, "        image: apache/airflow:2.9.3\n")...)},
		{name: "an exporter of something else", changes: with(exporter...), want: warnings},
		{name: "a proxy of metrics", changes: with(append(ported("{name: https, containerPort: 8443}"), append(proxy, "targetPort: http}", "targetPort: https}")...)...)},
		{name: "unready pods of a StatefulSet that are published", changes: []string{"kind: Deployment", "kind: StatefulSet", service, service + "  publishNotReadyAddresses: true\n"}, want: []string{"warning publishes-not-ready web"}, never: []string{"publishNotReadyAddresses\":false"}},
		{name: "calls by a headless service", changes: []string{service, service + "  clusterIP: None\n", "ports: [{port: 80,", "ports: [{name: grpc, port: 80,"}, want: []string{"note headless web"}, says: []string{"a proxy that balances each call"}, never: []string{"through a service with a cluster IP"}},
		{name: "a service", changes: faults, want: warnings},
		{name: "a service of others", changes: with(webService, othersService), want: notes, says: []string{"nothing that was read leads users' requests to these pods"}},
		{name: "a name outside", changes: with(service, "  type: ExternalName\n  externalName: example.com\n  selector: {app: web}\n"), want: notes},
		{name: "no selector", changes: with(service, ""), want: notes},
		{name: "a port of the node", changes: with(append(ported("{name: http, containerPort: 8080, hostPort: 80}"), webService, othersService)...), want: []string{"warning no-readiness-probe app", "warning one-replica web", "note no-prestop app", "note host-port-surge app"}, says: []string{"clients send new requests to the node's port for as long as they take the node for healthy"}, never: []string{"proxies", `"seconds"`}},
		{name: "a port of the node, a hook of unknown length", changes: append(ported("{name: http, containerPort: 8080, hostPort: 80}"), webService, othersService, preStop5, exec("[/drain]")), want: []string{"note prestop-length-unknown app", "note prestop-needs-binary app", "note host-port-surge app"}, never: []string{"proxies", "new requests still come in"}},
		{name: "a port of the node, a short hook", changes: append(ported("{name: http, containerPort: 8080, hostPort: 80}"), webService, othersService, preStop5, exec("[sleep, '1']")), want: []string{"note prestop-short app", "note prestop-needs-binary app", "note host-port-surge app"}, never: []string{"proxies"}},
		{name: "a port of the node, and a service", changes: with(ported("{name: http, containerPort: 8080, hostPort: 80}")...), want: append(slices.Clone(warnings), "note host-port-surge app"), says: []string{"the cluster's proxies send"}},
		{name: "a port of the node for metrics", changes: with(append(ported("{name: metrics, containerPort: 8080, hostPort: 80}"), webService, othersService)...), want: []string{"note host-port-surge app"}},
		{name: "a service for metrics", changes: with(append(ported("{name: http-metrics, containerPort: 8080}"), "targetPort: http}", "targetPort: http-metrics}")...)},
		{name: "a service of names for metrics", changes: append(ported("{name: http, containerPort: 8080}, {name: metrics, containerPort: 9090}"), budget1, budget1), more: "---\napiVersion: v1\nkind: Service\nmetadata: {name: metrics, namespace: shop}\nspec: {clusterIP: None, publishNotReadyAddresses: true, sessionAffinity: ClientIP, selector: {app: web}, ports: [{port: 9090, targetPort: metrics}]}\n"},
		{name: "a service that is named for metrics, a port for its protocol", changes: with("kind: Service\nmetadata: {name: web,", "kind: Service\nmetadata: {name: web-metrics-service,", "ports: [{port: 80,", "ports: [{name: https, port: 80,"), want: notes},
		{name: "a workload that is called metrics", changes: with("kind: Deployment\nmetadata: {name: web,", "kind: Deployment\nmetadata: {name: metrics,", "kind: Service\nmetadata: {name: web,", "kind: Service\nmetadata: {name: metrics,", "ports: [{port: 80,", "ports: [{name: http, port: 80,"), want: []string{"warning no-prestop app", "warning no-readiness-probe app", "warning one-replica metrics"}},
		{name: "a service that is named for metrics", changes: with("kind: Service\nmetadata: {name: web,", "kind: Service\nmetadata: {name: web-metrics,"), want: notes},
		{name: "a service for metrics that users are led to", changes: with(append(ported("{name: http-metrics, containerPort: 8080}"), "targetPort: http}", "targetPort: http-metrics}")...), more: ingress("", "ingressClassName: nginx, "), want: warnings},
		{name: "a metrics port beside", changes: with(ported("{name: http, containerPort: 8080}, {name: metrics, containerPort: 9090}")...), want: warnings},
		{name: "a port that is scraped", changes: with("labels: {app: web}}", "labels: {app: web}, annotations: {prometheus.io/scrape: 'true', prometheus.io/port: '8080'}}"), want: warnings},
		{name: "a drain that hangs all the same", changes: append(with(webService, othersService), budget1, "  maxUnavailable: 0\n"), want: append([]string{"warning budget-blocks web"}, notes...)},
	})
	alone := func(ports string) string {
		return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: app, image: app, ports: [" + ports + "]}]}\n"
	}
	for name, tt := range map[string]struct {
		manifests string
		want      []string
	}{
		"alone with a port":                {alone("{name: http, containerPort: 8080}"), warnings},
		"alone with an unnamed port":       {alone("{containerPort: 8080}"), warnings},
		"alone with a metrics port":        {alone("{name: metrics, containerPort: 9090}"), nil},
		"alone with a CSI sidecar's port":  {alone("{name: http-endpoint, containerPort: 22011}"), nil},
		"alone with an endpoint":           {alone("{name: endpoint, containerPort: 22011}"), warnings},
		"alone with a probe's port":        {alone("{name: health, containerPort: 9090}"), nil},
		"alone, scraped":                   {strings.Replace(alone("{name: http, containerPort: 9090}"), "labels: {app: web}", "labels: {app: web}, annotations: {prometheus.io/scrape: 'true', prometheus.io/port: '9090'}", 1), notes},
		"alone, scraped at another port":   {strings.Replace(alone("{name: http, containerPort: 8080}"), "labels: {app: web}", "labels: {app: web}, annotations: {prometheus.io/scrape: 'true', prometheus.io/port: '9090'}", 1), warnings},
		"alone, with a PodMonitor":         {alone("{name: web, containerPort: 9090}") + "---\napiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}, podMetricsEndpoints: [{port: web}]}\n", notes},
		"alone, with another's PodMonitor": {alone("{name: web, containerPort: 9090}") + "---\napiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: api}}, podMetricsEndpoints: [{port: web}]}\n", warnings},
		"alone, beside a database's proxy": {strings.Replace(alone("{name: http, containerPort: 8080}"), "containers: [", "containers: [{name: db, image: cloud-sql-proxy, ports: [{name: sql, containerPort: 5432}]}, ", 1), append([]string{"note dependency-ends-first db"}, warnings...)},
		"alone, beside php-fpm":            {strings.Replace(alone("{name: http, containerPort: 8080}"), "containers: [", "containers: [{name: php, image: 'php:8-fpm', ports: [{name: fpm, containerPort: 9000}]}, ", 1), warnings},
		"alone, scaled by a queue":         {alone("{name: http, containerPort: 8080}") + strings.Replace(fmt.Sprintf(keda, "", "minReplicaCount: 1, triggers: [{type: rabbitmq}]"), ", namespace: shop", "", 1), append(slices.Clone(notes), reset)},
		"alone, scaled by CPU":             {alone("{name: http, containerPort: 8080}") + strings.Replace(fmt.Sprintf(keda, "", "minReplicaCount: 1, triggers: [{type: cpu}]"), ", namespace: shop", "", 1), append([]string{reset}, warnings...)},
		"alone, scaled to none by CPU":     {alone("{name: http, containerPort: 8080}") + strings.Replace(fmt.Sprintf(keda, "", "minReplicaCount: 0, triggers: [{type: prometheus}]"), ", namespace: shop", "", 1), append([]string{reset, "note scales-to-zero web"}, warnings[:2]...)},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := findings(t, tt.manifests)
			slices.Sort(got)
			want := slices.Sorted(slices.Values(tt.want))
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestContainers(t *testing.T) {
	const ports = "        ports: [{name: http, containerPort: 8080}]\n"
	const pod = "      containers:\n"
	beside := func(containers string) []string { return []string{pod, pod + containers} }
	bare := []string{ports, "", readiness, "", lifecycle, "", "targetPort: http", "targetPort: 8080"}
	front := func(hook, more string) []string {
		return []string{image, "        image: nginx:1.27\n", preStop5, hook, pod, pod + more}
	}
	const fpm = "      - {name: php, image: 'php:8.3-fpm', ports: [{name: fpm, containerPort: 9000}]%s}\n"
	const proxy = "      - {name: db, image: 'gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.0-alpine'%s}\n"
	sleeps := func(s int) string { return fmt.Sprintf("lifecycle: {preStop: {sleep: {seconds: %d}}}", s) }
	sidecar := func(fields string) []string {
		return []string{pod, "      initContainers:\n      - {name: proxy, image: 'envoyproxy/envoy:v1.31', restartPolicy: Always, ports: [{name: front, containerPort: 80}]" + fields + "}\n" + pod, "targetPort: http", "targetPort: front"}
	}
	try(t, []whose{
		{name: "a port that none declares, beside an exporter", changes: append(slices.Clone(bare), beside("      - {name: exporter, image: exporter, ports: [{name: metrics, containerPort: 9113}]}\n")...), want: []string{"warning no-prestop app", "warning no-readiness-probe app"}},
		{name: "a port that none declares, beside a log shipper", changes: append(slices.Clone(bare), beside("      - {name: shipper, image: 'fluent/fluent-bit:3'}\n")...), want: []string{"warning no-prestop app", "warning no-readiness-probe app"}},
		{name: "a port that only a probe names", changes: []string{ports, "", "{path: /ready, port: http}", "{path: /ready, port: 8080}", "targetPort: http", "targetPort: 8080", pod, pod + "      - {name: first, image: first}\n"}},

		{name: "a port that none declares, and a container that is called the main one", changes: append(slices.Clone(bare), append(beside("      - {name: first, image: first}\n"), "labels: {app: web}}", "labels: {app: web}, annotations: {kubectl.kubernetes.io/default-container: app}}")...), want: []string{"warning no-prestop app", "warning no-readiness-probe app"}},
		{name: "a native sidecar before the app", changes: sidecar(", readinessProbe: {tcpSocket: {port: front}}")},
		{name: "a native sidecar before an app without a hook", changes: append(sidecar(""), lifecycle, ""), want: []string{"warning no-prestop app"}},
		{name: "a native sidecar at a port that it does not declare", changes: []string{pod, "      initContainers:\n      - {name: proxy, image: proxy, restartPolicy: Always}\n" + pod, "targetPort: http", "targetPort: 80", "httpGet: {path: /ready, port: http}", "tcpSocket: {port: http}"}},
		{name: "a native sidecar that is probed at a port that it does not declare", changes: []string{pod, "      initContainers:\n      - {name: proxy, image: proxy, restartPolicy: Always, livenessProbe: {tcpSocket: {port: 80}, initialDelaySeconds: 5}}\n" + pod, "targetPort: http", "targetPort: 80", "httpGet: {path: /ready, port: http}", "tcpSocket: {port: http}"}},
		{name: "another port than the only container declares", changes: []string{"targetPort: http", "targetPort: 80", "httpGet: {path: /ready, port: http}", "tcpSocket: {port: http}"}, want: []string{"warning readiness-other-port app"}},
		{name: "a native sidecar whose hook ends it", changes: sidecar(", readinessProbe: {tcpSocket: {port: front}}, lifecycle: {preStop: {exec: {command: [kill, '1']}}}"), want: []string{"warning prestop-quits-early proxy"}},
		{name: "a native sidecar whose hook kills it later", changes: sidecar(", readinessProbe: {tcpSocket: {port: front}}, lifecycle: {preStop: {exec: {command: [sh, -c, sleep 5; killall -9 envoy]}}}"), want: []string{"warning prestop-quits-fast proxy"}},
		{name: "a native sidecar whose hook takes long", changes: sidecar(", readinessProbe: {tcpSocket: {port: front}}, lifecycle: {preStop: {exec: {command: [sleep, '60']}}}")},
		{name: "a native sidecar whose sleep is longer than the grace", changes: sidecar(", readinessProbe: {tcpSocket: {port: front}}, lifecycle: {preStop: {sleep: {seconds: 60}}}"), want: []string{"error refused proxy"}},
		{name: "a native sidecar beside the app that ends itself", changes: []string{pod, "      initContainers:\n      - {name: log, image: log, restartPolicy: Always, lifecycle: {preStop: {exec: {command: [kill, '1']}}}}\n" + pod}},
		{name: "a native sidecar, none probed", changes: append(sidecar(""), readiness, ""), want: []string{"warning no-readiness-probe proxy"}},
		{name: "a native sidecar that is restarted soon", changes: sidecar(", livenessProbe: {httpGet: {path: /live, port: front}, initialDelaySeconds: 5, failureThreshold: 1}"), want: []string{"warning liveness-eager proxy"}},
		{name: "an exporter that is restarted soon", changes: beside("      - {name: exporter, image: exporter, livenessProbe: {httpGet: {path: /, port: 9113}, initialDelaySeconds: 5, failureThreshold: 1}}\n"), want: []string{"note liveness-eager exporter"}},

		{name: "php-fpm without a hook", changes: front(preStop5, fmt.Sprintf(fpm, "")), want: []string{"warning dependency-ends-first php"}, says: []string{"app goes on for the 5 s of its preStop", "2 s longer than that of app", `"seconds":7`}},
		{name: "an own image of php-fpm behind an own one", changes: beside("      - {name: php-fpm, image: 'registry.example/php:4', ports: [{containerPort: 9000}]}\n"), want: []string{"warning dependency-ends-first php-fpm"}},
		{name: "php-fpm alone", changes: []string{image, "        image: php:8.3-fpm\n"}},
		{name: "php-fpm with a shorter hook", changes: front(sleeps(10), fmt.Sprintf(fpm, ", "+sleeps(9))), want: []string{"warning dependency-ends-first php"}},
		{name: "php-fpm with the same hook", changes: front(preStop5, fmt.Sprintf(fpm, ", "+sleeps(5)))},
		{name: "php-fpm with a hook of unknown length", changes: front(preStop5, fmt.Sprintf(fpm, ", lifecycle: {preStop: {exec: {command: [/drain]}}}")), want: []string{"note prestop-length-unknown php"}},
		{name: "php-fpm with a hook that ends it at once", changes: front(preStop5, fmt.Sprintf(fpm, ", lifecycle: {preStop: {exec: {command: [sh, -c, 'kill -QUIT 1']}}}")), want: []string{"warning dependency-ends-first php"}, says: []string{"php is told to stop at once (kill -QUIT 1)"}},
		{name: "php-fpm with a hook that ends it in time", changes: front(preStop5, fmt.Sprintf(fpm, ", lifecycle: {preStop: {exec: {command: [sh, -c, 'sleep 10; kill -QUIT 1']}}}"))},
		{name: "php-fpm with a hook that does nothing", changes: front(preStop5, fmt.Sprintf(fpm, ", lifecycle: {preStop: {exec: {command: [sh, -c, 'echo bye']}}}")), want: []string{"warning dependency-ends-first php"}},
		{name: "php-fpm as a native sidecar", changes: []string{image, "        image: nginx:1.27\n", pod, "      initContainers:\n" + fmt.Sprintf(fpm, ", restartPolicy: Always") + pod}},
		{name: "an app behind nginx", changes: front(preStop5, "      - {name: web, image: web, ports: [{name: plain, containerPort: 3000}]}\n"), want: []string{"warning dependency-ends-first web"}},
		{name: "gunicorn behind nginx", changes: front(preStop5, "      - {name: web, image: web, command: [gunicorn, 'app:app']}\n"), want: []string{"warning dependency-ends-first web"}},
		{name: "an app without a port behind nginx", changes: front(preStop5, "      - {name: web, image: web}\n"), want: []string{"note dependency-ends-first web"}},
		{name: "an app behind a proxy that names its port", changes: append(beside("      - {name: web, image: web, readinessProbe: {httpGet: {path: /, port: 3000}}}\n"), image, "        image: oauth2-proxy\n        args: ['--upstream=http://127.0.0.1:3000']\n"), want: []string{"warning dependency-ends-first web"}},
		{name: "an app behind a proxy of one's own that names its port", changes: append(beside("      - {name: web, image: web, ports: [{containerPort: 3000}]}\n"), image, image+"        env: [{name: AUTH_UPSTREAM, value: 'http://localhost:3000'}]\n"), want: []string{"warning dependency-ends-first web"}},
		{name: "a collector that an app is told of", changes: append(beside("      - {name: collector, image: otel, ports: [{containerPort: 4317}]}\n"), image, image+"        env: [{name: TRACES_TARGET, value: 'http://localhost:4317'}]\n")},
		{name: "an app at another port than the proxy names", changes: append(beside("      - {name: web, image: web, readinessProbe: {httpGet: {path: /, port: 3001}}}\n"), image, image+"        args: ['--upstream=http://127.0.0.1:3000']\n")},
		{name: "an exporter beside nginx", changes: front(preStop5, "      - {name: exporter, image: nginx-prometheus-exporter, ports: [{containerPort: 9113}]}\n")},
		{name: "a container beside that no service leads to", changes: beside("      - {name: admin, image: admin, ports: [{name: admin, containerPort: 9000}]}\n")},

		{name: "a database's proxy", changes: beside(fmt.Sprintf(proxy, "")), want: []string{"warning dependency-ends-first db"}, says: []string{"native sidecar", "--max-sigterm-delay", `"seconds":10`}},
		{name: "a database's proxy that waits", changes: beside(fmt.Sprintf(proxy, ", args: ['--max-sigterm-delay=30s', 'p:r:db']"))},
		{name: "a database's proxy that waits in two words", changes: beside(fmt.Sprintf(proxy, ", args: ['--max-sigterm-delay', '30s', 'p:r:db']"))},
		{name: "a database's proxy that waits less", changes: beside(fmt.Sprintf(proxy, ", args: ['--max-sigterm-delay=3s', 'p:r:db']")), want: []string{"warning dependency-ends-first db"}},
		{name: "a database's proxy that waits by its environment", changes: beside(fmt.Sprintf(proxy, ", env: [{name: CSQL_PROXY_MIN_SIGTERM_DELAY, value: 10s}]"))},
		{name: "a database's proxy of version 1 that waits", changes: beside("      - {name: db, image: 'gcr.io/cloudsql-docker/gce-proxy:1.33', command: [/cloud_sql_proxy, -instances=db, -term_timeout=60s]}\n")},
		{name: "a database's proxy with the same hook", changes: beside(fmt.Sprintf(proxy, ", "+sleeps(5)))},
		{name: "a database's proxy as a native sidecar", changes: []string{pod, "      initContainers:\n" + fmt.Sprintf(proxy, ", restartPolicy: Always") + pod}},
		{name: "a database's proxy with a hook of unknown length", changes: beside(fmt.Sprintf(proxy, ", lifecycle: {preStop: {exec: {command: [sh, -c, 'sleep 1; while pgrep app; do sleep 1; done']}}}")), want: []string{"note prestop-length-unknown db"}},
		{name: "a database's proxy in a script that waits", changes: beside("      - {name: db, image: cloud-sql-proxy, command: [sh, -c, \"trap 'sleep 15' TERM; cloud-sql-proxy db & wait\"]}\n")},
		{name: "a database's proxy with settings elsewhere", changes: beside(fmt.Sprintf(proxy, ", envFrom: [{configMapRef: {name: db}}]")), want: []string{"note dependency-ends-first db"}},
		{name: "a cache of one's own", changes: beside("      - {name: cache, image: 'redis:7'}\n"), want: []string{"note dependency-ends-first cache"}},
		{name: "a pool of connections", changes: beside("      - {name: pgbouncer, image: pgbouncer}\n"), want: []string{"note dependency-ends-first pgbouncer"}},

		{name: "a mesh's proxy that drains", changes: append(beside("      - {name: istio-proxy, image: proxy}\n"), "labels: {app: web}}", "labels: {app: web}, annotations: {proxy.istio.io/config: 'terminationDrainDuration: 20s'}}")},
		{name: "a mesh's proxy that drains for less", changes: append(beside("      - {name: istio-proxy, image: proxy}\n"), "labels: {app: web}}", "labels: {app: web}, annotations: {proxy.istio.io/config: 'terminationDrainDuration: 2s'}}"), want: []string{"note mesh-proxy-order istio-proxy"}},
		{name: "a mesh's proxy that drains for less than is known", changes: append(beside("      - {name: istio-proxy, image: proxy}\n"), "labels: {app: web}}", "labels: {app: web}, annotations: {proxy.istio.io/config: 'terminationDrainDuration: 20s'}}", preStop5, exec("[/drain]")), want: []string{"note prestop-length-unknown app", "note prestop-needs-binary app", "note mesh-proxy-order istio-proxy"}},
		{name: "a mesh's proxy that waits for all", changes: beside("      - {name: istio-proxy, image: proxy, env: [{name: EXIT_ON_ZERO_ACTIVE_CONNECTIONS, value: 'true'}]}\n")},
		{name: "a mesh's proxy that waits", changes: append(beside("      - {name: linkerd-proxy, image: proxy}\n"), "labels: {app: web}}", "labels: {app: web}, annotations: {config.alpha.linkerd.io/proxy-wait-before-exit-seconds: '10'}}")},
		{name: "a mesh's proxy that only starts first", changes: append(beside("      - {name: linkerd-proxy, image: proxy}\n"), "labels: {app: web}}", "labels: {app: web}, annotations: {config.linkerd.io/proxy-await: enabled}}"), want: []string{"note mesh-proxy-order linkerd-proxy"}},
	})
}

// ingress leads to the service of base.
func ingress(annotations, spec string) string {
	return "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web, namespace: shop, annotations: {" + annotations + "}}\nspec: {" + spec +
		"rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}\n"
}

func TestPaths(t *testing.T) {
	note := []string{"note prestop-short-for-path app"}
	const albIP = "alb.ingress.kubernetes.io/target-type: ip"
	const class = "ingressClassName: %s, "
	alb := ingress(albIP, fmt.Sprintf(class, "alb"))
	sleep := func(s int) []string {
		return []string{preStop5, fmt.Sprintf("lifecycle: {preStop: {sleep: {seconds: %d}}}", s)}
	}
	served := func(annotations, fields string) []string {
		return []string{"kind: Service\nmetadata: {name: web, namespace: shop}", "kind: Service\nmetadata: {name: web, namespace: shop, annotations: {" + annotations + "}}", service, service + fields}
	}
	const balancer = "  type: LoadBalancer\n"
	route := func(gatewayClass, backend string) string {
		return "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: front, namespace: infra}\nspec: {gatewayClassName: " + gatewayClass + "}\n" +
			"---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: web, namespace: shop}\nspec: {parentRefs: [{name: front, namespace: infra}], rules: [{backendRefs: [{name: " + backend + ", port: 80}]}]}\n"
	}
	try(t, []whose{
		{name: "ALB to pods", more: alb, want: note, says: []string{"25 s", "as reported", "preStop sleeps 5 s", `"seconds":25`, `"terminationGracePeriodSeconds":55`}},
		{name: "ALB to pods, 25 s", changes: sleep(25), more: alb, want: []string{"note prestop-eats-grace app"}},
		{name: "ALB to pods, 30 s of 60", changes: append(sleep(30), grace30, "terminationGracePeriodSeconds: 60"), more: alb},
		{name: "ALB to pods, no hook", changes: []string{lifecycle, ""}, more: alb, want: []string{"warning no-prestop app", "note prestop-short-for-path app"}, says: []string{"there is no preStop"}, never: []string{"sleep for 5 s", `"seconds":5}`}},
		{name: "ALB to pods, a hook of unknown length", changes: []string{preStop5, exec("[/drain]")}, more: alb, want: []string{"note prestop-length-unknown app", "note prestop-needs-binary app", "note prestop-short-for-path app"}, says: []string{"how long preStop takes is not known"}},
		{name: "ALB by its old annotation", more: ingress(albIP+", kubernetes.io/ingress.class: alb", ""), want: note},
		{name: "what is left of an ALB, under nginx' class", more: ingress(albIP+", kubernetes.io/ingress.class: nginx", "")},
		{name: "ALB by its class's controller", more: ingress(albIP, fmt.Sprintf(class, "public")) + "---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: public}\nspec: {controller: ingress.k8s.aws/alb}\n", want: note},
		{name: "ALB by the default class", more: ingress(albIP, "") + "---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: public, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}\nspec: {controller: ingress.k8s.aws/alb}\n", want: note},
		{name: "another default class", more: ingress(albIP, "") + "---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: public, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}\nspec: {controller: k8s.io/ingress-nginx}\n"},
		{name: "ALB to nodes", changes: served("", "  type: NodePort\n"), more: ingress("alb.ingress.kubernetes.io/target-type: instance", fmt.Sprintf(class, "alb"))},
		{name: "ALB to nodes by default", changes: served("", "  type: NodePort\n"), more: ingress("", fmt.Sprintf(class, "alb"))},
		{name: "ALB before a ClusterIP", more: ingress("", fmt.Sprintf(class, "alb")), want: note},
		{name: "ALB by an Ingress of a version that went", more: "---\napiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: web, namespace: shop, annotations: {" + albIP + ", kubernetes.io/ingress.class: alb}}\nspec: {rules: [{http: {paths: [{backend: {serviceName: web, servicePort: 80}}]}}]}\n", want: []string{"error removed-api web", "note prestop-short-for-path app"}},
		{name: "ALB of another service", more: strings.Replace(alb, "service: {name: web", "service: {name: api", 1)},
		{name: "nginx in the cluster", more: ingress("", fmt.Sprintf(class, "nginx"))},
		{name: "traefik in the cluster", more: ingress("", fmt.Sprintf(class, "traefik"))},
		{name: "a class of one's own", more: ingress("", fmt.Sprintf(class, "public"))},
		{name: "no class", more: ingress("", "")},
		{name: "GKE", more: ingress("kubernetes.io/ingress.class: gce", ""), want: note, says: []string{"30 s"}},
		{name: "GKE to nodes", changes: served(`cloud.google.com/neg: '{"ingress": false}'`, ""), more: ingress("kubernetes.io/ingress.class: gce", "")},
		{name: "GKE by its groups", changes: served(`cloud.google.com/neg: '{"ingress": true}'`, ""), more: ingress("", ""), want: note},
		{name: "GKE's groups alone", changes: served(`cloud.google.com/neg: '{"exposed_ports": {"80": {}}}'`, ""), want: note},
		{name: "GKE's groups for an Ingress that is not there", changes: served(`cloud.google.com/neg: '{"ingress": true}'`, "")},
		{name: "a gateway of GKE", more: route("gke-l7-global-external-managed", "web"), want: note},
		{name: "a gateway of GKE, another service", more: route("gke-l7-global-external-managed", "api")},
		{name: "a gateway in the cluster", more: route("istio", "web")},
		{name: "AGIC", more: ingress("kubernetes.io/ingress.class: azure/application-gateway", ""), want: note, says: []string{"40 s"}},
		{name: "AGIC by its class", more: ingress("", fmt.Sprintf(class, "azure-application-gateway")), want: note},
		{name: "NLB to pods", changes: served("service.beta.kubernetes.io/aws-load-balancer-type: external, service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip", balancer), want: note, says: []string{"120 s", `"terminationGracePeriodSeconds":150`}},
		{name: "NLB to pods by its old type", changes: served("service.beta.kubernetes.io/aws-load-balancer-type: nlb-ip", balancer), want: note},
		{name: "NLB to nodes", changes: served("service.beta.kubernetes.io/aws-load-balancer-type: nlb", balancer)},
		{name: "NLB annotations on a ClusterIP", changes: served("service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip", "")},
		{name: "a load balancer", changes: served("", balancer)},
		{name: "a load balancer to nodes with pods", changes: served("", balancer+"  externalTrafficPolicy: Local\n"), want: note, says: []string{"externalTrafficPolicy: Local"}},
		{name: "a load balancer to nodes with pods, 30 s of 60", changes: append(append(sleep(30), grace30, "terminationGracePeriodSeconds: 60"), served("", balancer+"  externalTrafficPolicy: Local\n")...)},
		{name: "a target group", more: "---\napiVersion: elbv2.k8s.aws/v1beta1\nkind: TargetGroupBinding\nmetadata: {name: web, namespace: shop}\nspec: {serviceRef: {name: web, port: 80}, targetType: ip}\n", want: note},
		{name: "ALB before nginx and php-fpm", changes: []string{image, "        image: nginx:1.27\n", "      containers:\n", "      containers:\n      - {name: php, image: 'php:8-fpm'}\n"}, more: alb, want: []string{"warning dependency-ends-first php", "note prestop-short-for-path app"}, says: []string{`{"lifecycle":{"preStop":{"sleep":{"seconds":27}}},"name":"php"}`}},
		{name: "a target group of nodes", more: "---\napiVersion: elbv2.k8s.aws/v1beta1\nkind: TargetGroupBinding\nmetadata: {name: web, namespace: shop}\nspec: {serviceRef: {name: web, port: 80}, targetType: instance}\n"},
		{name: "a readiness gate", changes: []string{grace30, grace30 + "\n      readinessGates: [{conditionType: target-health.elbv2.k8s.aws/k8s-web}]"}, want: note},
		{name: "a readiness gate of GKE's", changes: []string{grace30, grace30 + "\n      readinessGates: [{conditionType: cloud.google.com/load-balancer-neg-ready}]"}, want: note, says: []string{"30 s"}},
		{name: "ALB as the default backend", more: "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web, namespace: shop, annotations: {" + albIP + "}}\nspec: {ingressClassName: alb, defaultBackend: {service: {name: web, port: {number: 80}}}}\n", want: note},
		{name: "another readiness gate", changes: []string{grace30, grace30 + "\n      readinessGates: [{conditionType: example.com/ready}]"}},
		{name: "ports of nodes with pods", changes: served("", "  type: NodePort\n  externalTrafficPolicy: Local\n"), want: note},
	})
}

// Where only one workload is asked for, the others are counted and not judged.
func TestOnly(t *testing.T) {
	deployment, _, _ := strings.Cut(base, "---")
	o := read(t, change(t, replicas3, "  replicas: 1\n", lifecycle, "")+"---\n"+strings.Replace(deployment, "name: web, namespace", "name: other, namespace", 1))
	o.Only = "deployment/web"
	r := Lint(o)
	if len(r.Workloads) != 1 || len(r.Findings) != 1 || r.Findings[0].Rule != "no-prestop" {
		t.Errorf("got %q %+v", r.Workloads, r.Findings)
	}
}

// The patch of an impatient probe makes it patient, whatever it was.
func TestPatientPatch(t *testing.T) {
	for _, fields := range []string{"periodSeconds: 1", "periodSeconds: 60, failureThreshold: 1", "periodSeconds: 2, failureThreshold: 4", "failureThreshold: 1", "periodSeconds: 4, timeoutSeconds: 1"} {
		o := read(t, change(t, image, liveness("httpGet: {path: /live, port: http}, initialDelaySeconds: 5, "+fields)))
		found := Lint(o).Findings
		if len(found) != 1 || found[0].Rule != "liveness-eager" {
			t.Fatalf("%s: got %+v", fields, found)
		}
		p := o.Deployments[0].Value.Spec.Template.Spec.Containers[0].LivenessProbe
		n := patient(p)
		p.PeriodSeconds, p.FailureThreshold = int32(n.period), int32(n.failures)
		if stall(p) < patience {
			t.Errorf("%s: with %+v a stall of %d s restarts it", fields, n, stall(p))
		}
	}
}

// Whether there is a service is known of a cluster, and not where nobody may list them.
func TestServicesOfACluster(t *testing.T) {
	for name, tt := range map[string]struct {
		all, unknown bool
		want         Severity
	}{
		"listed":     {all: true, want: Note},
		"not listed": {unknown: true, want: Warning},
	} {
		t.Run(name, func(t *testing.T) {
			o := read(t, change(t, lifecycle, "", webService, othersService))
			o.AllServices, o.ServicesUnknown = tt.all, tt.unknown
			if tt.all {
				o.Services = nil
			}
			if found := Lint(o).Findings; len(found) != 1 || found[0].Rule != "no-prestop" || found[0].Severity != tt.want {
				t.Errorf("got %+v", found)
			}
		})
	}
}

// Where nothing tells of requests, or a port alone, that is said; where services were
// read, it is known.
func TestUnreached(t *testing.T) {
	deployment, rest, _ := strings.Cut(change(t, "        ports: [{name: http, containerPort: 8080}]\n", "", "        readinessProbe: {httpGet: {path: /ready, port: http}}\n", ""), "---\n")
	open, _, _ := strings.Cut(base, "---\n")
	many := ""
	for i := range 5 {
		many += strings.Replace(open, "name: web", fmt.Sprint("name: web", i), 1) + "---\n"
	}
	for name, tt := range map[string]struct {
		manifests string
		want      []string
	}{
		"neither port nor service": {deployment, []string{"requests to deployment/web, "}},
		"a port":                   {open, []string{"the services of deployment/web, "}},
		"both":                     {open + "---\n" + strings.Replace(deployment, "name: web", "name: job", 1), []string{"requests to deployment/job, ", "the services of deployment/web, "}},
		"a service elsewhere":      {deployment + "---\n" + strings.Replace(rest, "app: web", "app: other", 1), nil},
		"a service":                {deployment + "---\n" + rest, nil},
		"many":                     {many, []string{"the services of deployment/web0, deployment/web1, deployment/web2 and 2 more, "}},
	} {
		r := Lint(read(t, tt.manifests))
		if !slices.EqualFunc(r.Notes, tt.want, strings.HasPrefix) {
			t.Errorf("%s: got %q, want %q", name, r.Notes, tt.want)
		}
	}
}

// What stands in one set of objects ignores nothing in another.
func TestApart(t *testing.T) {
	const annotated = `{name: web, namespace: shop, annotations: {shutdowncheck.io/ignore: "no-prestop: drains by itself"}}`
	o := &Objects{Apart: []*Objects{
		read(t, change(t, lifecycle, "")),
		read(t, change(t, "{name: web, namespace: shop}", annotated, lifecycle, "")),
	}}
	r := Lint(o)
	if len(r.Workloads) != 2 || len(r.Findings) != 1 || len(r.Ignored) != 1 || len(r.IdleIgnores) != 0 || r.Findings[0].Rule != "no-prestop" {
		t.Errorf("%q: found %+v, ignored %+v, idle %+v", r.Workloads, r.Findings, r.Ignored, r.IdleIgnores)
	}
}

// What a DaemonSet is told to do is what it can: two pods of a node cannot share its port.
func TestLocalTrafficOfADaemonSet(t *testing.T) {
	local := []string{"kind: Deployment", "kind: DaemonSet", replicas3, "", service, service + "  internalTrafficPolicy: Local\n"}
	note := []string{"note local-traffic-alone web"}
	try(t, []whose{
		{name: "each node's", changes: local, want: note, says: []string{"maxSurge: 1 and maxUnavailable: 0"}},
		{name: "with a port of the node", changes: append(local, "containerPort: 8080", "containerPort: 8080, hostPort: 8080"), want: note, says: []string{"Leave internalTrafficPolicy at Cluster"}, never: []string{"maxSurge"}},
	})
}
