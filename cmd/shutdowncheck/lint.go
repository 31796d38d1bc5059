package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/lint"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// lintTimeout bounds the reading of the workload and what belongs to it.
const lintTimeout = time.Minute

func newLint(s streams, connection *genericclioptions.ConfigFlags) *cobra.Command {
	var files []string
	f, failOn := newFormatFlag(formatText, formatJSON), severity(lint.Warning)
	cmd := &cobra.Command{
		Use:   "lint (WORKLOAD | -f FILE...)",
		Short: "Find in manifests what would cost requests, without load",
		Long: `lint judges a workload by its manifest, with the services, disruption budgets
and autoscalers that belong to it: from the cluster, or from files and then
without any cluster.

  helm template . | shutdowncheck lint -f -

Exit codes: 0 nothing found that counts, 1 at least one error or warning (see
--fail-on), 2 bad usage, 4 tool or cluster error, 130 interrupted. Notes never
count. A clean result is no proof: only a run shows what the program does.`,
		Args: atMostOneWorkload,
		RunE: func(cmd *cobra.Command, args []string) error {
			objects, notes, err := lintInput(cmd.Context(), s, connection, args, files)
			if err != nil {
				return interrupted(cmd.Context(), err)
			}
			rep := lint.Lint(objects)
			rep.Notes = notes
			write := lint.WriteText
			if f.format == formatJSON {
				write = lint.WriteJSON
			}
			if err := write(s.out, rep); err != nil {
				return err
			}
			if rep.Reaches(lint.Severity(failOn)) {
				return &verdictError{report.Failed}
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVarP(&files, "filename", "f", nil, "read manifests from a file, a folder or - for stdin instead of from the cluster; may be given several times")
	f.add(cmd.Flags())
	cmd.Flags().Var(&failOn, "fail-on", "the least severity that makes the exit code 1: error or warning")
	connection.AddFlags(cmd.Flags())
	return cmd
}

// severity is one that may fail a lint; a note never does.
type severity lint.Severity

// String, Set and Type make a severity a flag.
func (v *severity) String() string { return string(*v) }

func (v *severity) Set(value string) error {
	if value != string(lint.Error) && value != string(lint.Warning) {
		return errors.New("want error or warning")
	}
	*v = severity(value)
	return nil
}

func (*severity) Type() string { return "SEVERITY" }

func lintInput(ctx context.Context, s streams, connection *genericclioptions.ConfigFlags, args, files []string) (*lint.Objects, []string, error) {
	switch {
	case len(args) == 1 && len(files) > 0:
		return nil, nil, usagef("both %s and -f %s; want one WORKLOAD or files, not both", args[0], files[0])
	case len(files) > 0:
		objects, err := readManifests(s.in, files, *connection.Namespace)
		return objects, nil, err
	case len(args) == 0:
		return nil, nil, usagef("no argument; want one WORKLOAD, or manifests with -f")
	}
	ref, err := check.ParseWorkload(args[0])
	if err != nil {
		return nil, nil, &usageError{err}
	}
	cluster, err := connect(connection)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lintTimeout)
	defer cancel()
	return readCluster(ctx, cluster, ref)
}

// readManifests reads what -f names. All that is wrong with it can be seen
// without a cluster.
func readManifests(stdin io.Reader, names []string, namespace string) (*lint.Objects, error) {
	var o lint.Objects
	for _, name := range names {
		if name == "-" {
			if err := o.Read(stdin, "stdin", namespace); err != nil {
				return nil, &usageError{err}
			}
			continue
		}
		paths, err := manifestsIn(name)
		if err != nil {
			return nil, &usageError{err}
		}
		for _, path := range paths {
			if err := readManifest(&o, path, namespace); err != nil {
				return nil, &usageError{err}
			}
		}
	}
	if o.Empty() {
		return nil, usagef("-f: no workload in the manifests; want a Deployment, StatefulSet or DaemonSet of apps/v1")
	}
	return &o, nil
}

func readManifest(o *lint.Objects, path, namespace string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("-f: %w", err)
	}
	defer file.Close()
	return o.Read(file, path, namespace)
}

// manifestsIn gives the file itself, or a folder's manifests, not those below
// its subfolders: as kubectl's -f does.
func manifestsIn(name string) ([]string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("-f: %w", err)
	}
	if !info.IsDir() {
		return []string{name}, nil
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, fmt.Errorf("-f: %w", err)
	}
	var paths []string
	for _, entry := range entries {
		if !entry.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(entry.Name())) {
			paths = append(paths, filepath.Join(name, entry.Name()))
		}
	}
	return paths, nil
}
