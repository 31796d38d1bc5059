package analysis

import (
	"fmt"
	"slices"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// What admission adds to a pod is in no template. A patch of the template with such a
// container would add one without an image, which the API refuses; and what its injector
// is told, by annotations or settings of its own, is what changes it.

// aboutAContainer are the causes whose fix changes one of the pod's containers.
var aboutAContainer = []report.Cause{
	report.NoDrain, report.ListenerClosedEarly, report.ErrorsWhileDraining, report.KeepaliveCut, report.KeepaliveOutlastsGrace,
	report.SigtermIgnored, report.PrestopEatsGrace, report.Restarted,
}

// injectedWords tell where a container is set that the fix is about and that no template
// has; empty if it has it.
func (m *measured) injectedWords(cause report.Cause) string {
	if !slices.Contains(aboutAContainer, cause) || len(m.ends) == 0 {
		return ""
	}
	name := m.ends[0].container
	if _, first := m.endedEarly(); cause == report.ErrorsWhileDraining && first != nil {
		name = first.container
	}
	if name == "" || !m.workload.Injected(name) {
		return ""
	}
	words := fmt.Sprintf(" Container %s is not in the workload's template, but was added at admission, so that no patch of the template changes it: "+
		"tell what injects it, mostly by an annotation of the template", name)
	if cause == report.Restarted {
		return words + "."
	}
	return words + " (Linkerd: config.alpha.linkerd.io/proxy-wait-before-exit-seconds; " +
		"Istio: terminationDrainDuration, or EXIT_ON_ZERO_ACTIVE_CONNECTIONS in its proxyMetadata, in proxy.istio.io/config)."
}
