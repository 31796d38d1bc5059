// Package kind loads an image to the nodes of a cluster that kind
// (https://kind.sigs.k8s.io) has made on this machine, through the container engine
// whose containers the nodes are.
package kind

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// A question to the engine, and a load to one node, may take so long.
const (
	askTimeout  = 30 * time.Second
	loadTimeout = 3 * time.Minute
)

// Cluster is one of kind's, whose nodes' engine is at hand.
type Cluster struct {
	// Nodes have room for an image each, those that take no pods too.
	Nodes  []Node
	engine engine
}

// Node is one, called like its container.
type Node struct {
	Name string
	// Architecture is the node's, in Go's words.
	Architecture string
}

// Named gives the name of the kind cluster that a context of a kubeconfig is for: kind
// calls the context of NAME kind-NAME. It is a hint; [Find] tells whether it is so.
func Named(context string) (name string, ok bool) {
	return strings.CutPrefix(context, "kind-")
}

// Find gives the kind cluster called name with these nodes. An error says why it is
// none of kind's, or none whose containers can be reached from here.
//
// What a cluster says of its nodes is not taken for a container's name: the engine has
// to know each of them as a node that kind made for that very cluster.
func Find(ctx context.Context, name string, nodes []corev1.Node) (*Cluster, error) {
	if len(nodes) == 0 {
		return nil, errors.New("the cluster has no nodes")
	}
	c := &Cluster{}
	var provider string
	for _, node := range nodes {
		of, container, ok := identify(node.Spec.ProviderID, name)
		if !ok || provider != "" && of != provider {
			return nil, fmt.Errorf("node %q is none of a kind cluster called %q: its provider is %q", node.Name, name, node.Spec.ProviderID)
		}
		provider = of
		c.Nodes = append(c.Nodes, Node{Name: container, Architecture: node.Status.NodeInfo.Architecture})
	}
	path, err := exec.LookPath(provider)
	if err != nil {
		return nil, fmt.Errorf("find the engine of the kind cluster: %w", err)
	}
	c.engine = engine(path)
	known, err := c.engine.run(ctx, askTimeout, nil, "ps", "--filter", "label=io.x-k8s.kind.cluster="+name, "--format", "{{.Names}}")
	if err != nil {
		return nil, fmt.Errorf("ask for the containers of the kind cluster: %w", err)
	}
	containers := strings.Fields(known)
	for _, node := range c.Nodes {
		if !slices.Contains(containers, node.Name) {
			return nil, fmt.Errorf("%s knows no running node %q of a kind cluster called %q", provider, node.Name, name)
		}
	}
	return c, nil
}

// identify takes apart what kind writes as a node's provider:
// kind://PROVIDER/CLUSTER/NODE.
func identify(providerID, cluster string) (provider, node string, ok bool) {
	path, ok := strings.CutPrefix(providerID, "kind://")
	parts := strings.Split(path, "/")
	if !ok || len(parts) != 3 || parts[1] != cluster {
		return "", "", false
	}
	provider, node = parts[0], parts[2]
	known := slices.Contains([]string{"docker", "podman", "nerdctl"}, provider)
	return provider, node, known && len(validation.IsDNS1123Subdomain(node)) == 0
}
