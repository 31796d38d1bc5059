package validation

import (
	"cmp"
	"fmt"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
)

// budget is policy/validation's ValidatePodDisruptionBudgetSpec. Neither number and no
// selector are taken: such a budget allows no eviction, or selects no pod.
func (l *list) budget(spec *policyv1.PodDisruptionBudgetSpec) {
	if spec.MinAvailable != nil && spec.MaxUnavailable != nil {
		l.add("spec.maxUnavailable", "minAvailable and maxUnavailable are both set", "Keep one of the two: maxUnavailable: 1 allows one pod at a time to be away.")
	}
	l.pods("spec.minAvailable", spec.MinAvailable)
	l.atMostAll("spec.minAvailable", spec.MinAvailable)
	l.pods("spec.maxUnavailable", spec.MaxUnavailable)
	l.atMostAll("spec.maxUnavailable", spec.MaxUnavailable)
	if spec.Selector != nil {
		l.selector(spec.Selector)
	}
}

// service is core/validation's validateService.
func (l *list) service(spec *corev1.ServiceSpec) {
	oneOf(l, "spec.type", spec.Type, corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeExternalName)
	if spec.ClusterIP == corev1.ClusterIPNone && (spec.Type == corev1.ServiceTypeNodePort || spec.Type == corev1.ServiceTypeLoadBalancer) {
		l.add("spec.clusterIP", fmt.Sprintf("clusterIP is None, and the type %s", spec.Type), "Leave clusterIP out, or the type.")
	}
	for _, key := range sorted(spec.Selector) {
		if len(validation.IsQualifiedName(key))+len(validation.IsValidLabelValue(spec.Selector[key])) > 0 {
			l.add("spec.selector."+key, fmt.Sprintf("selector has %s: %s", key, spec.Selector[key]), "Want what a label may be: 63 letters, digits, -, _ and . or fewer.")
		}
	}
	if len(spec.Ports) == 0 && !headless(spec) && spec.Type != corev1.ServiceTypeExternalName {
		l.add("spec.ports", "ports is empty or missing", "Give the service a port, or clusterIP: None if it only gives pods names.")
	}
	l.servicePorts(spec)
	oneOf(l, "spec.sessionAffinity", spec.SessionAffinity, corev1.ServiceAffinityClientIP, corev1.ServiceAffinityNone)
	outside := spec.Type == corev1.ServiceTypeNodePort || spec.Type == corev1.ServiceTypeLoadBalancer || len(spec.ExternalIPs) > 0
	switch {
	case spec.ExternalTrafficPolicy == "":
	case outside:
		oneOf(l, "spec.externalTrafficPolicy", spec.ExternalTrafficPolicy, corev1.ServiceExternalTrafficPolicyCluster, corev1.ServiceExternalTrafficPolicyLocal)
	default:
		l.add("spec.externalTrafficPolicy", fmt.Sprintf("externalTrafficPolicy is %s, and the type %s", spec.ExternalTrafficPolicy, cmp.Or(spec.Type, corev1.ServiceTypeClusterIP)),
			"Leave it out: only a NodePort or LoadBalancer service, or one with externalIPs, may have it.")
	}
}

func headless(spec *corev1.ServiceSpec) bool {
	return spec.ClusterIP == corev1.ClusterIPNone || slices.Contains(spec.ClusterIPs, corev1.ClusterIPNone)
}

// servicePorts is core/validation's validateServicePort. A name here may be longer than a
// container's.
func (l *list) servicePorts(spec *corev1.ServiceSpec) {
	names, numbers := map[string]bool{}, map[string]bool{}
	for i := range spec.Ports {
		p := &spec.Ports[i]
		at := fmt.Sprintf("spec.ports[%d]", i)
		switch {
		case p.Name == "" && len(spec.Ports) > 1:
			l.add(at+".name", "name of a port is missing, and the service has several", "Give each port a name.")
		case p.Name == "":
		case len(validation.IsDNS1123Label(p.Name)) > 0:
			l.add(at+".name", fmt.Sprintf("name of a port is %q", p.Name), "Want 63 characters or fewer of a to z, 0 to 9 and -, with no - at an end.")
		case names[p.Name]:
			l.add(at+".name", fmt.Sprintf("name of a port is %s, as another's of the service", p.Name), "Give each port a name of its own.")
		}
		names[p.Name] = true
		l.portNumber(at+".port", p.Port)
		oneOf(l, at+".protocol", p.Protocol, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
		number := fmt.Sprintf("%s/%d", cmp.Or(p.Protocol, corev1.ProtocolTCP), p.Port)
		if numbers[number] {
			l.add(at, fmt.Sprintf("port is %d, as another port's of the service", p.Port), "Lead each port to one target.")
		}
		numbers[number] = true
		// Left out, 0 and an empty name are the port itself (core/v1 defaults.go).
		if p.TargetPort != (intstr.IntOrString{}) && p.TargetPort != intstr.FromString("") {
			l.port(at+".targetPort", p.TargetPort)
		}
	}
}

// autoscaler is autoscaling/validation's validateHorizontalPodAutoscalerSpec. That before
// 1.37 minReplicas may only be 0 where the feature gate HPAScaleToZero is on is not told.
func (l *list) autoscaler(h *autoscalingv2.HorizontalPodAutoscaler) {
	spec := &h.Spec
	notNegative(l, "spec.minReplicas", spec.MinReplicas)
	least := int32(1)
	if spec.MinReplicas != nil {
		least = *spec.MinReplicas
	}
	switch {
	case spec.MaxReplicas < 1:
		l.add("spec.maxReplicas", fmt.Sprintf("maxReplicas is %d, or missing", spec.MaxReplicas), "Want 1 or more.")
	case spec.MaxReplicas < least:
		l.add("spec.maxReplicas", fmt.Sprintf("maxReplicas is %d, below minReplicas (%d)", spec.MaxReplicas, least), "Want maxReplicas as high as minReplicas or higher.")
	}
	// autoscaling/v1 has its other metrics in an annotation.
	if least == 0 && h.APIVersion != "autoscaling/v1" && !slices.ContainsFunc(spec.Metrics, ofItsOwn) {
		l.add("spec.minReplicas", "minReplicas is 0, and no metric is of the type Object or External", "Want 1 or more, or a metric that is there without a pod.")
	}
	if spec.ScaleTargetRef.Kind == "" {
		l.add("spec.scaleTargetRef.kind", "kind is missing", "Give the kind of the workload: Deployment.")
	}
}

// ofItsOwn tells of a metric that is there without any pod.
func ofItsOwn(m autoscalingv2.MetricSpec) bool {
	return m.Type == autoscalingv2.ObjectMetricSourceType || m.Type == autoscalingv2.ExternalMetricSourceType
}

func sorted(labels map[string]string) []string {
	keys := make([]string, 0, len(labels))
	for key := range labels {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
