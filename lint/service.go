package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// meshProxies are the sidecars through which a mesh leads a pod's traffic.
var meshProxies = map[string]bool{"istio-proxy": true, "linkerd-proxy": true, "envoy-sidecar": true, "consul-dataplane": true, "kuma-sidecar": true}

var serviceRules = []rule{{
	id:    "publishes-not-ready",
	cause: report.NotReadyYet,
	doc:   "The service lists pods that are not Ready, and those that are about to end, as if they were.",
	find: func(w *workload, report func(breach)) {
		for _, s := range w.trafficServices() {
			if !s.Value.Spec.PublishNotReadyAddresses || w.forPeers(s) {
				continue
			}
			b := ofService(s.Object, "spec.publishNotReadyAddresses")
			b.severity = Warning
			b.why = "publishNotReadyAddresses is true: requests are sent to pods that do not listen yet, and to ending ones until they are gone."
			b.fix = "Leave publishNotReadyAddresses to a headless service for peers, and give users a service without it."
			if headless(s.Value) {
				b.severity = Note // how a StatefulSet's peers find each other
			} else if w.statefulSet == nil {
				// Pods of a StatefulSet may have to be reached to become Ready: to be joined, or unsealed.
				b.patch = patch.JSON(patch.Object{"spec": patch.Object{"publishNotReadyAddresses": false}})
			}
			report(b)
		}
	},
}, {
	id:    "headless",
	cause: report.ListenerClosedEarly,
	doc:   "Clients of a headless service learn from DNS that a pod is gone (CoreDNS keeps answers for 30 s). Beside a service with a cluster IP one is taken for that of the pods' peers that is the StatefulSet's own, lists pods that are not Ready, or leads to the same ports.",
	find: func(w *workload, report func(breach)) {
		for _, s := range w.trafficServices() {
			if headless(s.Value) && !w.forPeers(s) {
				b := ofService(s.Object, "spec.clusterIP")
				b.severity = Note
				b.why = "The service is headless: clients may use a pod's address for the 30 s that DNS keeps it, and no preStop of a few seconds covers that."
				b.fix = "Lead users' requests through a service with a cluster IP."
				if slices.ContainsFunc(s.Value.Spec.Ports, isGRPC) {
					// Behind a cluster IP all calls of a connection stay with one pod.
					b.fix = "Let clients look the name up again when a connection ends, and preStop sleep for longer than they keep an address; or lead them through a proxy that balances each call."
				}
				report(b)
			}
		}
	},
}, {
	id:  "client-affinity",
	doc: "sessionAffinity ClientIP leads all requests of one address to one pod, those of a load test too.",
	find: func(w *workload, report func(breach)) {
		for _, s := range w.trafficServices() {
			if s.Value.Spec.SessionAffinity == corev1.ServiceAffinityClientIP {
				b := ofService(s.Object, "spec.sessionAffinity")
				b.severity = Note
				b.why = "sessionAffinity is ClientIP: a load test from one address sees one pod and proves nothing about the others."
				b.fix = "Test from several addresses, or without affinity."
				report(b)
			}
		}
	},
}, {
	id:    "local-traffic-alone",
	cause: report.NoCapacity,
	doc:   "internalTrafficPolicy Local leads requests from inside the cluster to pods of the same node alone, as it does an ending one that still serves (kubernetes pkg/proxy/topology.go, CategorizeEndpoints): once a node's only pod is gone, its clients reach none until another is Ready there.",
	find: func(w *workload, report func(breach)) {
		for _, s := range w.trafficServices() {
			policy := s.Value.Spec.InternalTrafficPolicy
			if policy == nil || *policy != corev1.ServiceInternalTrafficPolicyLocal || headless(s.Value) {
				continue
			}
			b := ofService(s.Object, "spec.internalTrafficPolicy")
			b.severity = Note
			b.why = "internalTrafficPolicy is Local: where the only pod of a node ends, requests from that node reach none until another is Ready there, however many are Ready on other nodes."
			b.fix = "Leave internalTrafficPolicy at Cluster, with trafficDistribution: PreferClose if the way should be short."
			// Two pods of a node cannot have one port of it.
			if w.daemonSet != nil && !w.onNode() && !w.template.Spec.HostNetwork {
				b.fix = "Roll out with maxSurge: 1 and maxUnavailable: 0, so that the node's next pod is Ready before its last one ends; or leave internalTrafficPolicy at Cluster."
			}
			report(b)
		}
	},
}, {
	id:    "mesh-proxy-order",
	cause: report.ListenerClosedEarly,
	doc:   "A mesh's proxy that is a plain container gets SIGTERM together with the program (KEP-753 orders sidecars, which are initContainers with restartPolicy Always).",
	find: func(w *workload, report func(breach)) {
		for _, c := range w.containers() {
			if meshProxies[c.Name] && len(w.template.Spec.Containers) > 1 && !w.meshWaits(c) {
				report(breach{
					severity: Note, container: c.Name, field: c.field,
					why: fmt.Sprintf("%s is a plain container: it may end before the program, and with it every request that goes through it.", c.Name),
					fix: "Have the mesh inject it as a sidecar: an initContainer with restartPolicy Always, which ends last.",
				})
			}
		}
	},
}}

