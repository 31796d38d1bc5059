package lint

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A finding about an object beside the workload has that object's namespace, of which only
// one of the two may be written; its patch is applied.
func TestPlaceHasItsOwnNamespace(t *testing.T) {
	const in, without = "{name: web, namespace: shop}", "{name: web}"
	const hpa = `---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 5
`
	broken := strings.Replace(change(t, "  selector: {app: web}\n", "  publishNotReadyAddresses: true\n  selector: {app: web}\n"), budget1, "  maxUnavailable: 0\n", 1) + hpa
	of := strings.Index(broken, in)
	workloadHas := broken[:of+len(in)] + strings.ReplaceAll(broken[of+len(in):], in, without)
	workloadLacks := strings.Replace(broken, in, without, 1)
	for name, test := range map[string]struct{ manifests, given, workload, beside string }{
		"workload's alone":            {workloadHas, "", "shop", ""},
		"all but the workload's":      {workloadLacks, "", "", "shop"},
		"workload's alone, and given": {workloadHas, "o", "", ""},
		"its own is given":            {workloadHas, "shop", "shop", "shop"},
		"the workload's is given":     {workloadLacks, "shop", "shop", "shop"},
	} {
		t.Run(name, func(t *testing.T) {
			var o Objects
			if err := o.Read(strings.NewReader(test.manifests), "web.yaml", test.given); err != nil {
				t.Fatal(err)
			}
			var kinds, patched []string
			for _, f := range Lint(&o).Findings {
				want := test.beside
				if f.Place.Kind == "Deployment" {
					want = test.workload
				}
				if test.given != "o" && f.Place.Namespace != want {
					t.Errorf("%s of %s in %q, want %q", f.Rule, f.Place.Kind, f.Place.Namespace, want)
				}
				if command, _ := patchCommand(&f); f.Place.Namespace != "" && !strings.Contains(command, " -n "+f.Place.Namespace) {
					t.Error(command)
				}
				kinds = append(kinds, f.Place.Kind)
				if f.Patch != "" {
					patched = append(patched, f.Place.Kind)
				}
			}
			fix, err := NewFix(&o, keepAll)
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(fix.Left.Findings, func(f Finding) bool { return f.Patch != "" }) {
				t.Errorf("left: %q", sentences(fix.Left))
			}
			if test.given == "o" {
				return // nothing is together then
			}
			if !slices.Contains(kinds, "HorizontalPodAutoscaler") || !slices.Contains(patched, "Service") || !slices.Contains(patched, "PodDisruptionBudget") {
				t.Errorf("findings of %q, patches of %q", kinds, patched)
			}
			if r := fix.InPlace("web.yaml", []byte(test.manifests)); r.Changed != 2 || bytes.Equal(r.Text, []byte(test.manifests)) {
				t.Errorf("%d changed, refused %v", r.Changed, r.Refused)
			}
		})
	}
}

// A pod is in one namespace: what selects it, or scales it, in two at once is not known to
// belong to it, and nothing is told of that.
func TestWorkloadIsInOneNamespace(t *testing.T) {
	const in = "{name: web, namespace: shop}"
	strict := strings.Replace(base, budget1, "  minAvailable: 3\n", 1)
	parts := strings.Split(strict, "---\n")
	at := func(part, namespace string) string {
		meta := "{name: web, namespace: " + namespace + "}"
		if namespace == "" {
			meta = "{name: web}"
		}
		return "---\n" + strings.Replace(part, in, meta, 1)
	}
	workload, service, budget := parts[0], parts[1], parts[2]
	hpa := strings.TrimPrefix(fmt.Sprintf(autoscaler, 1), "---\n")
	for name, test := range map[string]struct {
		manifests, given string
		// want are the rules, and unknown says that what belongs to it is not known.
		want    []string
		unknown bool
	}{
		"budgets of two":              {at(workload, "") + at(service, "") + at(budget, "a") + at(budget, "b"), "", nil, true},
		"one of them is given":        {at(workload, "") + at(service, "") + at(budget, "a") + at(budget, "b"), "a", []string{"budget-blocks"}, false},
		"two budgets of one":          {at(workload, "") + at(service, "") + at(budget, "a") + strings.Replace(at(budget, "a"), "name: web", "name: other", 1), "", []string{"several-budgets", "budget-blocks", "budget-blocks"}, false},
		"one has none either":         {at(workload, "") + at(service, "") + at(budget, "") + at(budget, "b"), "", []string{"budget-blocks"}, false},
		"service and budget":          {at(workload, "") + at(service, "a") + at(budget, "b"), "", nil, true},
		"services of two":             {at(workload, "") + at(strings.Replace(service, "spec:\n", "spec:\n  publishNotReadyAddresses: true\n", 1), "a") + at(service, "b"), "", []string{"no-budget"}, true},
		"autoscalers of two":          {at(workload, "") + at(service, "") + at(hpa, "a") + at(hpa, "b"), "", nil, true},
		"an autoscaler and a service": {at(workload, "") + at(service, "b") + at(hpa, "a"), "", nil, true},
		"one elsewhere":               {at(workload, "a") + at(service, "a") + at(budget, "b"), "", []string{"no-budget"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var o Objects
			if err := o.Read(strings.NewReader(test.manifests), "web.yaml", test.given); err != nil {
				t.Fatal(err)
			}
			r := Lint(&o)
			got := rulesOf(r.Findings)
			slices.Sort(got)
			slices.Sort(test.want)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			told := slices.ContainsFunc(r.Notes, func(note string) bool {
				return strings.Contains(note, "deployment/web") && strings.Contains(note, "(a, b)")
			})
			if told != test.unknown || len(r.Notes) > 1 {
				t.Errorf("notes %q", r.Notes)
			}
		})
	}
}

// An ignore that is the workload's holds for what stands beside it, whichever of the two
// has its namespace written.
func TestIgnoreWhereOneHasANamespace(t *testing.T) {
	const in = "{name: web, namespace: shop}"
	annotated := change(t, budget1, "  maxUnavailable: 0\n", shopMeta, annotate(`"budget-blocks: one node"`))
	budget := strings.LastIndex(annotated, in)
	for name, manifests := range map[string]string{
		"the workload": annotated[:budget] + "{name: web}" + annotated[budget+len(in):],
		"the budget":   strings.Replace(annotated, "{name: web, namespace: shop, ann", "{name: web, ann", 1),
	} {
		t.Run(name, func(t *testing.T) {
			r := Lint(read(t, manifests))
			if len(r.Ignored) != 1 || len(r.IdleIgnores) > 0 || slices.Contains(rulesOf(r.Findings), "budget-blocks") {
				t.Errorf("ignored %v, idle %v, found %q", r.Ignored, r.IdleIgnores, rulesOf(r.Findings))
			}
		})
	}
}
