package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/shutdowncheck/shutdowncheck/image"
	"github.com/shutdowncheck/shutdowncheck/image/kind"
)

// contextName is the kubeconfig's context that connect takes, and empty where there is none.
func contextName(flags *genericclioptions.ConfigFlags) string {
	raw, err := flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return *flags.Context
	}
	return cmp.Or(*flags.Context, raw.CurrentContext)
}

// loadedImage makes an image of this very program, sees to it that each node of a kind
// cluster has it, and gives its name. Where the context is none of kind's, or its engine
// is not at hand, it gives no name but why, which is no error. progress is told what takes
// time.
func loadedImage(ctx context.Context, c *cluster, contextName string, progress io.Writer) (name, why string, err error) {
	if _, named := kind.Named(contextName); !named {
		return "", "the cluster is none that this program can load its own to", nil
	}
	found, err := findKind(ctx, c, contextName)
	if err != nil && ctx.Err() == nil {
		return "", fmt.Sprintf("this program's own cannot be loaded to %s: %v", contextName, err), nil
	}
	if err != nil {
		return "", "", err
	}
	name, err = loadProgram(ctx, found, "", progress)
	return name, "", err
}

// findKind gives the kind cluster that the context is for.
func findKind(ctx context.Context, c *cluster, contextName string) (*kind.Cluster, error) {
	name, named := kind.Named(contextName)
	if !named {
		return nil, fmt.Errorf("the context %q of the kubeconfig is none that kind has made", contextName)
	}
	nodes, err := c.observe.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list the nodes: %w", err)
	}
	return kind.Find(ctx, name, nodes.Items)
}

// loadProgram loads the image of the program in a file, or of this one, to each node
// that does not have it.
func loadProgram(ctx context.Context, found *kind.Cluster, file string, progress io.Writer) (name string, err error) {
	p, err := openProgram(file, found.Nodes[0].Architecture)
	if err != nil {
		return "", err
	}
	defer p.close()
	for _, node := range found.Nodes {
		if node.Architecture != p.image.Architecture {
			return "", refused(p.name, &image.PlatformError{OS: "linux", Architecture: p.image.Architecture}, node.Architecture)
		}
	}
	for _, node := range found.Nodes {
		has, err := found.Has(ctx, node.Name, p.image)
		if err != nil {
			return "", err
		}
		if has {
			continue
		}
		_, _ = fmt.Fprintf(progress, "loading %s (%d MB) to node %s\n", p.image.Name, p.image.Size/1_000_000, node.Name)
		if err := found.Load(ctx, node.Name, p.image); err != nil {
			return "", err
		}
	}
	return p.image.Name, nil
}
