package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/shutdowncheck/shutdowncheck/chaos"
)

// cluster is the connection that kubectl's own flags describe.
type cluster struct {
	// act never repeats a change by itself.
	observe, act kubernetes.Interface
	// exec runs programs in containers.
	exec chaos.Executor
	// custom reads kinds that clusters need not have.
	custom    dynamic.Interface
	namespace string
	config    *rest.Config
	// name says in words which cluster it is, flags are those by which the user named it.
	name  string
	flags []string
}

// client-go's defaults of 5 requests per second with bursts of 10 would delay
// what has to happen at once.
const (
	clientQPS   = 50
	clientBurst = 100
)

func connect(flags *genericclioptions.ConfigFlags) (*cluster, error) {
	if _, err := clientcmd.ParseTimeout(*flags.Timeout); err != nil {
		return nil, usagef("--request-timeout: %q; want whole seconds, or a number with a unit such as 10s", *flags.Timeout)
	}
	config, err := flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("find the cluster: %w", err)
	}
	if isFallback(flags, config) {
		return nil, fmt.Errorf("find the cluster: %w", noCluster(os.Getenv(clientcmd.RecommendedConfigPathEnvVar)))
	}
	config.QPS, config.Burst = clientQPS, clientBurst
	namespace, _, err := flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, fmt.Errorf("find the namespace: %w", err)
	}
	observe, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	once := rest.CopyConfig(config)
	once.Wrap(chaos.Once)
	act, err := kubernetes.NewForConfig(once)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	custom, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return &cluster{observe: observe, act: act, custom: custom, exec: chaos.NewExecutor(once, act), namespace: namespace, config: config, name: clusterName(flags, config), flags: sameCluster(flags)}, nil
}

// isFallback tells whether config is what client-go falls back to where nobody
// has named a cluster: a port of this machine, whose refusal explains nothing.
func isFallback(flags *genericclioptions.ConfigFlags, config *rest.Config) bool {
	raw, err := flags.ToRawKubeConfigLoader().RawConfig()
	return err == nil && clientcmdapi.IsConfigEmpty(&raw) && *flags.APIServer == "" && config.Host == "http://localhost:8080"
}

// noCluster tells why no kubeconfig names a cluster, where KUBECONFIG is as given.
// client-go passes over files of its list that do not exist.
func noCluster(kubeconfig string) error {
	var missing []string
	for _, file := range filepath.SplitList(kubeconfig) {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, file)
		}
	}
	switch {
	case len(missing) == 1:
		return fmt.Errorf("KUBECONFIG names %s, which does not exist", missing[0])
	case len(missing) > 1:
		return fmt.Errorf("KUBECONFIG names %s, which do not exist", strings.Join(missing, ", "))
	}
	return errors.New("no kubeconfig names one; want it in --kubeconfig, KUBECONFIG or ~/.kube/config")
}

// clusterName names the cluster by its context, and by its address where there is none or
// a flag names another cluster than the context does.
func clusterName(flags *genericclioptions.ConfigFlags, config *rest.Config) string {
	raw, err := flags.ToRawKubeConfigLoader().RawConfig()
	context := cmp.Or(*flags.Context, raw.CurrentContext)
	if err == nil && context != "" && *flags.APIServer == "" && *flags.ClusterName == "" {
		return "context " + context
	}
	return "the cluster at " + config.Host
}
