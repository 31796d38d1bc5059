package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/experiment"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// newSend is what a run's senders do in the cluster. What to send comes over their
// channel, so nothing of it is a flag.
func newSend(s streams) *cobra.Command {
	var port uint16
	cmd := &cobra.Command{
		Use:    "send",
		Short:  "Send a share of a run's requests, as its conductor says",
		Hidden: true,
		Args:   onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			// Only port-forward leads here, which dials localhost in the pod's network
			// namespace, by IPv4 before IPv6 (containerd's and CRI-O's).
			address := net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port)))
			defer func() { leaveLastWords(corev1.TerminationMessagePathDefault, err) }()
			listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp4", address)
			if err != nil {
				return fmt.Errorf("listen for a conductor: %w", err)
			}
			defer relaxGC()()
			server := sender.New(sender.Config{Now: experiment.NewClock(), Domain: clusterDomain(), Log: slog.New(slog.NewTextHandler(s.err, nil))})
			if err := server.Serve(cmd.Context(), listener); err != nil {
				return fmt.Errorf("send: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().Uint16Var(&port, "port", sender.Port, "the `PORT` of the loopback to listen on")
	return cmd
}

// leaveLastWords tells the kubelet on one line why a container ends: the file is mounted
// into it, and anybody may write it (kuberuntime_container.go in Kubernetes' pkg/kubelet).
// Where there is none, this is no container of a pod.
func leaveLastWords(file string, err error) {
	if err == nil {
		return
	}
	to, missing := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
	if missing != nil {
		return
	}
	_, _ = to.WriteString(strings.ReplaceAll(err.Error(), "\n", "; ")) // the log has it too
	_ = to.Close()
}
