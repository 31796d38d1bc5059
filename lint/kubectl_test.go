package lint

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// taken and refuses are the answers in testdata/kubectl/answers.txt.
const (
	taken   = "takes"
	refuses = "refuses"
)

// otherThanKubectl are the files that lint takes and kubectl or the API server does not, or
// the reverse, and why that is right.
var otherThanKubectl = map[string]string{
	"generate-name.yaml": "kubectl create takes it",
	"helm-image.yaml":    "the API server takes any image, but braces are a template's",
	"list-in-list.yaml":  "it is clear what is meant",

	"half-budget.yaml":  "it is taken for a part of an object, so that nothing is there to judge",
	"half-service.yaml": "it is taken for a part of an object, beside what can be judged",
	"ports-null.yaml":   "it is taken for a part of an object, beside what can be judged",
	"pod.yaml":          "nothing is there to judge",

	"crd-of-deployment-kind.yaml": "only a cluster knows which kinds it has",
	"custom-object.yaml":          "only a cluster knows which kinds it has",

	"bomb-small.yaml":            "fields of a kind that is not judged",
	"data-number-configmap.yaml": "a field of a kind that is not judged",
	"env-substitution-name.yaml": "a field by which nothing is judged",
	"name-of-capitals.yaml":      "a field by which nothing is judged",
	"own-label-with-space.yaml":  "a field by which nothing is judged",
	"quantity-negative.yaml":     "a field by which nothing is judged",
	"status.yaml":                "a field that the API server writes itself",
}

// lint takes and refuses the same files as kubectl apply did, with --dry-run=client or with
// --dry-run=server: scripts/kubectl-answers asks anew.
func TestTakesAndRefusesAsKubectl(t *testing.T) {
	folder := filepath.Join("testdata", "kubectl")
	answers := kubectlAnswers(t, filepath.Join(folder, "answers.txt"))
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(answers)+1 {
		t.Errorf("%d files beside the answers, which are about %d", len(entries)-1, len(answers))
	}
	for file, want := range answers {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(folder, file))
			if err != nil {
				t.Fatal(err)
			}
			got, why := lintAnswers(text, file)
			reason, differs := otherThanKubectl[file]
			if (got == want) == differs {
				t.Errorf("lint %s it (%s), kubectl %s it; as it should be otherwise: %q", got, why, want, reason)
			}
		})
	}
}

// lintAnswers says whether lint refuses a file, either to read it or in a finding that tells
// that kubectl or the API server will.
func lintAnswers(text []byte, file string) (answer, why string) {
	var o Objects
	if err := o.Read(bytes.NewReader(text), file, ""); err != nil {
		return refuses, err.Error()
	}
	if o.Empty() && !o.Podless() && !o.TellsRemoved() {
		return refuses, "nothing to judge"
	}
	for _, f := range Lint(&o).Findings {
		if slices.Contains([]string{refused.id, removedAPI.id, unknownField.id}, f.Rule) {
			return refuses, f.Rule + " of " + f.Place.Field
		}
	}
	return taken, ""
}

// kubectlAnswers reads what scripts/kubectl-answers wrote: a file is refused where either of
// its two answers says so.
func kubectlAnswers(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[2] != taken && fields[2] != refuses {
			t.Fatalf("%s: %q; want FILE, client or server, and takes or refuses", path, line)
		}
		if answers[fields[0]] != refuses {
			answers[fields[0]] = fields[2]
		}
	}
	return answers
}
