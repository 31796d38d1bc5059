package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/lint"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// lintTimeout bounds the reading of the workload and what belongs to it.
const lintTimeout = time.Minute

func newLint(s streams, connection *genericclioptions.ConfigFlags) *cobra.Command {
	var from manifestFlags
	var fix string
	var inPlace bool
	var many many
	output := newLintOutput()
	cmd := &cobra.Command{
		Use:   "lint (WORKLOAD | --all | -f FILE... | -k FOLDER)",
		Short: "Find in manifests what would cost requests, without load",
		Long: `lint judges a workload by its manifest, with the services, disruption budgets
and autoscalers that belong to it: from the cluster, or from files and then
without any cluster.

  helm template . | shutdowncheck lint -f -

With --all or -A it judges every workload of a namespace or of the cluster. What
somebody has a reason for is ignored by an annotation of the workload,
shutdowncheck.io/ignore: "RULE: REASON", or by --ignore-file; with --baseline only
what is new counts. --fix writes the findings' patches as a kustomize overlay,
--fix-in-place puts them into the files and judges these again.

Exit codes: 0 nothing found that counts, 1 at least one error or warning (see
--fail-on), 2 bad usage, 4 tool or cluster error, 130 interrupted. Notes never
count. A clean result is no proof: only a run shows what the program does.`,
		Args: atMostOneWorkload,
		RunE: func(cmd *cobra.Command, args []string) error {
			judgement, err := output.read()
			if err != nil {
				return err
			}
			s, stdin := s, &bytes.Buffer{}
			flag := "--fix"
			if inPlace {
				flag = "--fix-in-place"
			}
			fixes := fix != "" || inPlace
			switch {
			case fix != "" && inPlace:
				return usagef("both --fix and --fix-in-place; want one of them")
			case fixes && !from.any():
				return usagef("%s: the objects of a cluster are made from manifests elsewhere; want these with -f or -k", flag)
			case fix != "":
				s.in = io.TeeReader(s.in, stdin)
			}
			objects, notes, err := lintInput(cmd.Context(), s, connection, args, &from, &many)
			bad, partly := errors.AsType[*badManifestsError](err)
			// A person has read all of it on stderr; a program reads the report.
			if err != nil && (!partly || objects.Empty() && !objects.TellsRemoved() && output.format == formatText) {
				return interrupted(cmd.Context(), err)
			}
			if partly {
				// What could not be read may be what belongs to a workload.
				for _, set := range append([]*lint.Objects{objects}, objects.Apart...) {
					set.BudgetsUnknown, set.ServicesUnknown = true, true
				}
			}
			if inPlace && !partly {
				if err := fixInPlace(s, from.sources, objects, &judgement); err != nil {
					return err
				}
				if objects, err = from.read(s.in, *connection.Namespace); err != nil {
					return err
				}
			}
			rep := lint.Lint(objects)
			rep.Notes = append(rep.Notes, notes...)
			judgement.on(rep)
			if partly {
				rep.Errors = strings.Split(bad.Error(), "\n")
				rep.Gone = nil // nor is it known whether these are
				if fixes {
					err = errors.Join(err, usagef("%s: nothing was written, as not all of the manifests can be read", flag))
				}
				return errors.Join(output.show(s, rep), err)
			}
			if fix != "" {
				overlay := overlay{folder: fix, sources: from.sources, stdin: stdin.Bytes(), namespace: *connection.Namespace}
				if err := overlay.write(s, objects, &judgement); err != nil {
					return err
				}
			}
			if err := output.show(s, rep); err != nil {
				return err
			}
			if rep.Failed() {
				return &verdictError{report.Failed}
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVarP(&from.files, "filename", "f", nil, "read manifests from a file, a folder or - for stdin instead of from the cluster; may be given several times")
	cmd.Flags().StringVarP(&from.kustomize, "kustomize", "k", "", "read what kustomize builds of this folder, as kubectl's -k does, but without the network")
	cmd.Flags().BoolVarP(&from.recursive, "recursive", "R", false, "read the folders below those of -f too")
	many.add(cmd.Flags())
	output.add(cmd)
	cmd.Flags().StringVar(&fix, "fix", "", "write the findings' patches into this folder, as a kustomize overlay over what -f or -k names")
	cmd.Flags().BoolVar(&inPlace, "fix-in-place", false, "put the findings' patches into the files of -f, where nothing else in them changes, and judge these again")
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

func lintInput(ctx context.Context, s streams, connection *genericclioptions.ConfigFlags, args []string, from *manifestFlags, many *many) (*lint.Objects, []string, error) {
	switch {
	case many.all || many.everywhere:
		if err := many.alone(args, from, *connection.Namespace); err != nil {
			return nil, nil, err
		}
		return lintCluster(ctx, connection, func(ctx context.Context, c *cluster) (*lint.Objects, []string, error) {
			return readAll(ctx, c, many.everywhere)
		})
	case len(args) == 1 && len(from.files) > 0:
		return nil, nil, usagef("both %s and -f %s; want one WORKLOAD or files, not both", args[0], from.files[0])
	case len(args) == 1 && from.kustomize != "":
		return nil, nil, usagef("both %s and -k %s; want one WORKLOAD or a folder, not both", args[0], from.kustomize)
	case from.recursive && len(from.files) == 0 && from.kustomize == "":
		return nil, nil, usagef("-R without -f; want folders to read with -f")
	case from.any():
		objects, err := from.read(s.in, *connection.Namespace)
		return objects, nil, err
	case len(args) == 0:
		return nil, nil, usagef("no argument; want one WORKLOAD, --all, or manifests with -f or -k")
	}
	ref, err := check.ParseWorkload(args[0])
	if err != nil {
		return nil, nil, &usageError{err}
	}
	return lintCluster(ctx, connection, func(ctx context.Context, c *cluster) (*lint.Objects, []string, error) {
		return readCluster(ctx, c, ref)
	})
}

// lintCluster reads from the cluster, and not for ever.
func lintCluster(ctx context.Context, connection *genericclioptions.ConfigFlags, read func(context.Context, *cluster) (*lint.Objects, []string, error)) (*lint.Objects, []string, error) {
	cluster, err := connect(connection)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lintTimeout)
	defer cancel()
	return read(ctx, cluster)
}

// many asks for all workloads of a namespace, or of all of them.
type many struct{ all, everywhere bool }

func (m *many) add(flags *pflag.FlagSet) {
	flags.BoolVar(&m.all, "all", false, "judge every Deployment, StatefulSet and DaemonSet of the namespace")
	flags.BoolVarP(&m.everywhere, "all-namespaces", "A", false, "judge those of all namespaces, but for kube-system, kube-public and kube-node-lease")
}

// alone refuses what would say of which ones a second time.
func (m *many) alone(args []string, from *manifestFlags, namespace string) error {
	flag := "--all"
	if m.everywhere {
		flag = "--all-namespaces"
	}
	switch {
	case len(args) > 0:
		return usagef("both %s and %s; want one WORKLOAD or all, not both", args[0], flag)
	case len(from.files) > 0:
		return usagef("both %s and -f %s; want workloads of the cluster or files, not both", flag, from.files[0])
	case from.kustomize != "":
		return usagef("both %s and -k %s; want workloads of the cluster or a folder, not both", flag, from.kustomize)
	case from.recursive:
		return usagef("both %s and -R; want -R with the folders of -f alone", flag)
	case m.everywhere && namespace != "":
		return usagef("both --all-namespaces and -n %s; want one of them", namespace)
	}
	return nil
}
