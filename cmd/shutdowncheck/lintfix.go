package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/kustomize"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/lint"
)

// overlay is --fix: a folder that gets a kustomize overlay of the findings' patches.
type overlay struct {
	folder string
	// sources are the manifests, stdin is what was read for "-".
	sources []manifestSource
	stdin   []byte
	// namespace stands in for one that an object does not have.
	namespace string
}

// copied is the folder of what the overlay cannot refer to: kustomize reads no file
// outside of the folder of its kustomization (LoadRestrictionsRootOnly), but folders with
// a kustomization of their own.
const copied = "resources"

// write makes the overlay, has kustomize build it, and tells what is found in that. It
// replaces no file, and leaves none behind where it fails.
func (o *overlay) write(s streams, objects *lint.Objects, j *judgement) (err error) {
	if len(objects.Apart) > 0 {
		return usagef("--fix: %d folders are built apart from each other; want one of them with -k", len(objects.Apart))
	}
	fix, err := lint.NewFix(objects, j.on)
	if err != nil {
		return fmt.Errorf("--fix: %w", err)
	}
	if len(fix.Patched) == 0 {
		_, err := fmt.Fprintln(s.err, "--fix: no finding comes with a patch; nothing was written")
		return err
	}
	resources, copies, err := o.resources()
	if err != nil {
		return fmt.Errorf("--fix: %w", err)
	}
	files, err := fix.Overlay(resources)
	if err != nil {
		return fmt.Errorf("--fix: %w", err)
	}
	maps.Copy(files, copies)
	written, err := o.create(files)
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("--fix: %w", err), written.remove())
		}
	}()
	if err != nil {
		return err
	}
	built, err := o.build(j)
	if err != nil {
		return err
	}
	if found, want := built.Count(lint.Error), fix.Left.Count(lint.Error); found > want {
		return fmt.Errorf("what kustomize builds of the patches has %s, and %d are left of the manifests by them: --fix-in-place changes the files themselves", text.Count(found, "error"), want)
	}
	left := fmt.Sprintf("%s, %s, %s", text.Count(built.Count(lint.Error), "error"), text.Count(built.Count(lint.Warning), "warning"), text.Count(built.Count(lint.Note), "note"))
	said := fmt.Sprintf("--fix: wrote %s with patches for %s", o.folder, text.Count(len(fix.Patched), "object"))
	if len(copies) > 0 {
		said += fmt.Sprintf(" and %s of what they change", countCopies(len(copies)))
	}
	_, err = fmt.Fprintf(s.err, "%s; kustomize build %s leaves %s\n", said, o.folder, left)
	return err
}

func countCopies(n int) string {
	if n == 1 {
		return "a copy"
	}
	return fmt.Sprintf("%d copies", n)
}

// resources are the overlay's, by their paths in its folder, and what has to be copied
// there.
func (o *overlay) resources() (resources []string, copies map[string][]byte, err error) {
	copies = map[string][]byte{}
	add := func(name string, text []byte) {
		stem, suffix := strings.TrimSuffix(name, filepath.Ext(name)), filepath.Ext(name)
		path := copied + "/" + name
		for n := 2; copies[path] != nil; n++ {
			path = fmt.Sprintf("%s/%s-%d%s", copied, stem, n, suffix)
		}
		copies[path] = text
		resources = append(resources, path)
	}
	for _, source := range o.sources {
		if source.path == "-" {
			add("stdin.yaml", o.stdin)
			continue
		}
		relative, err := relativeTo(o.folder, source.path)
		if source.built || err == nil && filepath.IsLocal(filepath.FromSlash(relative)) {
			if err != nil {
				return nil, nil, err
			}
			resources = append(resources, relative)
			continue
		}
		text, err := os.ReadFile(source.path)
		if err != nil {
			return nil, nil, err
		}
		add(filepath.Base(source.path), text)
	}
	return resources, copies, nil
}

// relativeTo is the path from a folder, which need not exist, in kustomize's own form.
func relativeTo(folder, name string) (string, error) {
	from, err := resolved(folder)
	if err != nil {
		return "", err
	}
	to, err := resolved(name)
	if err != nil {
		return "", err
	}
	relative, err := filepath.Rel(from, to)
	return filepath.ToSlash(relative), err
}

// resolved follows the links of the part of a path that exists.
func resolved(name string) (string, error) {
	whole, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	target, err := filepath.EvalSymlinks(whole)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(whole) != whole {
		parent, err := resolved(filepath.Dir(whole))
		return filepath.Join(parent, filepath.Base(whole)), err
	}
	return target, err
}

// created are files and folders that were not there before, in the order of their making.
type created []string

func (c created) remove() error {
	var errs []error
	for _, path := range slices.Backward(c) {
		if err := os.Remove(path); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// create writes files into the overlay's folder, none of which may exist.
func (o *overlay) create(files map[string][]byte) (made created, err error) {
	if kustomize.FileIn(o.folder) != "" {
		return nil, usagef("%s has a kustomization already; want another folder, or remove it there", o.folder)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(o.folder, filepath.FromSlash(name))
		if made, err = made.folder(filepath.Dir(path)); err != nil {
			return made, err
		}
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(name, copied+"/") {
			mode = 0o600 // it may hold a Secret
		}
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) {
			return made, usagef("%s exists; want another folder, or remove it there", path)
		}
		if err != nil {
			return made, err
		}
		made = append(made, path)
		_, err = file.Write(files[name])
		if err := errors.Join(err, file.Close()); err != nil {
			return made, err
		}
	}
	return made, nil
}

// folder makes one, and those above it.
func (c created) folder(path string) (created, error) {
	if _, err := os.Stat(path); err == nil {
		return c, nil
	}
	c, err := c.folder(filepath.Dir(path))
	if err != nil {
		return c, err
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		return c, err
	}
	return append(c, path), nil
}

// build has kustomize build the overlay, and judges that.
func (o *overlay) build(j *judgement) (*lint.Report, error) {
	built, err := kustomize.Run(o.folder)
	if err != nil {
		return nil, fmt.Errorf("kustomize takes these manifests for no resources of an overlay: %w", err)
	}
	var objects lint.Objects
	for _, object := range built.Objects {
		if err := objects.ReadBuilt(lint.Built{JSON: object.JSON, File: o.folder}, o.namespace); err != nil {
			return nil, fmt.Errorf("read what kustomize has built: %w", err)
		}
	}
	r := lint.Lint(&objects)
	j.on(r)
	return r, nil
}
