package matrix

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/shutdowncheck/shutdowncheck/lint"
	"github.com/shutdowncheck/shutdowncheck/manifest"
)

var (
	fencedBlock = regexp.MustCompile("(?s)`([\\w.-]+)`:\n\n```\\w+\n(.*?)```\n")
	rowOfDocs   = regexp.MustCompile("[Rr]ows?\\s+`([^`]+)`(?:\\s+and\\s+`([^`]+)`)?")
)

// recipesPage gives the sections of docs/recipes.md by their headings.
func recipesPage(t *testing.T) (page string, sections map[string]string) {
	t.Helper()
	text, err := os.ReadFile("../docs/recipes.md")
	if err != nil {
		t.Fatal(err)
	}
	sections = map[string]string{}
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		heading, body, _ := strings.Cut(section, "\n")
		sections[heading] = body
	}
	return string(text), sections
}

// What the documentation shows is what the rows deploy, all of it, and nothing else.
func TestRecipesAreWhatIsDeployed(t *testing.T) {
	page, sections := recipesPage(t)
	root := path.Join("servers", recipesFolder)
	deployed := map[string]bool{}
	err := fs.WalkDir(servers, root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := servers.ReadFile(file)
		deployed[path.Base(path.Dir(file))+"/"+entry.Name()+"\n"+string(text)] = true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for section, body := range sections {
		for _, block := range fencedBlock.FindAllStringSubmatch(body, -1) {
			shown++
			if !deployed[section+"/"+block[1]+"\n"+block[2]] {
				t.Errorf("%s in the section %s is not what is deployed", block[1], section)
			}
		}
	}
	if shown != len(deployed) || 2*shown != strings.Count(page, "```") {
		t.Errorf("%d files are shown in %d blocks, and %d deployed", shown, strings.Count(page, "```")/2, len(deployed))
	}
}

// Each recipe is told of by the name of its row, and each row that is told of is
// there.
func TestRecipesNameTheirRows(t *testing.T) {
	page, sections := recipesPage(t)
	var told, rows []string
	for _, found := range rowOfDocs.FindAllStringSubmatch(page, -1) {
		told = append(told, found[1])
		if found[2] != "" {
			told = append(told, found[2])
		}
	}
	for _, row := range FieldRows() {
		rows = append(rows, row.Name)
	}
	for _, name := range told {
		if !slices.Contains(rows, name) {
			t.Errorf("there is no row %q", name)
		}
	}
	for _, row := range recipes() {
		if !slices.Contains(told, row.Name) {
			t.Errorf("%q is not told of", row.Name)
		}
	}
	for section := range sections {
		if !slices.ContainsFunc(recipes(), func(r Row) bool { return strings.HasPrefix(r.Name, "recipe: "+section) }) {
			t.Errorf("the section %q has no row", section)
		}
	}
}

// A pod made by a recipe is recognised as its server's, but for a program that its
// command does not name, as Tornado's.
func TestRecipesAreRecognised(t *testing.T) {
	for _, row := range recipes() {
		server := strings.Fields(strings.TrimPrefix(row.Name, "recipe: "))[0]
		pod := row.Objects[1].(*appsv1.Deployment).Spec.Template.Spec
		named := func(c corev1.Container) bool {
			got, by := manifest.Server(&c)
			return got == server && by == manifest.Command
		}
		if recognised := slices.ContainsFunc(slices.Concat(pod.Containers, pod.InitContainers), named); recognised != (server != "tornado") {
			t.Errorf("%s: recognised: %t", row.Name, recognised)
		}
	}
}

// Lint has nothing against a recipe, and advises nothing that it does not do.
func TestRecipesPassLint(t *testing.T) {
	for _, row := range recipes() {
		var objects lint.Objects
		for _, o := range row.Objects {
			text, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			kinds, _, err := scheme.Scheme.ObjectKinds(o)
			if err != nil {
				t.Fatal(err)
			}
			head := fmt.Sprintf(`{"apiVersion": %q, "kind": %q,`, kinds[0].GroupVersion(), kinds[0].Kind)
			if err := objects.Read(strings.NewReader(head+string(text[1:])), row.Name, "shop"); err != nil {
				t.Fatal(err)
			}
		}
		found := lint.Lint(&objects)
		if len(found.Workloads) != 1 {
			t.Errorf("%s: %q", row.Name, found.Workloads)
		}
		for _, f := range found.Findings {
			if f.Severity != lint.Note || strings.Contains(f.Fix, "sleep instead") || strings.Contains(f.Fix, "own sleep") {
				t.Errorf("%s: %s %s: %s", row.Name, f.Severity, f.Rule, f.Fix)
			}
		}
	}
}
