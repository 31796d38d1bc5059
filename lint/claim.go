package lint

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// claim is a volume of a workload's pods that pods on two nodes may not have at once.
type claim struct {
	name string
	// known is false where the claim's access modes were not read.
	known bool
	// onePod says that not even pods on one node may have it together.
	onePod bool
	mode   corev1.PersistentVolumeAccessMode
}

// claimOf finds the first claim that all pods share and that holds them to one node, or one
// whose access modes are not known. A StatefulSet's claims of its own are one for each pod.
func (o *Objects) claimOf(w *workload) *claim {
	var unknown *claim
	for i := range w.template.Spec.Volumes {
		source := w.template.Spec.Volumes[i].PersistentVolumeClaim
		if source == nil {
			continue
		}
		c := o.modes(w, source.ClaimName)
		switch {
		case c == nil:
		case c.known:
			return c
		case unknown == nil:
			unknown = c
		}
	}
	return unknown
}

// modes is nil for a claim that pods on several nodes may have
// (kubernetes.io/docs/concepts/storage/persistent-volumes, Access Modes).
func (o *Objects) modes(w *workload, name string) *claim {
	for _, c := range o.Claims {
		if c.Value.Name != name || !together(c.Value.Namespace, w.meta.Namespace) {
			continue
		}
		modes := c.Value.Spec.AccessModes
		switch {
		case slices.Contains(modes, corev1.ReadWriteMany), slices.Contains(modes, corev1.ReadOnlyMany):
			return nil
		case slices.Contains(modes, corev1.ReadWriteOncePod):
			return &claim{name: name, known: true, onePod: true, mode: corev1.ReadWriteOncePod}
		case slices.Contains(modes, corev1.ReadWriteOnce):
			return &claim{name: name, known: true, mode: corev1.ReadWriteOnce}
		}
	}
	return &claim{name: name}
}

// why tells what the claim does to a second pod.
func (c *claim) why() string {
	switch {
	case !c.known:
		return fmt.Sprintf("The pods share the claim %s, whose access modes were not read: with ReadWriteOnce a new pod on another node waits until the old one is gone.", c.name)
	case c.onePod:
		return fmt.Sprintf("The pods share the claim %s, which is ReadWriteOncePod: a new pod waits until the old one is gone.", c.name)
	default:
		return fmt.Sprintf("The pods share the claim %s, which is ReadWriteOnce: a new pod on another node waits until the old one is gone.", c.name)
	}
}

// fix tells what lets a new pod start beside the old one.
func (c *claim) fix() string {
	return fmt.Sprintf("Keep what the claim %s holds outside of the pods, or in one that is ReadWriteMany, if the program allows for two of itself; only then can a new pod be ready before the old one ends.", c.name)
}

// Claim tells whether a workload has a volume that is a claim of the namespace.
func (o *Objects) Claim() bool {
	return slices.ContainsFunc(o.workloads(), func(w *workload) bool { return w.claim != nil })
}
