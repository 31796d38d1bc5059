package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/lint"
)

// fixInPlace is --fix-in-place: it puts the findings' patches into the files that the
// manifests were read from, and tells which objects stay as they are.
func fixInPlace(s streams, sources []manifestSource, objects *lint.Objects, j *judgement) error {
	for _, source := range sources {
		switch {
		case source.path == "-":
			return usagef("--fix-in-place: stdin is no file to change; want files with -f, or --fix FOLDER")
		case source.built:
			return usagef("--fix-in-place: %s is built by kustomize; --fix FOLDER writes an overlay over it", source.path)
		}
	}
	fix, err := lint.NewFix(objects, j.on)
	if err != nil {
		return fmt.Errorf("--fix-in-place: %w", err)
	}
	changed, files := 0, 0
	var told []error
	seen := map[string]bool{}
	for _, source := range sources {
		if seen[source.path] {
			continue
		}
		seen[source.path] = true
		before, err := os.ReadFile(source.path)
		if err != nil {
			return fmt.Errorf("--fix-in-place: %w", err)
		}
		rewritten := fix.InPlace(source.path, before)
		for _, refused := range rewritten.Refused {
			_, err := fmt.Fprintf(s.err, "--fix-in-place: %v\n", refused)
			told = append(told, err)
		}
		if rewritten.Changed == 0 {
			continue
		}
		if err := replace(source.path, rewritten.Text); err != nil {
			return fmt.Errorf("--fix-in-place: %w", err)
		}
		changed += rewritten.Changed
		files++
	}
	if len(fix.Patched) == 0 {
		_, err = fmt.Fprintln(s.err, "--fix-in-place: no finding comes with a patch; nothing was changed")
	} else {
		_, err = fmt.Fprintf(s.err, "--fix-in-place: changed %s in %s; what is left:\n", text.Count(changed, "object"), text.Count(files, "file"))
	}
	return errors.Join(append(told, err)...)
}

// replace gives a file another text, all of it or none, and leaves its mode as it is.
func replace(path string, whole []byte) (err error) {
	// Of a link the file that it leads to.
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, err = file.Write(whole)
	if err := errors.Join(err, file.Chmod(info.Mode().Perm()), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
