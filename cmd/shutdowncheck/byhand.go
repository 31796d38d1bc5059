package main

import (
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/shutdowncheck/shutdowncheck/chaos"
)

// byHand makes the commands that put things back in the cluster of the connection.
func byHand(s streams, connection *genericclioptions.ConfigFlags) chaos.ByHand {
	return chaos.ByHand{Program: s.program, Flags: sameCluster(connection)}
}

// sameCluster are the flags by which the user named the cluster and whom to be there, except
// for secrets.
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
		{"--as", connection.Impersonate},
	} {
		if flag.value != nil && *flag.value != "" {
			flags = append(flags, flag.name, *flag.value)
		}
	}
	return flags
}
