package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
)

// restoreTimeout bounds the putting back.
const restoreTimeout = time.Minute

func newRestore(s streams, connection *genericclioptions.ConfigFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore WORKLOAD",
		Short: "Put back what a killed run left changed",
		Long: `restore puts back what a run changed and could not put back itself, because it
was killed. It goes by the annotation that a run leaves on the workload while
the workload is changed.`,
		Args: exactlyOne("WORKLOAD"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ref, err := check.ParseWorkload(args[0])
			if err != nil {
				return &usageError{err}
			}
			cluster, err := connect(connection)
			if err != nil {
				return err
			}
			surviveBrokenPipes()
			s.work.at(fmt.Sprintf("putting %s back", ref))
			settled := s.work.owe(ref.String()+" may be left changed, put it back with", restoreCommand(s, connection, cluster.namespace, ref.String()))
			ctx, cancel := context.WithTimeout(cmd.Context(), restoreTimeout)
			defer cancel()
			undone, err := chaos.Undo(ctx, cluster.act, cluster.namespace, ref)
			s.work.saved(exitInterrupted)
			for _, line := range undone {
				_, _ = fmt.Fprintln(s.out, line)
			}
			if err != nil {
				return interrupted(cmd.Context(), fmt.Errorf("put %s back: %w", ref, err))
			}
			settled()
			if len(undone) == 0 {
				_, _ = fmt.Fprintf(s.out, "%s bears nothing that has to be put back\n", ref)
			}
			return nil
		},
	}
	connection.AddFlags(cmd.Flags())
	return cmd
}
