package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/kustomize"
	"github.com/shutdowncheck/shutdowncheck/internal/shell"
	"github.com/shutdowncheck/shutdowncheck/lint"
)

// manifestFlags is where lint's flags say that they are.
type manifestFlags struct {
	files     []string
	recursive bool
	// kustomize is a folder to build.
	kustomize string
	// sources are what was read, in this order.
	sources []manifestSource
}

// manifestSource is a file, - for stdin, or a folder that kustomize has built.
type manifestSource struct {
	path  string
	built bool
}

func (m *manifestFlags) any() bool { return len(m.files) > 0 || m.kustomize != "" }

// badManifestsError is what is wrong with some of the manifests, a line each. The
// others have been read.
type badManifestsError struct{ err error }

func (e *badManifestsError) Error() string { return e.err.Error() }
func (e *badManifestsError) Unwrap() error { return e.err }

// read reads all of them. All that is wrong can be seen without a cluster, so all
// errors are usageErrors; one around a badManifestsError leaves the others to judge.
func (m *manifestFlags) read(stdin io.Reader, namespace string) (*lint.Objects, error) {
	if len(m.files) > 0 && m.kustomize != "" {
		return nil, usagef("both -f %s and -k %s; want one of the two", m.files[0], m.kustomize)
	}
	if m.recursive && m.kustomize != "" {
		return nil, usagef("both -R and -k %s; want one of the two: what is built is in kustomization.yaml", m.kustomize)
	}
	r := &manifestReader{objects: &lint.Objects{}, namespace: namespace, recursive: m.recursive}
	if m.kustomize != "" {
		r.wrong(r.kustomize(m.kustomize))
	}
	for _, name := range m.files {
		r.name(name, stdin)
	}
	m.sources = r.sources
	if err := errors.Join(r.errs...); err != nil {
		return r.objects, &usageError{&badManifestsError{err}}
	}
	if r.objects.Empty() && !r.objects.Podless() && !r.objects.TellsRemoved() {
		none := fmt.Errorf("no workload in the manifests; want a Deployment, StatefulSet or DaemonSet of apps/v1%s", notJudged(r.objects))
		return r.objects, &usageError{&badManifestsError{none}}
	}
	return r.objects, nil
}

// notJudged says what was there instead.
func notJudged(o *lint.Objects) string {
	var said strings.Builder
	if kinds := lint.KindsNotJudged(o.NotJudged()); kinds != "" {
		said.WriteString(". Not judged: " + kinds)
	}
	for _, u := range o.NotJudged() {
		if removed := u.Removed(); removed != "" {
			said.WriteString(". " + removed)
		}
	}
	for _, note := range o.Notes() {
		said.WriteString(". Not looked at: " + note)
	}
	return said.String()
}

type manifestReader struct {
	objects   *lint.Objects
	namespace string
	recursive bool
	sources   []manifestSource
	errs      []error
}

func (r *manifestReader) wrong(err error) {
	if err != nil {
		r.errs = append(r.errs, err)
	}
}

// fetched is what kubectl's -f and -k would fetch.
var fetched = regexp.MustCompile(`^https?://`)

// name reads what one -f names: a pattern too, as kubectl does where no file is called so.
func (r *manifestReader) name(name string, stdin io.Reader) {
	switch info, err := os.Stat(name); {
	case name == "-":
		r.sources = append(r.sources, manifestSource{path: name})
		r.wrong(r.objects.Read(stdin, "stdin", r.namespace))
	case fetched.MatchString(name):
		r.wrong(fmt.Errorf("-f: %s: URLs are not read; want a file, a folder or -, for example: %s | shutdowncheck lint -f -", name, shell.Line("curl -fsSL %s", name)))
	case err != nil:
		matches, globErr := filepath.Glob(name)
		if globErr != nil || len(matches) == 0 {
			r.wrong(fmt.Errorf("-f: %w", err))
		}
		for _, match := range matches {
			r.name(match, stdin)
		}
	case info.IsDir():
		r.folder(name)
	case slices.Contains(kustomizationNames, filepath.Base(name)):
		r.wrong(fmt.Errorf("-f: %s: kustomize's own file; want the manifests, or its folder with -k %s", name, filepath.Dir(name)))
	default:
		r.wrong(r.file(name))
	}
}

func (r *manifestReader) file(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("-f: %w", err)
	}
	defer file.Close()
	r.sources = append(r.sources, manifestSource{path: path})
	return r.objects.Read(file, path, r.namespace)
}

// folder reads a folder's manifests, those below its subfolders only with -R: as
// kubectl's -f does. But where kustomize builds a folder, what it builds is
// judged instead of the files that it takes for that: without its patches nobody
// applies them.
func (r *manifestReader) folder(dir string) {
	files, folders, err := r.below(dir)
	if err != nil {
		r.wrong(fmt.Errorf("-f: %w", err))
		return
	}
	builds := r.builds(folders)
	var patches []string
	for _, in := range folders {
		patches = append(patches, kustomize.Patches(in)...)
	}
	for _, path := range files {
		switch in := builtFrom(builds, path); {
		case in != nil:
			if !in.shown(path) {
				r.objects.PassOver(path, "kustomize's files and patches; what it builds of "+in.dir+" is judged")
			}
		case slices.Contains(kustomizationNames, filepath.Base(path)):
			// Why it was not built has been said.
		case slices.Contains(patches, path):
			r.objects.PassOver(path, "a patch")
		default:
			err := r.file(path)
			if err != nil && len(builds) > 0 && slices.ContainsFunc(builds, func(b *folderBuild) bool { return b.dir == filepath.Dir(path) }) {
				r.objects.PassOver(path, "not in the kustomization, and cannot be read by itself")
				continue
			}
			r.wrong(err)
		}
	}
	r.take(builds)
}

// below gives the manifests and the folders in a folder.
func (r *manifestReader) below(dir string) (files, folders []string, err error) {
	if chart := filepath.Join(dir, "Chart.yaml"); exists(chart) {
		return nil, nil, fmt.Errorf("%s: a Helm chart: render it first, for example: %s | shutdowncheck lint -f -", chart, shell.Line("helm template %s", dir))
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	folders = []string{dir}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		switch {
		case entry.IsDir() && r.recursive:
			filesBelow, foldersBelow, err := r.below(path)
			if err != nil {
				r.wrong(fmt.Errorf("-f: %w", err))
			}
			files, folders = append(files, filesBelow...), append(folders, foldersBelow...)
		case !entry.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(entry.Name())):
			files = append(files, path)
		}
	}
	return files, folders, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
