package lint

import (
	"slices"
	"testing"
)

// Each rule has its occasion in a run, or is known to have none.
func TestOccasions(t *testing.T) {
	none := []string{
		"client-affinity", "headless", "liveness-at-start", "liveness-eager", "liveness-same-as-readiness", "local-traffic-alone", "probe-grace", "scales-to-zero",
		"prestop-short-for-path", "refused", "service-port-unknown", "service-selects-none", "double-field", "removed-api", "autoscaler-finds-none", "replicas-beside-autoscaler", "same-object", "unknown-field",
	}
	for _, r := range allRules {
		_, has := occasions[r.id]
		if has == slices.Contains(none, r.id) {
			t.Errorf("%s has an occasion: %t", r.id, has)
		}
	}
	if len(occasions)+len(none) != len(allRules) {
		t.Errorf("%d rules with an occasion and %d without one, of %d", len(occasions), len(none), len(allRules))
	}
}

// A run keeps what counts, and nothing that somebody has ignored.
func TestRecordedWithoutIgnored(t *testing.T) {
	const annotated = `{name: web, namespace: shop, annotations: {shutdowncheck.io/ignore: "no-prestop: drains by itself"}}`
	r := Lint(read(t, change(t, "{name: web, namespace: shop}", annotated, lifecycle, "", budget1, "  maxUnavailable: 0\n")))
	if len(r.Ignored) != 1 || r.Ignored[0].Rule != "no-prestop" {
		t.Fatalf("ignored %+v", r.Ignored)
	}
	kept := r.Recorded()
	if len(kept.Findings) != 1 || kept.Findings[0].Rule != "budget-blocks" || kept.Findings[0].Object != "poddisruptionbudget/web" || kept.Findings[0].ShownBy == "" {
		t.Errorf("kept %+v", kept.Findings)
	}
}
