package main

import (
	"cmp"
	"context"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
	// color allows colours where out is a terminal.
	color bool
	// program is what the user calls the program, where that is not its name.
	program string
	// work is told what the program is at.
	work *work
}

// execute runs the command line and gives the exit code.
func execute(ctx context.Context, args []string, s streams) int {
	if s.work == nil {
		s.work = &work{}
	}
	root := newRoot(s)
	root.SetArgs(args)
	return exitCode(root.ExecuteContext(ctx), s.err)
}

func newRoot(s streams) *cobra.Command {
	connection := genericclioptions.NewConfigFlags(true)
	connection.CacheDir = nil // nothing here asks the API for what it can do
	root := &cobra.Command{
		Use:   "shutdowncheck",
		Short: "Prove that a Kubernetes workload can be restarted and scaled without losing a request",
		Long: `shutdowncheck hammers a service while it makes the service's pods end through
the Kubernetes API. It ties every lost request to the pod that lost it, says
why, and says what to change.

Exit codes: 0 passed, 1 failed, 2 bad usage, 3 inconclusive, 4 tool or cluster
error, 130 interrupted. A run puts back what it has changed; after a kill -9 it is
for restore to do so.`,
		Version:       version(),
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: cmp.Or(s.program, "shutdowncheck")},
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          onlyCommands,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetFlagErrorFunc(flagProblem)
	root.AddCommand(newRun(s, connection), newTune(s, connection), newReport(s), newCompare(s), newExport(s), newRestore(s, connection), newSchema(s), newLint(s, connection), newImage(s, connection), newMan(), newSignal(), newCareless(s), newSend(s))
	return root
}

// version is the module's version, where the build knows it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
