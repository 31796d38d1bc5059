package lint

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func keepAll(*Report) {}

// fixes tells whether what kustomize makes of the manifests and their overlay has none of
// the findings that came with a patch, and is what Fix foretold.
func fixes(t *testing.T, manifests string) {
	t.Helper()
	before := read(t, manifests)
	found := Lint(before)
	f, err := NewFix(before, keepAll)
	if err != nil {
		t.Error(err)
		return
	}
	if again := Lint(before); !slices.Equal(sentences(found), sentences(again)) {
		t.Errorf("the objects were changed: %q, then %q", sentences(found), sentences(again))
	}
	if len(f.Patched) == 0 {
		return
	}
	fixesInPlace(t, f, manifests)
	after := Lint(read(t, built(t, f, manifests)))
	if !slices.Equal(sentences(after), sentences(f.Left)) {
		t.Errorf("after kustomize %q, foretold %q", sentences(after), sentences(f.Left))
	}
	for i := range found.Findings {
		was := &found.Findings[i]
		if was.Patch != "" && slices.ContainsFunc(after.Findings, func(is Finding) bool { return is.Identity() == was.Identity() }) {
			t.Errorf("%s is still found after %s", was.Identity(), was.Patch)
		}
	}
}

func sentences(r *Report) (all []string) {
	for i := range r.Findings {
		f := &r.Findings[i]
		all = append(all, fmt.Sprintf("%s %s: %s", f.Severity, f.Identity(), f.Why))
	}
	slices.Sort(all)
	return all
}

// built is what kustomize makes of the manifests under the overlay.
func built(t *testing.T, f *Fix, manifests string) string {
	t.Helper()
	files, err := f.Overlay([]string{"resources/web.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	disk := filesys.MakeFsInMemory()
	files["resources/web.yaml"] = []byte(manifests)
	for name, text := range files {
		if err := disk.WriteFile("/overlay/"+name, text); err != nil {
			t.Fatal(err)
		}
	}
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(disk, "/overlay")
	if err != nil {
		t.Fatal(err)
	}
	text, err := resources.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Small manifests, each with findings that a patch mends; what is said of them is in
// TestRules.
func TestFix(t *testing.T) {
	names, err := filepath.Glob("testdata/fix/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			fixes(t, string(text))
			f, err := NewFix(read(t, string(text)), keepAll)
			if err != nil {
				t.Fatal(err)
			}
			var patches bytes.Buffer
			files, err := f.Overlay([]string{"web.yaml"})
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range slices.Sorted(maps.Keys(files)) {
				fmt.Fprintf(&patches, "--- %s\n%s", file, files[file])
			}
			golden(t, strings.TrimSuffix(name, ".yaml")+".txt", patches.Bytes())
		})
	}
}

// What is set aside is not patched.
func TestFixLeavesTheIgnored(t *testing.T) {
	f, err := NewFix(read(t, change(t, lifecycle, "", shopMeta, annotate(`"no-prestop: mesh"`))), keepAll)
	if err != nil || len(f.Patched) != 0 {
		t.Errorf("%+v, %v", f, err)
	}
	f, err = NewFix(read(t, change(t, lifecycle, "")), func(r *Report) { r.Findings = nil })
	if err != nil || len(f.Patched) != 0 {
		t.Errorf("%+v, %v", f, err)
	}
}

// A hook that does more than sleep is not replaced by one that sleeps.
func TestFixKeepsWhatHooksDo(t *testing.T) {
	for command, patched := range map[string]bool{
		"[sleep, '1']":                         true,
		"[/bin/sh, -c, sleep 1]":               true,
		"[/bin/sh, -c, rm -f /tmp/ready]":      false,
		"[/bin/sh, -c, touch /down; sleep 1]":  false,
		"[/bin/sh, -c, sleep 1 && echo ended]": false,
	} {
		found := 0
		for _, f := range Lint(read(t, change(t, preStop5, exec(command)))).Findings {
			if f.Rule == "prestop-short" {
				found++
				if (f.Patch != "") != patched {
					t.Errorf("%s: patch %q", command, f.Patch)
				}
			}
		}
		if found != 1 {
			t.Errorf("%s: found %d times", command, found)
		}
	}
}

// What takes the place of a hook that fails sleeps for as long as that was to, where that is
// longer than is advised.
func TestFixKeepsWhatFailingHooksMeant(t *testing.T) {
	const distroless, none = "        image: gcr.io/distroless/static-debian12\n", "        image: cgr.dev/chainguard/nginx:latest\n"
	for _, tt := range []struct {
		image, command, patch string
	}{
		{image, "[sleep 20]", `"sleep":{"seconds":20}`},
		{image, "[sh, -c, sleep, '12']", `"sleep":{"seconds":12}`},
		{image, "[sh, -c, sleep, '3']", `"sleep":{"seconds":5}`},
		{image, "[sleep, 3h, x]", `"sleep":{"seconds":5}`},
		{distroless, "[sh, -c, sleep 45]", `"sleep":{"seconds":45}`},
		{distroless, "[/bin/sleep, '15']", `"sleep":{"seconds":15}`},
		{none, "[sh, -c, sleep 10; nginx -s quit]", `"sleep":{"seconds":10}`},
	} {
		manifests := change(t, image, tt.image, preStop5, exec(tt.command))
		fixes(t, manifests)
		var patches []string
		for _, f := range Lint(read(t, manifests)).Findings {
			if f.Rule == "prestop-fails" {
				patches = append(patches, f.Patch)
				if strings.Contains(f.Fix, "Give a script to a shell") {
					t.Errorf("%s %s: %s", tt.image, tt.command, f.Fix)
				}
			}
		}
		if len(patches) != 1 || !strings.Contains(patches[0], tt.patch) {
			t.Errorf("%s %s: patches %q, want %s", tt.image, tt.command, patches, tt.patch)
		}
	}
}

// The demo of 14 Deployments is mended as a whole.
func TestFixMany(t *testing.T) {
	fixes(t, shop(14))
	f, err := NewFix(read(t, shop(14)), keepAll)
	if err != nil || len(f.Patched) != 14 {
		t.Errorf("%d objects patched, %v", len(f.Patched), err)
	}
}
