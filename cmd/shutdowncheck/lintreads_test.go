package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/shutdowncheck/shutdowncheck/lint"
)

// otherwise are the files of which lint thinks otherwise than kubectl's reader.
var otherwise = []string{
	"no-name.yaml",      // the API server refuses it, so lint says so at once
	"list-in-list.yaml", // kubectl stumbles over what is clear
}

// lint takes and refuses the same files as kubectl's own reader, and finds the
// same objects in them.
func TestLintReadsAsKubectl(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/reads.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range archive.Files {
		files[f.Name] = string(f.Data)
	}
	utf16 := func(text string, low, high string) string {
		var b strings.Builder
		for _, c := range text {
			fmt.Fprintf(&b, "%s%c%s", low, c, high)
		}
		return b.String()
	}
	files["marked.yaml"] = "\ufeff" + files["two.yaml"]
	files["marked.json"] = "\ufeff" + files["stream.json"]
	files["lines-of-windows.yaml"] = strings.ReplaceAll(files["separators.yaml"], "\n", "\r\n")
	files["little.yaml"] = "\xff\xfe" + utf16(files["two.yaml"], "", "\x00")
	files["big.yaml"] = "\xfe\xff" + utf16(files["two.yaml"], "\x00", "")
	files["unmarked.yaml"] = utf16(files["two.yaml"], "", "\x00")
	files["latin1.yaml"] = strings.Replace(files["plain.yaml"], "{name: a}", "{name: a, annotations: {b: \xe9}}", 1)
	files["empty.yaml"] = ""
	files["many.yaml"] = strings.Repeat("---\n"+files["plain.yaml"], 2000)

	for name, text := range files {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			want, wantErr := kubectlReads(path)
			var o lint.Objects
			err := o.Read(strings.NewReader(text), path, "")
			if slices.Contains(otherwise, name) != ((wantErr == nil) != (err == nil)) {
				t.Fatalf("lint says %v, kubectl %v", err, wantErr)
			}
			var got []string
			for _, s := range o.Services {
				got = append(got, s.Value.Name)
			}
			if name == "many.yaml" {
				want = slices.Compact(want) // of equal objects the last one is judged
			}
			if err == nil && wantErr == nil && !slices.Equal(got, want) {
				t.Errorf("lint reads %q, kubectl %q", got, want)
			}
		})
	}
}

// kubectlReads gives the names of the services that kubectl finds in a file.
func kubectlReads(path string) ([]string, error) {
	infos, err := resource.NewLocalBuilder().Unstructured().Local().ContinueOnError().
		FilenameParam(false, &resource.FilenameOptions{Filenames: []string{path}}).Flatten().Do().Infos()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, info := range infos {
		object, ok := info.Object.(*unstructured.Unstructured)
		if !ok {
			return nil, errors.New("no object")
		}
		if object.GetKind() == "Service" {
			names = append(names, object.GetName()+object.GetGenerateName())
		}
	}
	return names, nil
}
