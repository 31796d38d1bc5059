package lint

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// claim is a volume of a workload's pods that pods on two nodes may not have at once.
type claim struct {
	name string
	// known is false where the claim's access modes were not read.
	known bool
	// onePod says that not even pods on one node may have it together.
	onePod bool
	// oneNode says that all pods run on one node, where ReadWriteOnce keeps none waiting.
	oneNode bool
	mode    corev1.PersistentVolumeAccessMode
}

// claimOf finds the first claim that all pods share and that holds them to one node, or one
// whose access modes are not known. A StatefulSet's claims of its own are one for each pod.
func (o *Objects) claimOf(w *workload) *claim {
	var lesser *claim
	oneNode := pinned(w.template)
	for i := range w.template.Spec.Volumes {
		source := w.template.Spec.Volumes[i].PersistentVolumeClaim
		if source == nil {
			continue
		}
		c := o.modes(w, source.ClaimName)
		if c == nil {
			continue
		}
		c.oneNode = oneNode
		if c.known && c.holds() {
			return c
		}
		if lesser == nil {
			lesser = c
		}
	}
	return lesser
}

// pinned tells whether all pods run on one node: by its name, or since each has to be
// where the others are (kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node).
func pinned(template *corev1.PodTemplateSpec) bool {
	spec := &template.Spec
	if spec.NodeName != "" || spec.NodeSelector[corev1.LabelHostname] != "" {
		return true
	}
	if spec.Affinity == nil {
		return false
	}
	if node := spec.Affinity.NodeAffinity; node != nil && node.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		// Any one of the terms is enough.
		if terms := node.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms; len(terms) == 1 && namesNode(&terms[0]) {
			return true
		}
	}
	if spec.Affinity.PodAffinity == nil {
		return false
	}
	return slices.ContainsFunc(spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution, func(t corev1.PodAffinityTerm) bool {
		selector, err := metav1.LabelSelectorAsSelector(t.LabelSelector)
		return err == nil && t.TopologyKey == corev1.LabelHostname && selector.Matches(labels.Set(template.Labels))
	})
}

func namesNode(term *corev1.NodeSelectorTerm) bool {
	return slices.ContainsFunc(slices.Concat(term.MatchExpressions, term.MatchFields), func(r corev1.NodeSelectorRequirement) bool {
		return (r.Key == corev1.LabelHostname || r.Key == metav1.ObjectNameField) && r.Operator == corev1.NodeSelectorOpIn && len(r.Values) == 1
	})
}

// holds tells whether a new pod may have to wait until an old one is gone.
func (c *claim) holds() bool { return !c.oneNode || c.onePod }

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
	case !c.known && c.oneNode:
		return fmt.Sprintf("The pods share the claim %s, whose access modes were not read: with ReadWriteOncePod a new pod waits until the old one is gone.", c.name)
	case !c.known:
		return fmt.Sprintf("The pods share the claim %s, whose access modes were not read: with ReadWriteOnce a new pod on another node waits until the old one is gone.", c.name)
	case c.onePod:
		return fmt.Sprintf("The pods share the claim %s, which is ReadWriteOncePod: a new pod waits until the old one is gone.", c.name)
	case c.oneNode:
		return fmt.Sprintf("The pods share the claim %s, which is ReadWriteOnce, on the one node that they are tied to.", c.name)
	default:
		return fmt.Sprintf("The pods share the claim %s, which is ReadWriteOnce: a new pod on another node waits until the old one is gone.", c.name)
	}
}

// fix tells what lets a new pod start beside the old one.
func (c *claim) fix() string {
	if c.oneNode && !c.onePod {
		return fmt.Sprintf("If the program allows for two of itself on what the claim %s holds, let a new pod be ready before the old one ends; else keep that outside of the pods.", c.name)
	}
	return fmt.Sprintf("Keep what the claim %s holds outside of the pods, or in one that is ReadWriteMany, if the program allows for two of itself; only then can a new pod be ready before the old one ends.", c.name)
}

// Claim tells whether a workload has a volume that is a claim of the namespace.
func (o *Objects) Claim() bool {
	return slices.ContainsFunc(o.workloads(), func(w *workload) bool { return w.claim != nil })
}
