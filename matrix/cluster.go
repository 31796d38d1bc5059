package matrix

import (
	"cmp"
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"
)

// Cluster is what the rows were run on.
type Cluster struct {
	// Kubernetes is the API server's version.
	Kubernetes string `json:"kubernetes"`
	// KubeProxy is the mode of the nodes' kube-proxy, as kubeadm has configured it.
	KubeProxy string `json:"kube_proxy"`
}

// Describe asks a cluster that kubeadm has made.
func Describe(ctx context.Context, client kubernetes.Interface) (Cluster, error) {
	version, err := client.Discovery().ServerVersion()
	if err != nil {
		return Cluster{}, fmt.Errorf("asking for the cluster's version: %w", err)
	}
	settings, err := client.CoreV1().ConfigMaps("kube-system").Get(ctx, "kube-proxy", metav1.GetOptions{})
	if err != nil {
		return Cluster{}, fmt.Errorf("asking for kube-proxy's mode: %w", err)
	}
	var proxy struct {
		Mode string `json:"mode"`
	}
	if err := yaml.Unmarshal([]byte(settings.Data["config.conf"]), &proxy); err != nil {
		return Cluster{}, fmt.Errorf("reading kube-proxy's config.conf: %w", err)
	}
	// An empty mode is the default (kubernetes pkg/proxy/apis/config, ProxyMode).
	return Cluster{Kubernetes: version.GitVersion, KubeProxy: cmp.Or(proxy.Mode, "iptables")}, nil
}
