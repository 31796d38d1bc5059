package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/manifest/validation"
)

var portNameRules = []rule{{
	id:  "service-port-unknown",
	doc: "A service leads to a port by a name that no container of its pods declares, native sidecars included (k8s.io/endpointslice FindPort: by name and protocol): that port has no endpoint.",
	find: func(w *workload, report func(breach)) {
		for _, s := range w.services {
			unknown := unknownPorts(s)
			for _, i := range unknown {
				p := &s.Value.Spec.Ports[i]
				b := ofService(s.Object, fmt.Sprintf("spec.ports[%d].targetPort", i))
				b.severity, b.always = Warning, true
				b.why = fmt.Sprintf("Port %d leads to the port named %s (%s), which no container of the service's pods declares: no request to it arrives.",
					p.Port, p.TargetPort.StrVal, cmp.Or(p.Protocol, corev1.ProtocolTCP))
				b.fix = "Declare the port under that name and protocol in the container's ports, or give its number."
				switch {
				case len(unknown) < len(s.Value.Spec.Ports):
					b.severity = Note // the others lead somewhere
				case slices.ContainsFunc(s.of, (*workload).injected):
					b.severity = Note
					b.why += " Unless a container that is put into the pods when they are made declares it."
				}
				report(b)
			}
		}
	},
}}

// ofOthers tells of a port that it leads to pods of other workloads alone, as those have the
// name that it leads to and these have not.
func ofOthers(s *podService, w *workload, p *corev1.ServicePort) bool {
	name := p.TargetPort.StrVal
	has := func(w *workload) bool { return w.declares(name, p.Protocol) }
	return name != "" && !has(w) && slices.ContainsFunc(s.of, has)
}

// unknownPorts are those of a service that lead to a name that none of its pods declares.
// Which names pods declare that are not judged is not known; clients of a headless service
// choose the port by themselves, and a port that is there to be watched is often that of a
// container that a mesh puts in.
func unknownPorts(s *podService) (unknown []int) {
	if !s.beside.known || s.beside.fewest > 0 || headless(s.Value) || len(validation.Refused(s.Value)) > 0 {
		return nil
	}
	for i := range s.Value.Spec.Ports {
		p := &s.Value.Spec.Ports[i]
		if name := p.TargetPort.StrVal; name != "" && !watched(name) && !watched(p.Name) &&
			!slices.ContainsFunc(s.of, func(w *workload) bool { return w.declares(name, p.Protocol) }) {
			unknown = append(unknown, i)
		}
	}
	return unknown
}

// declares tells whether a container that goes on running has the port.
func (w *workload) declares(name string, protocol corev1.Protocol) bool {
	return slices.ContainsFunc(slices.Concat(w.containers(), w.sidecars()), func(c container) bool {
		return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool {
			return p.Name == name && cmp.Or(p.Protocol, corev1.ProtocolTCP) == cmp.Or(protocol, corev1.ProtocolTCP)
		})
	})
}

// injected tells whether the pods ask for containers that the manifest has not, as those of
// a mesh or of an agent do (sidecar.istio.io/inject, linkerd.io/inject, vault's agent-inject).
func (w *workload) injected() bool {
	for _, marks := range []map[string]string{w.template.Labels, w.template.Annotations} {
		for key := range marks {
			if strings.Contains(key, "inject") {
				return true
			}
		}
	}
	return false
}
