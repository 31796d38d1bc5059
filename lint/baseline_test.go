package lint

import (
	"slices"
	"strings"
	"testing"
)

func baseline(t *testing.T, r *Report) *Baseline {
	t.Helper()
	b, err := ReadBaseline(strings.NewReader(rendered(t, r, "json")), "b.json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBaseline(t *testing.T) {
	short := change(t, preStop5, "lifecycle: {preStop: {sleep: {seconds: 1}}}", readiness, "")
	b := baseline(t, Lint(read(t, short)))
	tests := map[string]struct {
		manifests          string
		counts, known, old []string
	}{
		"the same":             {short, nil, []string{"prestop-short", "no-readiness-probe"}, nil},
		"moved":                {"\n\n\n" + strings.Replace(short, "      containers:\n", "      containers:\n      - {name: first, image: first}\n", 1), nil, []string{"prestop-short", "no-readiness-probe"}, nil},
		"mended":               {base, nil, nil, []string{"prestop-short", "no-readiness-probe"}},
		"one more":             {strings.Replace(short, replicas3, "  replicas: 1\n", 1), []string{"one-replica"}, []string{"prestop-short", "no-readiness-probe"}, nil},
		"another's":            {strings.ReplaceAll(short, "web, namespace", "api, namespace"), []string{"prestop-short", "no-readiness-probe"}, nil, []string{"prestop-short", "no-readiness-probe"}},
		"in another namespace": {strings.ReplaceAll(short, "namespace: shop", "namespace: other"), []string{"prestop-short", "no-readiness-probe"}, nil, []string{"prestop-short", "no-readiness-probe"}},
		"ignored by now":       {strings.Replace(short, shopMeta, annotate(`"prestop-short: mesh"`), 1), nil, []string{"no-readiness-probe"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := Lint(read(t, test.manifests))
			r.Since(b)
			var old []string
			for _, id := range r.Gone {
				old = append(old, id.Rule)
			}
			if !slices.Equal(rulesOf(r.Findings), test.counts) || !slices.Equal(rulesOf(r.Known), test.known) || !slices.Equal(old, test.old) {
				t.Errorf("counts %q, known %q, gone %q", rulesOf(r.Findings), rulesOf(r.Known), old)
			}
			if r.Failed() != (len(test.counts) > 0) {
				t.Errorf("failed: %t", r.Failed())
			}
			// What was found by this baseline is a baseline as well.
			again := Lint(read(t, test.manifests))
			again.Since(baseline(t, r))
			if again.Failed() || len(again.Gone) > 0 {
				t.Errorf("again: %q, gone %v", rulesOf(again.Findings), again.Gone)
			}
		})
	}
}

// A finding that has become worse is a new one.
func TestBaselineOfLess(t *testing.T) {
	better := Lint(read(t, change(t, preStop5, exec("[sleep, '30']"))))
	worse := Lint(read(t, change(t, preStop5, exec("[sleep, '31']"))))
	b, was := baseline(t, better), baseline(t, worse)
	worse.Since(b)
	if worse.Count(Error) != 1 || len(worse.Gone) != 0 {
		t.Errorf("%+v", worse)
	}
	better.Since(was)
	if len(better.Findings) != 0 {
		t.Errorf("%+v", better.Findings)
	}
}

func TestReadBaselineSays(t *testing.T) {
	for text, want := range map[string]string{
		"":   "b.json is empty; want what lint -o json has written",
		"{":  "b.json: unexpected EOF; want",
		"[]": "b.json: json: cannot unmarshal array",
		"{}": `b.json: apiVersion "" and kind ""; want shutdowncheck/v1alpha1 and LintReport`,
		`{"apiVersion": "shutdowncheck/v1alpha1", "kind": "Report"}`:                                          `b.json: apiVersion "shutdowncheck/v1alpha1" and kind "Report"; want`,
		`{"apiVersion": "shutdowncheck/v1alpha1", "kind": "LintReport", "findings": [{"severity": "awful"}]}`: `b.json: severity "awful" of `,
	} {
		if _, err := ReadBaseline(strings.NewReader(text), "b.json"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
