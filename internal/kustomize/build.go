// Package kustomize builds a folder with a kustomization.yaml as kubectl does,
// by kustomize's own library, but never asks the network.
package kustomize

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// Object is one that was built.
type Object struct {
	JSON []byte
	// File is where it comes from, the folder's kustomization file where
	// that generates it.
	File string
}

// Build is what a folder is built to.
type Build struct {
	Objects []Object
	// Files are all that were read for it, cleaned.
	Files []string
}

// FileIn gives a folder's kustomization file; empty where there is none.
func FileIn(dir string) string {
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
	}
	return ""
}

// Run builds a folder with kubectl's options: no plugins, no Helm, no file
// from outside of the folder but by way of another kustomization
// (cli-runtime pkg/resource KustomizeVisitor).
func Run(dir string) (b *Build, err error) {
	file := FileIn(dir)
	if file == "" {
		return nil, fmt.Errorf("%s: no kustomization.yaml in it; want a folder that kustomize builds", dir)
	}
	if err := local(dir, nil); err != nil {
		return nil, err
	}
	top, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	if top, err = filepath.EvalSymlinks(top); err != nil {
		return nil, err
	}
	defer func() {
		// What is odd in a file has made the library panic before.
		if p := recover(); p != nil {
			b, err = nil, fmt.Errorf("%s: kustomize fails: %v", file, p)
		}
	}()
	disk := &watched{FileSystem: filesys.MakeFsOnDisk(), top: top}
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionLegacy
	built, err := krusty.MakeKustomizer(options).Run(disk, dir)
	if err != nil {
		return nil, fmt.Errorf("%s: kustomize: %s", file, oneLine(err))
	}
	b = &Build{Files: disk.read}
	for _, r := range built.Resources() {
		from, err := cameFrom(r, dir, file)
		if err != nil {
			return nil, fmt.Errorf("%s: %s", file, oneLine(err))
		}
		text, err := r.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("%s: %s %s: %s", from, r.GetKind(), r.GetName(), oneLine(err))
		}
		b.Objects = append(b.Objects, Object{JSON: text, File: from})
	}
	return b, nil
}

// cameFrom takes off the annotation that tells where an object came from.
func cameFrom(r *resource.Resource, dir, file string) (string, error) {
	origin, err := r.GetOrigin()
	if err != nil {
		return "", err
	}
	if err := r.SetOrigin(nil); err != nil {
		return "", err
	}
	if origin == nil || origin.Path == "" {
		return file, nil
	}
	return filepath.Join(dir, filepath.FromSlash(origin.Path)), nil
}

// oneLine takes the folder's name off kustomize's errors, which repeat it, and
// their line ends.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// watched notes what is read, and asks for each object's origin.
type watched struct {
	filesys.FileSystem
	// top is the kustomization file that is built.
	top  string
	read []string
}

// ReadFile notes the file.
func (w *watched) ReadFile(path string) ([]byte, error) {
	text, err := w.FileSystem.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(w.read, path) {
		w.read = append(w.read, path)
	}
	if path == w.top {
		return withOrigins(text)
	}
	return text, nil
}

// withOrigins adds a line to the file, so that what kustomize says of the others
// stays true; only where it cannot be added the file is written anew.
func withOrigins(text []byte) ([]byte, error) {
	longer := append(bytes.Clone(text), "\nbuildMetadata: [originAnnotations]\n"...)
	var before, after map[string]any
	if yaml.Unmarshal(text, &before) != nil || before == nil {
		return text, nil // kustomize says it better
	}
	if _, there := before["buildMetadata"]; !there && yaml.Unmarshal(longer, &after) == nil && len(after) == len(before)+1 {
		return longer, nil
	}
	before["buildMetadata"] = []string{"originAnnotations"}
	return yaml.Marshal(before)
}

// remote is what kustomize would ask the network for: a URL, or a repository as
// git takes it (kustomize's api/internal/git/repospec.go).
var remote = regexp.MustCompile(`^(git::)?(https?|ssh|git|file|s3|gcs|oci)://|^git@|^(github\.com|gitlab\.com|bitbucket\.org)[:/]|\?(ref|version|timeout|submodules)=|\.git(/|$)|_git/`)

