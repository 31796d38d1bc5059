package lint

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func annotate(annotation string) string {
	return "metadata: {name: web, namespace: shop, annotations: {shutdowncheck.io/ignore: " + annotation + "}}"
}

const shopMeta = "metadata: {name: web, namespace: shop}"

// rulesOf names the rules of findings, in order.
func rulesOf(findings []Finding) (names []string) {
	for _, f := range findings {
		names = append(names, f.Rule)
	}
	return names
}

func TestAnnotations(t *testing.T) {
	const template = "    metadata: {labels: {app: web}}\n"
	bare := []string{lifecycle, "", readiness, ""}
	budget := strings.LastIndex(base, shopMeta)
	onBudget := base[:budget] + annotate(`"budget-blocks: one node"`) + strings.Replace(base[budget+len(shopMeta):], budget1, "  maxUnavailable: 0\n", 1)
	tests := map[string]struct {
		manifests      string
		counts, ignore []string
		// idle is the beginning of why an ignore has no effect.
		idle []string
	}{
		"of the workload":               {change(t, append(bare, shopMeta, annotate(`"no-prestop: drained by the mesh"`))...), []string{"no-readiness-probe"}, []string{"no-prestop drained by the mesh"}, nil},
		"of the template":               {change(t, append(bare, template, "    metadata: {labels: {app: web}, annotations: {shutdowncheck.io/ignore: 'no-prestop: mesh'}}\n")...), []string{"no-readiness-probe"}, []string{"no-prestop mesh"}, nil},
		"two lines":                     {change(t, append(bare, shopMeta, annotate(`"no-prestop: mesh\nno-readiness-probe: quick\n"`))...), nil, []string{"no-prestop mesh", "no-readiness-probe quick"}, nil},
		"a semicolon":                   {change(t, append(bare, shopMeta, annotate(`"no-prestop: mesh; no-readiness-probe: quick;"`))...), nil, []string{"no-prestop mesh", "no-readiness-probe quick"}, nil},
		"a semicolon in reason":         {change(t, append(bare, shopMeta, annotate(`"no-prestop: the mesh; it drains, see http://a/b; all is well"`))...), []string{"no-readiness-probe"}, []string{"no-prestop the mesh; it drains, see http://a/b; all is well"}, nil},
		"of the budget":                 {onBudget, nil, []string{"budget-blocks one node"}, nil},
		"the workload's, of its budget": {change(t, budget1, "  maxUnavailable: 0\n", shopMeta, annotate(`"budget-blocks: one node"`)), nil, []string{"budget-blocks one node"}, nil},
		"no reason":                     {change(t, append(bare, shopMeta, annotate(`"no-prestop"`))...), []string{"no-prestop", "no-readiness-probe"}, nil, []string{"no-prestop is ignored without a reason"}},
		"an empty reason":               {change(t, append(bare, shopMeta, annotate(`"no-prestop:  "`))...), []string{"no-prestop", "no-readiness-probe"}, nil, []string{"no-prestop is ignored without a reason"}},
		"unknown":                       {change(t, append(bare, shopMeta, annotate(`"noprestop: mesh"`))...), []string{"no-prestop", "no-readiness-probe"}, nil, []string{`"noprestop" is no rule`}},
		"one of two without":            {change(t, append(bare, shopMeta, annotate(`"no-prestop; no-readiness-probe: quick"`))...), []string{"no-prestop"}, []string{"no-readiness-probe quick"}, []string{"no-prestop is ignored without a reason"}},
		"nothing to ignore":             {change(t, shopMeta, annotate(`"no-prestop: mesh"`)), nil, nil, []string{"nothing was found"}},
		"another's":                     {change(t, append(bare, shopMeta, annotate(`"one-replica: mesh"`))...), []string{"no-prestop", "no-readiness-probe"}, nil, []string{"nothing was found"}},
		"another workload's": {change(t, append(bare, shopMeta, annotate(`"no-prestop: mesh"`))...) + "---\n" +
			strings.ReplaceAll(change(t, bare...), "web, namespace: shop", "other, namespace: shop"), []string{"no-prestop", "no-readiness-probe", "no-readiness-probe"}, []string{"no-prestop mesh"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := Lint(read(t, test.manifests))
			var ignored, idle []string
			for _, f := range r.Ignored {
				ignored = append(ignored, f.Rule+" "+f.Reason)
				if !f.Annotated || !strings.HasPrefix(f.From, "annotation of ") {
					t.Errorf("from %q", f.From)
				}
			}
			for i, ignore := range r.IdleIgnores {
				idle = append(idle, ignore.Why)
				if i < len(test.idle) && !strings.HasPrefix(ignore.Why, test.idle[i]) {
					t.Errorf("why %q", ignore.Why)
				}
			}
			counts := slices.DeleteFunc(rulesOf(r.Findings), func(rule string) bool { return rule == "several-budgets" })
			slices.Sort(counts)
			if !slices.Equal(counts, test.counts) || !slices.Equal(ignored, test.ignore) || len(idle) != len(test.idle) {
				t.Errorf("counts %q, ignored %q, idle %q", counts, ignored, idle)
			}
		})
	}
}

