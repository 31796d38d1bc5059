package kind

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/image"
)

// Has tells whether the node has an image of that name. What the node's status lists
// comes too late, and leaves out what is too much: the node's containerd is asked.
func (c *Cluster) Has(ctx context.Context, node string, i *image.Image) (bool, error) {
	listed, err := c.engine.run(ctx, askTimeout, nil, "exec", "--privileged", node,
		"ctr", "--namespace=k8s.io", "images", "ls", "-q", "name=="+i.FullName())
	if err != nil {
		return false, fmt.Errorf("ask node %s for its images: %w", node, err)
	}
	return strings.TrimSpace(listed) == i.FullName(), nil
}

// Load brings the image to the node, as kind's own nodeutils.LoadImageArchive does but for
// two things: the image has a name, so that it needs none by its digest; and it is left to the
// kubelet's runtime to unpack it for the first container, which knows its snapshotter.
func (c *Cluster) Load(ctx context.Context, node string, i *image.Image) error {
	_, err := c.engine.run(ctx, loadTimeout, i.WriteArchive, "exec", "--privileged", "-i", node,
		"ctr", "--namespace=k8s.io", "images", "import", "--all-platforms", "--no-unpack", "-")
	if err != nil {
		return fmt.Errorf("load the image to node %s: %w", node, err)
	}
	switch has, err := c.Has(ctx, node, i); {
	case err != nil:
		return err
	case !has:
		return fmt.Errorf("load the image to node %s: %w", node, errors.New("it is not there afterwards"))
	}
	return nil
}