// Patches are the files that a folder's kustomization file names as patches.
func Patches(dir string) []string {
	k, err := read(FileIn(dir))
	if err != nil {
		return nil
	}
	paths := slices.Clone(k.PatchesStrategicMerge)
	for _, f := range slices.Concat(k.Patches, k.PatchesJSON6902) {
		paths = append(paths, f.Path)
	}
	for i := range paths {
		paths[i] = filepath.Join(dir, paths[i])
	}
	return paths
}

// local refuses a folder that kustomize would need the network for, or helm.
func local(dir string, above []string) error {
	path, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if slices.Contains(above, path) {
		return nil // a cycle, which kustomize names
	}
	file := FileIn(dir)
	if file == "" {
		return nil // likewise
	}
	k, err := read(file)
	if err != nil {
		return err
	}
	if len(k.HelmCharts) > 0 || len(k.HelmChartInflationGenerator) > 0 {
		return fmt.Errorf("%s: helmCharts are not built: render it first, for example: kubectl kustomize --enable-helm %s | shutdowncheck lint -f -", file, dir)
	}
	for _, entry := range k.entries() {
		if strings.Contains(entry, "\n") {
			continue // no path but a patch itself
		}
		_, err := os.Stat(filepath.Join(dir, entry))
		if err != nil && remote.MatchString(entry) {
			return fmt.Errorf("%s: %s is not here, and lint does not ask the network: build it first, for example: kubectl kustomize %s | shutdowncheck lint -f -", file, entry, dir)
		}
		if err != nil {
			return fmt.Errorf("%s: %s: no such file or folder", file, entry)
		}
	}
	for _, entry := range slices.Concat(k.Resources, k.Bases, k.Components) {
		below := filepath.Join(dir, entry)
		if info, err := os.Stat(below); err == nil && info.IsDir() {
			if err := local(below, append(slices.Clip(above), path)); err != nil {
				return err
			}
		}
	}
	return nil
}

// kustomization is what of a kustomization file names other files.
type kustomization struct {
	Resources             []string `json:"resources"`
	Bases                 []string `json:"bases"`
	Components            []string `json:"components"`
	Configurations        []string `json:"configurations"`
	CRDs                  []string `json:"crds"`
	Generators            []string `json:"generators"`
	Transformers          []string `json:"transformers"`
	Validators            []string `json:"validators"`
	PatchesStrategicMerge []string `json:"patchesStrategicMerge"`
	Patches               []file   `json:"patches"`
	PatchesJSON6902       []file   `json:"patchesJson6902"`
	Replacements          []file   `json:"replacements"`
	ConfigMapGenerator    []files  `json:"configMapGenerator"`
	SecretGenerator       []files  `json:"secretGenerator"`
	OpenAPI               file     `json:"openapi"`

	HelmCharts                  []any `json:"helmCharts"`
	HelmChartInflationGenerator []any `json:"helmChartInflationGenerator"`
}

type file struct {
	Path string `json:"path"`
}

type files struct {
	Files []string `json:"files"`
	Envs  []string `json:"envs"`
	Env   string   `json:"env"`
}

func read(path string) (*kustomization, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var k kustomization
	if err := yaml.Unmarshal(text, &k); err != nil {
		return nil, fmt.Errorf("%s: %s", path, oneLine(err))
	}
	return &k, nil
}

// entries are all paths in the file.
func (k *kustomization) entries() []string {
	all := slices.Concat(k.Resources, k.Bases, k.Components, k.Configurations, k.CRDs, k.Generators, k.Transformers, k.Validators, k.PatchesStrategicMerge)
	for _, f := range slices.Concat(k.Patches, k.PatchesJSON6902, k.Replacements, []file{k.OpenAPI}) {
		all = append(all, f.Path)
	}
	for _, g := range slices.Concat(k.ConfigMapGenerator, k.SecretGenerator) {
		all = append(append(all, g.Envs...), g.Env)
		for _, f := range g.Files {
			_, path, named := strings.Cut(f, "=")
			if !named {
				path = f
			}
			all = append(all, path)
		}
	}
	return slices.DeleteFunc(all, func(path string) bool { return path == "" })
}
