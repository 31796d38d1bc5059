package validation

import (
	"cmp"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
)

// podSpec is the path to a workload's pod.
const podSpec = "spec.template.spec"

// defaultGrace is terminationGracePeriodSeconds where nothing is said (core/v1 defaults.go).
const defaultGrace = 30

// template checks the pod that a workload makes (core/validation, ValidatePodSpec). A
// negative grace is not refused there: its pods get 1 s (core/v1 defaults.go,
// SetDefaults_Pod; tried with 1.37).
func (l *list) template(template *corev1.PodTemplateSpec) {
	spec := &template.Spec
	oneOf(l, podSpec+".restartPolicy", spec.RestartPolicy, corev1.RestartPolicyAlways)
	if spec.ActiveDeadlineSeconds != nil {
		// apps/validation of each kind, as restartPolicy.
		l.add(podSpec+".activeDeadlineSeconds", fmt.Sprintf("activeDeadlineSeconds is %d", *spec.ActiveDeadlineSeconds), "Leave it out: these pods are to run on. A Job may have it.")
		l.mended(patch.PodSpec(patch.Object{"activeDeadlineSeconds": nil}))
	}
	if len(spec.EphemeralContainers) > 0 {
		l.add(podSpec+".ephemeralContainers", "the template has ephemeralContainers", "Leave them out: kubectl debug adds them to a pod that runs.")
		l.mended(patch.PodSpec(patch.Object{"ephemeralContainers": nil}))
	}
	if spec.ShareProcessNamespace != nil && *spec.ShareProcessNamespace && spec.HostPID {
		l.add(podSpec+".shareProcessNamespace", "shareProcessNamespace and hostPID are both true", "Leave one of the two out.")
	}
	for i, gate := range spec.ReadinessGates {
		if wrong := validation.IsQualifiedName(string(gate.ConditionType)); len(wrong) > 0 {
			l.add(fmt.Sprintf("%s.readinessGates[%d].conditionType", podSpec, i), fmt.Sprintf("conditionType is %q", gate.ConditionType), "Want a name such as example.com/ready.")
		}
	}
	grace := int64(defaultGrace)
	if spec.TerminationGracePeriodSeconds != nil {
		grace = *spec.TerminationGracePeriodSeconds
	}
	pod := pod{list: l, grace: grace, os: spec.OS, names: map[string]bool{}}
	hostPorts := map[string]bool{}
	for i := range spec.Containers {
		c := &spec.Containers[i]
		at := fmt.Sprintf("%s.containers[%d]", podSpec, i)
		l.within("", c.Name, func() {
			pod.container(at, c, hostPorts)
			if spec.HostNetwork {
				pod.ofTheNode(at+".ports", c.Ports)
			}
			pod.asked(at, c)
		})
	}
	for i := range spec.InitContainers {
		c := &spec.InitContainers[i]
		at := fmt.Sprintf("%s.initContainers[%d]", podSpec, i)
		l.within("", c.Name, func() { pod.initContainer(at, c) })
	}
}

// pod is what the checks of its containers share.
type pod struct {
	*list
	grace int64
	os    *corev1.PodOS
	names map[string]bool
}

// container checks what all kinds of containers have. hostPorts are those that others take
// at the same time.
func (p *pod) container(at string, c *corev1.Container, hostPorts map[string]bool) {
	switch {
	case c.Name == "":
		p.add(at+".name", "name is missing", "Give the container a name.")
	case len(validation.IsDNS1123Label(c.Name)) > 0:
		p.add(at+".name", fmt.Sprintf("name is %q", c.Name), "Want 63 characters or fewer of a to z, 0 to 9 and -, with no - at an end.")
	case p.names[c.Name]:
		p.add(at+".name", fmt.Sprintf("name is %s, as another container's of the pod", c.Name), "Give each container a name of its own.")
	}
	p.names[c.Name] = true
	p.ports(at+".ports", c.Ports, hostPorts)
}

// initContainer checks one of the containers that start before the others (core/validation,
// validateInitContainers): only one that goes on running, a sidecar (KEP-753), may have
// hooks and probes. Each may take a port of the node that another takes.
func (p *pod) initContainer(at string, c *corev1.Container) {
	p.container(at, c, map[string]bool{})
	if c.RestartPolicy != nil {
		oneOf(p.list, at+".restartPolicy", *c.RestartPolicy, corev1.ContainerRestartPolicyAlways, corev1.ContainerRestartPolicyNever, corev1.ContainerRestartPolicyOnFailure)
		if *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			p.asked(at, c)
			return
		}
	}
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"lifecycle", c.Lifecycle != nil},
		{"livenessProbe", c.LivenessProbe != nil},
		{"readinessProbe", c.ReadinessProbe != nil},
		{"startupProbe", c.StartupProbe != nil},
	} {
		if f.set {
			p.add(at+"."+f.name, fmt.Sprintf("An init container has a %s", f.name), "Leave it out, or make the container a sidecar with restartPolicy: Always.")
		}
	}
}

// ports is core/validation's validateContainerPorts, with checkHostPortConflicts.
func (p *pod) ports(at string, ports []corev1.ContainerPort, hostPorts map[string]bool) {
	names := map[string]bool{}
	for i := range ports {
		port := &ports[i]
		at := fmt.Sprintf("%s[%d]", at, i)
		if port.Name != "" && p.portName(at+".name", port.Name) {
			if names[port.Name] {
				p.add(at+".name", fmt.Sprintf("name of a port is %s, as another's of the container", port.Name), "Give each port a name of its own.")
			}
			names[port.Name] = true
		}
		p.portNumber(at+".containerPort", port.ContainerPort)
		oneOf(p.list, at+".protocol", port.Protocol, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
		if port.HostPort == 0 {
			continue
		}
		p.portNumber(at+".hostPort", port.HostPort)
		taken := fmt.Sprintf("%s/%s/%d", cmp.Or(port.Protocol, corev1.ProtocolTCP), port.HostIP, port.HostPort)
		if hostPorts[taken] {
			p.add(at+".hostPort", fmt.Sprintf("hostPort is %d, which another port of the pod takes", port.HostPort), "Take each port of the node once.")
		}
		hostPorts[taken] = true
	}
}

// ofTheNode is core/validation's validatePodHostNetworkDeps, which passes over init
// containers.
func (p *pod) ofTheNode(at string, ports []corev1.ContainerPort) {
	for i, port := range ports {
		if port.HostPort != 0 && port.HostPort != port.ContainerPort {
			p.add(fmt.Sprintf("%s[%d].hostPort", at, i), fmt.Sprintf("hostPort is %d, containerPort %d, and hostNetwork true", port.HostPort, port.ContainerPort), "With hostNetwork the two are the same: leave hostPort out.")
		}
	}
}