func headless(s *corev1.Service) bool { return s.Spec.ClusterIP == corev1.ClusterIPNone }

// forPeers tells of a headless service that is for the pods themselves: a StatefulSet's own
// (apps/v1 StatefulSetSpec.ServiceName), one that lists pods before they are Ready, or one to the
// same ports, beside a service with a cluster IP, which is for users.
func (w *workload) forPeers(s *podService) bool {
	if !headless(s.Value) {
		return false
	}
	governs := w.statefulSet != nil && w.statefulSet.Spec.ServiceName == s.Value.Name
	return slices.ContainsFunc(w.routes, func(r route) bool {
		return !headless(r.service.Value) && (governs || s.Value.Spec.PublishNotReadyAddresses || slices.ContainsFunc(w.routes, func(own route) bool {
			return own.service == s && own.to == r.to && (own.port == r.port || own.port == 0)
		}))
	})
}

func ofService(s Object[*corev1.Service], field string) breach {
	return breach{of: new(otherOf("Service", s)), field: field}
}

// byName tells whether clients know the pods by DNS alone: kube-proxy leaves headless
// services out (kubernetes pkg/proxy/util, ShouldSkipService), so that no proxy of the
// cluster has to forget a pod.
func (w *workload) byName() bool {
	services := w.trafficServices()
	return len(services) > 0 && len(w.paths) == 0 && !slices.ContainsFunc(services, func(s *podService) bool { return !headless(s.Value) })
}

// byNode tells whether requests come by a port of the node alone: the container runtime
// leads it to the pod for as long as the pod's sandbox is there (CNI, portmap; of
// hostNetwork the port is the program's own), and neither readiness nor an ending pod
// closes it, so that no proxy of the cluster has to forget the pod.
func (w *workload) byNode() bool {
	return len(w.trafficServices()) == 0 && len(w.paths) == 0 && (w.onNode() || w.template.Spec.HostNetwork)
}

// stillSend says who sends new requests to a pod that is ending.
func (w *workload) stillSend() string {
	switch {
	case w.byName():
		return "clients may send new requests for as long as they keep the pod's address, which DNS gives for 30 s (CoreDNS)"
	case w.byNode():
		return "clients send new requests to the node's port for as long as they take the node for healthy"
	default:
		return fmt.Sprintf("the cluster's proxies send new requests for up to %d s", proxyLag)
	}
}

// lessWithoutProxies makes a note of what rests on the time that the cluster's proxies need,
// where there are none: what clients do with an address from DNS, or with a node, is theirs.
func (w *workload) lessWithoutProxies(s Severity) Severity {
	if w.byName() || w.byNode() {
		return Note
	}
	return s
}

// letSleep is the fix that a hook's sleep is. No sleep alone tells the clients of a node's
// port that the pod ends.
func (w *workload) letSleep() string {
	if w.byNode() {
		return "Let whatever sends to the node's port see by a health check that the pod ends, and preStop sleep for longer than that takes; or lead requests through a service"
	}
	return fmt.Sprintf("Let preStop sleep for %d s", w.advised())
}

// isGRPC tells of a port for gRPC, by its protocol or its name.
func isGRPC(p corev1.ServicePort) bool {
	return p.AppProtocol != nil && (*p.AppProtocol == "grpc" || *p.AppProtocol == "kubernetes.io/h2c") || p.Name == "grpc" || strings.HasPrefix(p.Name, "grpc-")
}
