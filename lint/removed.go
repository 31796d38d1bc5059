package lint

import "fmt"

// removedVersion is one that no API server serves any more.
type removedVersion struct{ since, use string }

// removed are the old versions of kinds that the rules look at
// (kubernetes.io/docs/reference/using-api/deprecation-guide).
var removed = map[string]removedVersion{
	"extensions/v1beta1 Deployment":               {"1.16", "apps/v1"},
	"extensions/v1beta1 DaemonSet":                {"1.16", "apps/v1"},
	"apps/v1beta1 Deployment":                     {"1.16", "apps/v1"},
	"apps/v1beta1 StatefulSet":                    {"1.16", "apps/v1"},
	"apps/v1beta2 Deployment":                     {"1.16", "apps/v1"},
	"apps/v1beta2 StatefulSet":                    {"1.16", "apps/v1"},
	"apps/v1beta2 DaemonSet":                      {"1.16", "apps/v1"},
	"policy/v1beta1 PodDisruptionBudget":          {"1.25", "policy/v1"},
	"autoscaling/v2beta1 HorizontalPodAutoscaler": {"1.25", "autoscaling/v2"},
	"autoscaling/v2beta2 HorizontalPodAutoscaler": {"1.26", "autoscaling/v2"},
	"extensions/v1beta1 Ingress":                  {"1.22", "networking.k8s.io/v1"},
	"networking.k8s.io/v1beta1 Ingress":           {"1.22", "networking.k8s.io/v1"},
}

var removedAPI = rule{
	id:  "removed-api",
	doc: "The object is of a version that Kubernetes serves no more: the API server does not take it.",
}

// Removed says of a kind that is not judged that no API server takes it; empty where one does.
func (u *NotJudged) Removed() string {
	old, ok := removed[u.APIVersion+" "+u.Kind]
	if !ok {
		return ""
	}
	return fmt.Sprintf("Kubernetes %s and later do not serve %s of %s; use %s (%s)", old.since, u.Kind, u.APIVersion, old.use, removedAPI.id)
}

func (r *reader) tellRemoved(g *given) {
	old := removed[g.head.APIVersion+" "+g.head.Kind]
	r.report(&removedAPI, g, breach{
		severity: Error, field: "apiVersion",
		why: fmt.Sprintf("Kubernetes %s and later do not serve %s of %s: there the object is refused.", old.since, g.head.Kind, g.head.APIVersion),
		fix: fmt.Sprintf("Use %s.", old.use),
	})
}
