package chaos

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// ownNode is the field by which a service's own address leads a request to pods on the
// node that it comes from, and to no others (KEP-2086).
const ownNode = "internalTrafficPolicy: Local"

// nearness gives the field, as the manifest has it, by which a service leads requests to
// pods near the node that they come to, by its own address or by another one; empty where
// it leads them to all pods alike. A headless one leads nothing: its name stands for the
// pods' own addresses.
//
// What prefers pods nearby (KEP-4444, KEP-3015, KEP-2433) holds wherever no traffic policy
// is Local, for node ports too, and only where the EndpointSlices bear hints and some are
// for the node or its zone (CategorizeEndpoints in kubernetes pkg/proxy/topology.go). The
// annotation outranks the field. Of externalTrafficPolicy localNode tells.
func nearness(s corev1.Service, byOwnAddress bool) string {
	policy, distribution := s.Spec.InternalTrafficPolicy, s.Spec.TrafficDistribution
	switch {
	case byOwnAddress && policy != nil && *policy == corev1.ServiceInternalTrafficPolicyLocal:
		return ownNode
	case !byOwnAddress && s.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal:
		return ""
	}
	for _, key := range []string{corev1.DeprecatedAnnotationTopologyAwareHints, corev1.AnnotationTopologyMode} {
		if strings.EqualFold(s.Annotations[key], "auto") {
			return "annotation " + key + ": " + s.Annotations[key]
		}
	}
	if distribution != nil && slices.Contains(nearby, *distribution) {
		return "trafficDistribution: " + *distribution
	}
	return ""
}

// nearby are the values of trafficDistribution that prefer pods near the client.
var nearby = []string{
	corev1.ServiceTrafficDistributionPreferClose, corev1.ServiceTrafficDistributionPreferSameZone, corev1.ServiceTrafficDistributionPreferSameNode,
}

// near are the fields by which the services that the check's URLs lead to keep requests
// near the nodes that they come from.
type near struct {
	// fields name each with its service.
	fields   []string
	warnings []string
	// ownNodes tells that the pods of the senders' own nodes alone are asked.
	ownNodes bool
}

func (w *Workload) near(c check.Check, all, own []corev1.Service) near {
	paths := w.paths(c, all)
	n := near{ownNodes: c.Inside != nil && len(paths) > 0}
	everywhere := c.Inside != nil && c.Inside.Senders == check.EachNode
	for _, p := range paths {
		if p.near == "" || !has(own, p.service) {
			n.ownNodes = false
			continue
		}
		n.ownNodes = n.ownNodes && p.near == ownNode
		n.fields = append(n.fields, fmt.Sprintf("%s of service %s", p.near, p.service))
		leads := "prefers pods near the node that a request comes to: those further away may get none"
		if p.near == ownNode {
			leads = "leads a request to pods on the node that it comes from, and to no others: those of other nodes get none"
		}
		if !everywhere {
			n.warnings = append(n.warnings, fmt.Sprintf("service %s %s (%s). Have a sender on each node (--inside --senders all)", p.service, leads, p.near))
		}
	}
	n.fields, n.warnings = sorted(n.fields), sorted(n.warnings)
	return n
}
