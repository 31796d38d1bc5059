package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"sigs.k8s.io/kustomize/api/konfig"

	"github.com/shutdowncheck/shutdowncheck/internal/kustomize"
	"github.com/shutdowncheck/shutdowncheck/lint"
)

var kustomizationNames = konfig.RecognizedKustomizationFileNames()

// kustomize reads what kustomize builds of a folder.
func (r *manifestReader) kustomize(dir string) error {
	if fetched.MatchString(dir) {
		return fmt.Errorf("-k: %s: URLs are not read; want a folder", dir)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("-k: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("-k: %s: a file; want the folder with the kustomization.yaml", dir)
	}
	build, err := kustomize.Run(dir)
	if err != nil {
		return fmt.Errorf("-k: %w", err)
	}
	r.readBuilt(r.objects, &folderBuild{build, dir})
	return nil
}

func (r *manifestReader) readBuilt(to *lint.Objects, build *folderBuild) {
	r.sources = append(r.sources, manifestSource{path: build.dir, built: true})
	texts := map[string][]byte{}
	for _, object := range build.Objects {
		text, read := texts[object.File]
		if !read {
			// What cannot be read has no lines; that it was built is known.
			text, _ = os.ReadFile(object.File)
			texts[object.File] = text
		}
		r.wrong(to.ReadBuilt(lint.Built{JSON: object.JSON, File: object.File, Text: text}, r.namespace))
	}
}

// folderBuild is a folder that kustomize has built.
type folderBuild struct {
	*kustomize.Build
	dir string
}

// builds builds each of the folders that has a kustomization.yaml, but not those
// that are only there to be part of another one.
func (r *manifestReader) builds(folders []string) []*folderBuild {
	var all []*folderBuild
	failed := map[string]error{}
	for _, dir := range folders {
		if kustomize.FileIn(dir) == "" {
			continue
		}
		build, err := kustomize.Run(dir)
		if err != nil {
			failed[dir] = err
			continue
		}
		all = append(all, &folderBuild{build, dir})
	}
	roots := slices.DeleteFunc(slices.Clone(all), func(b *folderBuild) bool {
		return slices.ContainsFunc(all, func(other *folderBuild) bool { return other != b && other.reads(kustomize.FileIn(b.dir)) })
	})
	for _, dir := range folders {
		if err := failed[dir]; err != nil && builtFrom(roots, kustomize.FileIn(dir)) == nil {
			r.objects.PassOver(kustomize.FileIn(dir), fmt.Sprintf("could not be built, so the files there are judged as they are: %v", err))
		}
	}
	return roots
}

// take reads what was built, apart from each other where it is more than one:
// two overlays are not meant for one cluster.
func (r *manifestReader) take(builds []*folderBuild) {
	for _, b := range builds {
		to := r.objects
		if len(builds) > 1 {
			to = &lint.Objects{}
			r.objects.Apart = append(r.objects.Apart, to)
		}
		r.readBuilt(to, b)
	}
}

// builtFrom gives the build that has read the file; nil where none has.
func builtFrom(builds []*folderBuild, path string) *folderBuild {
	i := slices.IndexFunc(builds, func(b *folderBuild) bool { return b.reads(path) })
	if i < 0 {
		return nil
	}
	return builds[i]
}

func (b *folderBuild) reads(path string) bool {
	file, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	if file, err = filepath.Abs(file); err != nil {
		return false
	}
	return slices.Contains(b.Files, file)
}

// shown tells whether an object that was built has come from the file.
func (b *folderBuild) shown(path string) bool {
	return slices.ContainsFunc(b.Objects, func(o kustomize.Object) bool { return filepath.Clean(o.File) == filepath.Clean(path) })
}
