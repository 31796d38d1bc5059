package lint

import (
	"fmt"
	"strings"
	"testing"
)

// Pods of kinds that are not judged stand behind a service and a budget as others do.
func TestBeside(t *testing.T) {
	const podSpec = "spec: {containers: [{name: app, image: app}]}"
	const template = "template: {metadata: {labels: {app: web, track: other}}, " + podSpec + "}"
	object := func(version, kind, spec string) string {
		return fmt.Sprintf("---\napiVersion: %s\nkind: %s\nmetadata: {name: other, namespace: shop}\nspec: {%s}\n", version, kind, spec)
	}
	pod := func(meta, spec string) string {
		return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: other, namespace: shop, labels: {app: web}" + meta + "}\n" + spec + "\n"
	}
	rollout := func(fields string) string { return object("argoproj.io/v1alpha1", "Rollout", fields) }
	scaler := func(text string) string {
		return strings.NewReplacer("kind: Deployment, name: web", "kind: Rollout, name: other", "scaleTargetRef: {name: web}", "scaleTargetRef: {kind: Rollout, name: other}").Replace(text)
	}
	least := func(n string) []string {
		return []string{replicas3, "  replicas: 1\n", budget1, "  minAvailable: " + n + "\n"}
	}
	both := []string{"warning one-replica web", "warning budget-blocks web"}
	blocks := []string{"warning budget-blocks web"}
	try(t, []whose{
		{name: "a Rollout", changes: least("3"), more: rollout("replicas: 3, " + template)},
		{name: "a Rollout, 75% of 4", changes: least("75%"), more: rollout("replicas: 3, " + template)},
		{name: "a Rollout, all of 4", changes: least("4"), more: rollout("replicas: 3, " + template), want: blocks, says: []string{"4 of 4 pods"}},
		{name: "a Rollout of one by default", changes: least("2"), more: rollout(template), want: blocks, says: []string{"2 of 2 pods"}},
		{name: "a Rollout of none", changes: least("1"), more: rollout("replicas: 0, " + template), want: both, says: []string{"1 of 1 pod"}},
		{name: "a Rollout of others", changes: least("1"), more: rollout("replicas: 3, " + strings.Replace(template, "app: web", "app: db", 1)), want: both},
		{name: "a Rollout elsewhere", changes: least("1"), more: strings.Replace(rollout("replicas: 3, "+template), "shop", "other", 1), want: both},
		{name: "a Rollout without a namespace", changes: least("3"), more: strings.Replace(rollout("replicas: 3, "+template), ", namespace: shop", "", 1)},
		{name: "a Rollout twice", changes: least("2"), more: rollout("replicas: 3, "+template) + rollout("replicas: 1, "+template), want: blocks},
		{name: "a Rollout that pauses", changes: least("4"), more: rollout("replicas: 3, paused: true, " + template)},
		{name: "a Rollout of the Deployment's template", changes: least("3"), more: rollout("replicas: 3, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}")},
		{name: "a Rollout of another template", changes: least("1"), more: rollout("replicas: 3, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: db}"), want: both},
		{name: "a Rollout that pauses at none", changes: least("1"), more: rollout("replicas: 0, paused: true, " + template), want: both},
		{name: "a Rollout that an autoscaler scales", changes: least("3"), more: rollout("replicas: 2, "+template) + scaler(fmt.Sprintf(autoscaler, 2))},
		{name: "a Rollout that KEDA scales", changes: least("3"), more: rollout("replicas: 2, "+template) + scaler(fmt.Sprintf(keda, "", "minReplicaCount: 0"))},
		{name: "a Rollout that KEDA pauses at 0", changes: least("1"), more: rollout("replicas: 2, "+template) + scaler(fmt.Sprintf(keda, pausedReplicas+": '0'", "minReplicaCount: 0")), want: both},
		{name: "a ReplicaSet", changes: least("3"), more: object("apps/v1", "ReplicaSet", "replicas: 3, "+template)},
		{name: "a ReplicaSet of the Deployment's own", changes: least("1"), more: strings.Replace(object("apps/v1", "ReplicaSet", "replicas: 1, "+template), "shop}", "shop, ownerReferences: [{kind: Deployment, name: web}]}", 1), want: both},
		{name: "a CloneSet", changes: least("3"), more: object("apps.kruise.io/v1alpha1", "CloneSet", "replicas: 3, "+template)},
		{name: "a DeploymentConfig", changes: least("3"), more: object("apps.openshift.io/v1", "DeploymentConfig", "replicas: 3, "+template)},
		{name: "a kind of somebody's", changes: least("3"), more: object("example.com/v1", "Server", "replicas: 3, "+template)},
		{name: "a kind of somebody's, who knows how many", changes: least("3"), more: object("example.com/v1", "Server", template)},
		{name: "a template below others", changes: least("3"), more: object("example.com/v1", "Group", "replicas: 1, workers: [{"+template+"}]")},
		{name: "a template of no pods", changes: least("1"), more: object("bitnami.com/v1alpha1", "SealedSecret", "template: {metadata: {labels: {app: web}}}"), want: both},
		{name: "a Job", changes: least("1"), more: object("batch/v1", "Job", strings.Replace(template, "containers", "restartPolicy: Never, containers", 1)), want: both},
		{name: "a Pod", changes: least("1"), more: pod("", podSpec)},
		{name: "a Pod, both of 2", changes: least("2"), more: pod("", podSpec), want: blocks},
		{name: "a Pod that ends by itself", changes: least("1"), more: pod("", strings.Replace(podSpec, "containers", "restartPolicy: OnFailure, containers", 1)), want: both},
		{name: "Helm's test", changes: least("1"), more: pod(", annotations: {helm.sh/hook: test}", podSpec), want: both},
	})
}
