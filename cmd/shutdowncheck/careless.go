package main

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/shutdowncheck/shutdowncheck/internal/victim"
)

// carelessExitError is the exit code with which the careless service leaves. It has
// said all there is to say in its log.
type carelessExitError struct{ code int }

func (e *carelessExitError) Error() string { return fmt.Sprintf("the service left with %d", e.code) }

// newCareless serves what package control puts into the cluster. It is for
// nobody else, so it is not listed.
func newCareless(s streams) *cobra.Command {
	cfg := victim.Config{
		Status: 200, HandlerTime: 50 * time.Millisecond, StartMode: victim.StartClosed,
		OnSigterm: victim.Exit, ExitCode: 1, KeepAlive: victim.Keep,
	}
	cmd := &cobra.Command{
		Use:    "careless",
		Short:  "Serve carelessly: on SIGTERM leave at once, with requests in flight",
		Hidden: true,
		Args:   onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg.PodName = os.Getenv("POD_NAME")
			// The program's first signal ends the context; the service takes
			// that for its SIGTERM.
			signals := make(chan os.Signal, 1)
			stop := context.AfterFunc(cmd.Context(), func() { signals <- syscall.SIGTERM })
			defer stop()
			code, err := victim.Run(context.WithoutCancel(cmd.Context()), cfg, signals, s.out)
			if err != nil {
				return fmt.Errorf("serve carelessly: %w", err)
			}
			return &carelessExitError{code}
		},
	}
	cmd.Flags().StringVar(&cfg.Addr, "listen", ":8080", "`ADDRESS` to serve on")
	return cmd
}