func TestIgnoreFile(t *testing.T) {
	manifests := change(t, lifecycle, "", readiness, "")
	tests := map[string]struct {
		file    string
		ignored []string
		idle    int
		wrong   string
	}{
		"all":             {file: "ignore:\n- {rule: no-prestop, reason: mesh}\n", ignored: []string{"no-prestop"}},
		"nothing":         {file: ""},
		"globs":           {file: "ignore:\n- {rule: no-prestop, kind: 'deploy*', namespace: 's*p', name: 'w?b', reason: mesh}\n", ignored: []string{"no-prestop"}},
		"kind":            {file: "ignore:\n- {rule: no-prestop, kind: StatefulSet, reason: mesh}\n", idle: 1},
		"namespace":       {file: "ignore:\n- {rule: no-prestop, namespace: other, reason: mesh}\n", idle: 1},
		"name":            {file: "ignore:\n- {rule: no-prestop, name: 'api-*', reason: mesh}\n", idle: 1},
		"two of the same": {file: "ignore:\n- {rule: no-prestop, reason: mesh}\n- {rule: no-prestop, name: web, reason: mesh}\n", ignored: []string{"no-prestop"}},
		"no reason":       {file: "ignore:\n- {rule: no-prestop}\n", wrong: "i.yaml:2: no-prestop is ignored without a reason"},
		"unknown rule":    {file: "ignore:\n\n- {rule: no-stop, reason: mesh}\n", wrong: `i.yaml:3: "no-stop" is no rule`},
		"unknown field":   {file: "ignore:\n- {rule: no-prestop, reason: mesh, ns: shop}\n", wrong: `i.yaml:2: "ns"; want rule, kind`},
		"unknown list":    {file: "ignores:\n- {rule: no-prestop, reason: mesh}\n", wrong: "i.yaml: line 1: field ignores not found"},
		"a list alone":    {file: "- {rule: no-prestop, reason: mesh}\n", wrong: "i.yaml: line 1: cannot unmarshal"},
		"no mapping":      {file: "ignore: [no-prestop]\n", wrong: "i.yaml:1: want a mapping"},
		"a bad glob":      {file: "ignore:\n- {rule: no-prestop, reason: mesh, name: 'a['}\n", wrong: `i.yaml:2: "a[" is no glob`},
		"a wrong reason":  {file: "ignore:\n- {rule: no-prestop, reason: [mesh]}\n", wrong: "i.yaml:2: "},
		"no YAML":         {file: "ignore: [", wrong: "i.yaml: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ignores, err := ReadIgnores(strings.NewReader(test.file), "i.yaml")
			if test.wrong != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.wrong) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%v, want %s", err, test.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r := Lint(read(t, manifests))
			r.Ignore(ignores...)
			var ignored []string
			for _, f := range r.Ignored {
				ignored = append(ignored, f.Rule)
			}
			if !slices.Equal(ignored, test.ignored) || len(r.IdleIgnores) != test.idle || len(r.Findings) != 2-len(ignored) {
				t.Errorf("ignored %q, idle %+v", ignored, r.IdleIgnores)
			}
		})
	}
}

// What is ignored does not make the exit code 1.
func TestIgnoredNeverFails(t *testing.T) {
	r := Lint(read(t, change(t, lifecycle, "", shopMeta, annotate(`"no-prestop: mesh"`))))
	if r.Failed() || r.Count(Warning) != 0 {
		t.Errorf("%+v", r.Findings)
	}
	if !strings.HasPrefix(rendered(t, r, "text"), "0 errors, 0 warnings, 0 notes in deployment/web; 1 ignored\n") {
		t.Error(rendered(t, r, "text"))
	}
}

// An annotation counts on every kind of object that the rules look at.
func TestEveryKindIsVisited(t *testing.T) {
	var o Objects
	all := reflect.ValueOf(&o).Elem()
	want := map[string]bool{}
	for i := range all.NumField() {
		field := all.Field(i)
		if !all.Type().Field(i).IsExported() || field.Kind() != reflect.Slice {
			continue
		}
		one := reflect.New(field.Type().Elem()).Elem()
		if one.Kind() != reflect.Struct {
			continue
		}
		value, ok := one.Type().FieldByName("Value")
		if !ok || slices.Contains([]string{"Deployments", "StatefulSets", "DaemonSets"}, all.Type().Field(i).Name) {
			continue
		}
		one.FieldByName("Value").Set(reflect.New(value.Type.Elem()))
		field.Set(reflect.Append(field, one))
		want[value.Type.Elem().Name()] = true
	}
	got := map[string]bool{}
	o.eachBeside(func(kind string, _ metav1.Object) { got[kind] = true })
	if !maps.Equal(got, want) {
		t.Errorf("visited %v, want %v", got, want)
	}
}

// Where one workload is judged, an annotation that is about others is not idle.
func TestIdleOfOne(t *testing.T) {
	const service = "kind: Service\nmetadata: {name: web, namespace: shop"
	text := change(t, "metadata: {name: web, namespace: shop}", `metadata: {name: web, namespace: shop, annotations: {shutdowncheck.io/ignore: "recreate: why not"}}`, service, service+`, annotations: {shutdowncheck.io/ignore: "headless: peers"}`)
	for only, want := range map[string]int{"": 2, "deployment/web": 1} {
		o := read(t, text)
		o.Only = only
		if idle := Lint(o).IdleIgnores; len(idle) != want {
			t.Errorf("only %q: got %+v, want %d", only, idle, want)
		}
	}
}
