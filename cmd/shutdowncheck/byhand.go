package main

import (
	"cmp"

	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/shutdowncheck/shutdowncheck/internal/shell"
)

// restoreCommand is what puts the workload back, for a shell.
func restoreCommand(s streams, connection *genericclioptions.ConfigFlags, namespace, workload string) string {
	words := []string{"restore", workload, "-n", namespace}
	return cmp.Or(s.program, "shutdowncheck") + " " + shell.Words(append(words, sameCluster(connection)...))
}

// removeControlCommand is what removes the control, for a shell.
func removeControlCommand(connection *genericclioptions.ConfigFlags, namespace, name string) string {
	words := []string{"kubectl", "delete", "deployment,service", name, "-n", namespace}
	return shell.Words(append(words, sameCluster(connection)...))
}

// sameCluster are the flags by which the user named the cluster, except for secrets.
func sameCluster(connection *genericclioptions.ConfigFlags) (flags []string) {
	for _, flag := range []struct {
		name  string
		value *string
	}{
		{"--kubeconfig", connection.KubeConfig},
		{"--context", connection.Context},
		{"--cluster", connection.ClusterName},
		{"--user", connection.AuthInfoName},
		{"--server", connection.APIServer},
	} {
		if flag.value != nil && *flag.value != "" {
			flags = append(flags, flag.name, *flag.value)
		}
	}
	return flags
}
