package lint

import (
	"fmt"
	"strings"
	"testing"
)

// A service may select no pod although the one that it is for is there.
func TestServicesThatSelectNone(t *testing.T) {
	const (
		none    = "note service-selects-none web"
		labels  = "labels: {app: web}}"
		matches = "selector: {matchLabels: {app: web}}\n  template"
	)
	from := func(name, selector string) []string {
		return []string{webService, fmt.Sprintf("kind: Service\nmetadata: {name: %s, namespace: shop}\nspec:\n  selector: {%s}\n", name, selector)}
	}
	labelled := func(pods string) []string {
		return []string{matches, "selector: {matchLabels: {" + pods + "}}\n  template", labels, "labels: {" + pods + "}}", "  selector: {matchLabels: {app: web}}\n", "  selector: {matchLabels: {" + pods + "}}\n"}
	}
	with := func(all ...[]string) (changes []string) {
		for _, c := range all {
			changes = append(changes, c...)
		}
		return changes
	}
	const otherService = "---\napiVersion: v1\nkind: Service\nmetadata: {name: own, namespace: shop}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}\n"
	const ownLabels = "metadata: {name: web, namespace: shop, labels: {app: web, tier: front}}\nspec:\n  replicas"
	rollout := "---\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: other, namespace: shop}\nspec: {replicas: 2, template: {metadata: {labels: {app: wbe}}, spec: {containers: [{name: a, image: a}]}}}\n"
	const release = "---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: front, namespace: shop}\nspec: {chart: {spec: {chart: front}}}\n"
	const job = "---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, namespace: shop}\nspec: {template: {metadata: {labels: {app: migrate}}, spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}\n"
	try(t, []whose{
		{name: "letters that changed places", changes: from("front", "app: wbe"), want: []string{"warning service-selects-none front"}, says: []string{"The selector (app=wbe) fits no pod", "deployment/web have nearly its labels (app=web)"}},
		{name: "a letter that is missing", changes: with(labelled("app: checkout"), from("front", "app: chekout")), want: []string{"warning service-selects-none front"}},
		{name: "another letter", changes: with(labelled("app: checkout"), from("front", "app: chackout")), want: []string{"warning service-selects-none front"}},
		{name: "another case", changes: with(labelled("app: web-shop"), from("front", "app: Web_Shop")), want: []string{"warning service-selects-none front"}},
		{name: "another key for the name", changes: with(labelled("app.kubernetes.io/name: web"), from("front", "app: web")), want: []string{"warning service-selects-none front"}, says: []string{"(app.kubernetes.io/name=web)"}},
		{name: "a key that is misspelt", changes: with(labelled("app: web, tier: front"), from("front", "app: web, teir: front")), want: []string{"warning service-selects-none front"}},
		{name: "of the same name", changes: from("web", "app: shop"), want: []string{none}, says: []string{"which has the service's name, have others (app=web)"}},
		{name: "of the same name, another version", changes: with(labelled("app: web, version: v1"), from("web", "app: web, version: v2")), want: []string{none}},
		{name: "the governing service", changes: with([]string{"kind: Deployment", "kind: StatefulSet", "  replicas: 3\n", "  replicas: 3\n  serviceName: peers\n"}, from("peers", "app: shop")), want: []string{"warning service-selects-none peers"}, says: []string{"whose serviceName it is"}},
		{name: "labels of the metadata alone", changes: with([]string{"metadata: {name: web, namespace: shop}\nspec:\n  replicas", ownLabels}, from("front", "app: web, tier: front")), want: []string{"warning service-selects-none front"}, says: []string{"in its own metadata alone, not in spec.template.metadata"}},
		{name: "the workload is judged", changes: append(from("front", "app: wbe"), lifecycle, ""), want: []string{"warning no-prestop app", "warning service-selects-none front"}},
		{name: "another namespace than is written", changes: []string{webService, "kind: Service\nmetadata: {name: front}\nspec:\n  selector: {app: wbe}\n"}, want: []string{"note service-selects-none front"}},
		{name: "pods of a chart elsewhere", changes: from("front", "app: wbe"), more: release, want: []string{"note service-selects-none front"}},
		{name: "a patch that may add labels", changes: from("front", "app: wbe"), more: "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: other, namespace: shop}\nspec: {template: {metadata: {labels: {app: wbe}}}}\n", want: []string{"note service-selects-none front"}},
		{name: "a Job beside it", changes: from("front", "app: wbe"), more: job, want: []string{"warning service-selects-none front"}},
		{name: "no namespace", changes: []string{webService, "kind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: wbe}\n"}, want: []string{none}},

		{name: "pods elsewhere", changes: from("api", "app: api")},
		{name: "another namespace", changes: []string{webService, "kind: Service\nmetadata: {name: web, namespace: other}\nspec:\n  selector: {app: wbe}\n"}},
		{name: "another version elsewhere", changes: with(labelled("app: web, version: v1"), from("web-next", "app: web, version: v2"))},
		{name: "another track elsewhere", changes: from("web-canary", "app: web, track: canary")},
		{name: "a plural", changes: from("webs", "app: webs")},
		{name: "a name of its own that is nearly the same", changes: with(labelled("app: checkout"), from("chackout", "app: chackout"))},
		{name: "another last letter", changes: with(labelled("app: authn"), from("front", "app: authz"))},
		{name: "another first letter", changes: with(labelled("app: db, role: leader"), from("front", "app: db, role: reader"))},
		{name: "a short name", changes: with(labelled("app: db"), from("front", "app: bd"))},
		{name: "a leader that is labelled as it runs", changes: from("web", "app: web, role: leader")},
		{name: "one pod of a StatefulSet", changes: with([]string{"kind: Deployment", "kind: StatefulSet"}, from("web", "app: web, statefulset.kubernetes.io/pod-name: web-0"))},
		{name: "one label more than the pods have", changes: with(labelled("name: web"), from("web", "name: web, component: web")), want: []string{none}},
		{name: "one pod of a StatefulSet alone", changes: with([]string{"kind: Deployment", "kind: StatefulSet"}, from("web", "statefulset.kubernetes.io/pod-name: web-0"))},
		{name: "labels of the metadata, where another service leads", changes: with([]string{"metadata: {name: web, namespace: shop}\nspec:\n  replicas", ownLabels}, from("front", "tier: front")), more: otherService},
		{name: "a workload that has its service", changes: from("front", "app: wbe"), more: otherService},
		{name: "letters of a longer word, where another service leads", changes: with(labelled("app: checkout"), from("front", "app: checkuot")), more: strings.Replace(otherService, "app: web", "app: checkout", 1), want: []string{"warning service-selects-none front"}},
		{name: "another letter of a longer word, where another service leads", changes: with(labelled("app: checkout"), from("front", "app: chackout")), more: strings.Replace(otherService, "app: web", "app: checkout", 1)},
		{name: "letters of a longer word, as in the service's name", changes: with(labelled("app: checkout"), from("checkuot-lb", "app: checkuot")), more: strings.Replace(otherService, "app: web", "app: checkout", 1)},
		{name: "pods that are not judged", changes: from("front", "app: wbe"), more: rollout},
		{name: "a name of DNS", changes: []string{webService, webService + "  type: ExternalName\n  externalName: a.example\n"}},
		{name: "ignored", changes: []string{webService, "kind: Service\nmetadata: {name: web, namespace: shop, annotations: {shutdowncheck.io/ignore: 'service-selects-none: labelled by hand'}}\nspec:\n  selector: {app: wbe}\n"}},
	})
}

// Of a cluster's service the pods may be others than those that were asked for.
func TestServicesOfAClusterThatSelectNone(t *testing.T) {
	objects := read(t, change(t, service, "  selector: {app: wbe}\n"))
	objects.Services[0].Source, objects.Deployments[0].Source = Source{}, Source{}
	if all := Lint(objects).Findings; len(all) > 0 {
		t.Errorf("got %+v", all)
	}
}
