package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/procfs"
)

// newSignal is what a kill by ephemeral container or by node runs in the
// cluster. It is not for people.
func newSignal() *cobra.Command {
	var pid int
	var container, name string
	cmd := &cobra.Command{
		Use:    "signal",
		Short:  "Send a signal to a process, inside a helper of a kill",
		Hidden: true,
		Args:   onlyCommands,
		RunE: func(*cobra.Command, []string) error {
			signal, ok := signals[check.Signal(name)]
			if !ok {
				return usagef("--signal: %q; want one of %s", name, check.SignalNames())
			}
			if (pid > 0) == (container != "") {
				return usagef("want one of --pid and --container-id")
			}
			if container != "" {
				var err error
				if pid, err = procfs.FirstProcess(os.DirFS("/proc"), container); err != nil {
					return err
				}
			}
			if err := sendSignal(pid, signal); err != nil {
				return fmt.Errorf("send %s to process %d: %w", name, pid, err)
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&pid, "pid", 0, "the process")
	cmd.Flags().StringVar(&container, "container-id", "", "the container whose PID 1 it is, seen from the node's PID namespace")
	cmd.Flags().StringVar(&name, "signal", string(check.DefaultSignal), "the signal's name")
	return cmd
}
