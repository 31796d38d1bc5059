package kustomize

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n"

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// A kustomization in JSON, or one that asks for what lint asks for too, is built alike.
func TestRunOfOtherForms(t *testing.T) {
	for _, text := range []string{`{"resources": ["web.yaml"]}`, "resources: [web.yaml]\nbuildMetadata: [managedByLabel]", "---\nresources:\n- web.yaml\n...\n"} {
		root := write(t, map[string]string{"Kustomization": text, "web.yaml": web})
		b, err := Run(root)
		if err != nil || len(b.Objects) != 1 || b.Objects[0].File != filepath.Join(root, "web.yaml") {
			t.Errorf("%s: got %+v, %v", text, b, err)
		}
	}
}

// What is built tells where it came from, and which files it took.
func TestRun(t *testing.T) {
	root := write(t, map[string]string{
		"base/kustomization.yml":     "resources: [web.yaml]\n",
		"base/web.yaml":              web,
		"over/kustomization.yaml":    "resources: [../base]\nnameSuffix: -a\nconfigMapGenerator: [{name: c, files: [key=c.txt]}]\npatches: [{path: p.yaml, target: {kind: Deployment}}, {patch: '[{\"op\": \"remove\", \"path\": \"/metadata/annotations\"}]', target: {kind: Secret}}]\n",
		"over/c.txt":                 "https://example.com",
		"over/p.yaml":                "- {op: replace, path: /spec/replicas, value: 5}\n",
		"over/unused/other.yaml":     web,
		"over/unused/something.yaml": "",
	})
	dir := filepath.Join(root, "over")
	b, err := Run(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Objects) != 2 {
		t.Fatalf("got %d objects", len(b.Objects))
	}
	for _, o := range b.Objects {
		text := string(o.JSON)
		want := filepath.Join(dir, "kustomization.yaml")
		if strings.Contains(text, `"Deployment"`) {
			want = filepath.Join(root, "base/web.yaml")
			if !strings.Contains(text, `"replicas":5`) || !strings.Contains(text, `"web-a"`) {
				t.Errorf("got %s", text)
			}
		}
		if o.File != want || strings.Contains(text, "config.kubernetes.io") {
			t.Errorf("got %s from %s, want it from %s", text, o.File, want)
		}
	}
	var read []string
	for _, path := range b.Files {
		name, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, name)
	}
	slices.Sort(read)
	if want := []string{"base/kustomization.yml", "base/web.yaml", "over/c.txt", "over/kustomization.yaml", "over/p.yaml"}; !slices.Equal(read, want) {
		t.Errorf("read %q, want %q", read, want)
	}
	if got := Patches(dir); !slices.Contains(got, filepath.Join(dir, "p.yaml")) {
		t.Errorf("got patches %q", got)
	}
}

// What kustomize would fetch is refused before it tries.
func TestRunSays(t *testing.T) {
	const remote = " is not here, and lint does not ask the network: build it first, for example: "
	for text, want := range map[string]string{
		"resources: [https://example.com/a.yaml]":                   "https://example.com/a.yaml" + remote,
		"resources: ['github.com/example/a//deploy?ref=v1']":        "github.com/example/a//deploy?ref=v1" + remote,
		"resources: ['git@github.com:example/a.git']":               "git@github.com:example/a.git" + remote,
		"resources: ['git::https://example.com/a']":                 "git::https://example.com/a" + remote,
		"resources: ['ssh://git@example.com/a']":                    "ssh://git@example.com/a" + remote,
		"components: [example.com/a/b.git]":                         "example.com/a/b.git" + remote,
		"bases: ['example.com/a?ref=b']":                            "example.com/a?ref=b" + remote,
		"patches: [{path: 'https://example.com/p.yaml'}]":           "https://example.com/p.yaml" + remote,
		"configMapGenerator: [{files: ['k=https://example.com']}]":  "https://example.com" + remote,
		"openapi: {path: 'https://example.com/s.json'}":             "https://example.com/s.json" + remote,
		"transformers: [https://example.com/t.yaml]":                "https://example.com/t.yaml" + remote,
		"resources: [below]":                                        "https://example.com/b.yaml" + remote,
		"resources: [none.yaml]":                                    "none.yaml: no such file or folder",
		"resources: [a: b]":                                         "kustomization.yaml: ",
		"resources: [../{{ .env }}]":                                "kustomization.yaml: ",
		"resources: [.]":                                            "kustomization.yaml: kustomize: ",
		"helmCharts: [{name: a}]":                                   "kustomization.yaml: helmCharts are not built: render it first",
		"resources: [/etc/hostname]":                                "no such file or folder",
		"resources: [web.yaml, web.yaml]":                           "kustomization.yaml: kustomize: ",
		"resources: [web.yaml]\nfields: [none]":                     `kustomization.yaml: kustomize: invalid Kustomization: json: unknown field "fields"`,
		"resources: [twice.yaml]":                                   "twice.yaml: Service a: yaml: unmarshal errors: line ",
		"resources: [web.yaml]\npatches: [{patch: 'a: b'}]":         "kustomization.yaml: kustomize: ",
		"resources: [web.yaml]\nreplicas: [{name: none, count: 1}]": "kustomization.yaml: kustomize: ",
		"": "kustomization.yaml: kustomize: ",
	} {
		root := write(t, map[string]string{
			"kustomization.yaml": text, "web.yaml": web,
			"twice.yaml":               "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  labels: {a: b}\n  labels: {c: d}\n",
			"below/kustomization.yaml": "resources: [https://example.com/b.yaml]",
		})
		_, err := Run(root)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
