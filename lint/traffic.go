package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/manifest"
	"github.com/shutdowncheck/shutdowncheck/manifest/validation"
)

// traffic is how sure it is that requests reach a workload's pods.
type traffic int

// No way to a pod may be seen at all, or its ports tell of one that no service shows; the
// manifests may hold no service because it is elsewhere; or a service or a port of the
// node leads to the pods.
const (
	noTraffic traffic = iota
	unlikely
	presumed
	certain
)

// route is the way from a service's port to a container's.
type route struct {
	service *podService
	to      container
	port    int32
}

// lead finds the ways to a workload's pods. That of a port for metrics or health checks is
// none: no user's request takes it.
func (o *Objects) lead(w *workload) {
	for _, s := range w.services {
		sound := len(validation.Refused(s.Value)) == 0
		for i := range s.Value.Spec.Ports {
			p := &s.Value.Spec.Ports[i]
			if ofOthers(s, w, p) {
				continue
			}
			to, port, ofUsers := w.target(p)
			if !sound {
				port = 0
			}
			if to.Container != nil && (ofUsers && !forWatching(s.Value.Name, p.Name, w.meta.Name) || o.exposed(s.Value)) {
				w.routes = append(w.routes, route{s, to, port})
			}
		}
		if len(s.Value.Spec.Ports) == 0 { // it gives pods names, and clients choose the port
			for _, c := range w.open() {
				w.routes = append(w.routes, route{service: s, to: c})
			}
		}
	}
	switch {
	case len(w.routes) > 0, w.onNode():
		w.traffic = certain
	case len(w.open()) == 0:
		w.traffic = noTraffic
	case len(w.missedBy) > 0: // users' requests are what such a service is for
		w.traffic = presumed
	case o.servicesRead(w), w.scale.by != nil && w.scale.by.queue, o.onlyScraped(w):
		w.traffic = unlikely
	default:
		w.traffic = presumed
	}
}

// servicesRead tells whether a service for the workload would be among those that were read.
func (o *Objects) servicesRead(w *workload) bool {
	if o.ServicesUnknown || len(w.several) > 0 && len(w.services) == 0 {
		return false
	}
	return o.AllServices || slices.ContainsFunc(o.Services, func(s Object[*corev1.Service]) bool {
		return together(s.Value.Namespace, w.meta.Namespace)
	})
}

// unreached says of which workloads nothing tells whether requests reach them. That none
// was found there is no news of them, and what was found holds only if requests do.
func (o *Objects) unreached(workloads []*workload) (notes []string) {
	var closed, presumedOpen []string
	for _, w := range workloads {
		switch {
		case o.servicesRead(w), len(w.several) > 0: // which is told of otherwise
		case w.traffic == noTraffic:
			closed = append(closed, w.String())
		case w.traffic == presumed:
			presumedOpen = append(presumedOpen, w.String())
		}
	}
	if len(closed) > 0 {
		notes = append(notes, "requests to "+strings.Join(closed, ", ")+", as no port for them is declared there and no service was read: the rules about them were left out")
	}
	if len(presumedOpen) > 0 {
		notes = append(notes, "the services of "+someOf(presumedOpen)+", as none was read: it is taken for granted that users' requests reach the declared ports")
	}
	return notes
}

// someOf names a few, and counts the others.
func someOf(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// target is the container that a service's port leads to, and its port, 0 where it is not
// sure that this is the one. ofUsers is false for one whose
// name tells that it is for metrics or health checks.
func (w *workload) target(p *corev1.ServicePort) (to container, port int32, ofUsers bool) {
	port, name := targetPort(p)
	for _, c := range slices.Concat(w.containers(), w.sidecars()) {
		if meshProxies[c.Name] {
			continue
		}
		for _, declared := range c.Ports {
			if name != "" && declared.Name == name || name == "" && declared.ContainerPort == port {
				return c, declared.ContainerPort, !watched(declared.Name) && !exports(c, declared.ContainerPort)
			}
		}
	}
	// containerPort is optional for a number (core/v1 Container).
	if open := w.open(); name != "" && len(open) > 0 {
		return open[0], 0, !watched(name)
	}
	to, sure := w.mainFor(port)
	ofUsers = !watched(name) && (to.Container == nil || !exports(to, port))
	if !sure {
		port = 0
	}
	return to, port, ofUsers
}

// open are the containers with a port that may be for users.
func (w *workload) open() []container {
	var all []container
	for _, c := range slices.Concat(w.containers(), w.sidecars()) {
		if !meshProxies[c.Name] && slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return !watched(p.Name) && !exports(c, p.ContainerPort) }) {
			all = append(all, c)
		}
	}
	return all
}

// onlyScraped tells whether each open port is one that Prometheus asks, by the pod's
// annotations or by a PodMonitor. Where no service leads there, that is what it is for.
func (o *Objects) onlyScraped(w *workload) bool {
	for _, c := range w.open() {
		for _, p := range c.Ports {
			if !watched(p.Name) && !o.scraped(w, p) {
				return false
			}
		}
	}
	return true
}

func (o *Objects) scraped(w *workload, p corev1.ContainerPort) bool {
	if at := w.template.Annotations["prometheus.io/port"]; w.template.Annotations["prometheus.io/scrape"] == "true" && (at == "" || at == strconv.Itoa(int(p.ContainerPort))) {
		return true
	}
	return slices.ContainsFunc(o.PodMonitors, func(m Object[*PodMonitor]) bool {
		selector, err := metav1.LabelSelectorAsSelector(&m.Value.Spec.Selector)
		return err == nil && selector.Matches(labels.Set(w.template.Labels)) && m.Value.asks(p)
	})
}

// PodMonitor is what the rules read of the Prometheus operator's (monitoring.coreos.com/v1).
type PodMonitor struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Selector            metav1.LabelSelector `json:"selector"`
		PodMetricsEndpoints []struct {
			Port       string              `json:"port"`
			PortNumber int32               `json:"portNumber"`
			TargetPort *intstr.IntOrString `json:"targetPort"`
		} `json:"podMetricsEndpoints"`
	} `json:"spec"`
}

func (m *PodMonitor) asks(p corev1.ContainerPort) bool {
	for _, e := range m.Spec.PodMetricsEndpoints {
		target := intstr.FromInt32(e.PortNumber)
		if e.TargetPort != nil {
			target = *e.TargetPort
		}
		if p.Name != "" && (e.Port == p.Name || target.StrVal == p.Name) || target.IntVal == p.ContainerPort {
			return true
		}
	}
	return false
}

// onNode tells whether a port of the node leads to the pod. With the node's network all
// ports do, which says nothing of their use.
func (w *workload) onNode() bool {
	return !w.template.Spec.HostNetwork && slices.ContainsFunc(w.open(), func(c container) bool {
		return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.HostPort != 0 && !watched(p.Name) })
	})
}

// watching are the parts of names of ports at which nobody but monitoring asks.
var watching = []string{
	"actuator", "exporter", "health", "healthcheck", "healthz", "healthcheckport", "jmx", "liveness", "management", "metric",
	"metrics", "mgmt", "monitoring", "pprof", "probe", "probes", "prom", "prometheus", "readiness", "statsd", "telemetry",
}

// diagnostics is what the manifests of CSI sidecars call the port of their flag
// --http-endpoint, which is for metrics and the check of the leader's health alone
// (kubernetes-csi external-provisioner, README); what they are for goes through a socket.
const diagnostics = "http-endpoint"

// reloaderPort is that of the Prometheus operator's reloaders, for their metrics and health
// (prometheus-operator pkg/operator/config_reloader.go).
const reloaderPort = "reloader-web"

func watched(port string) bool {
	return port == diagnostics || port == reloaderPort || slices.ContainsFunc(strings.Split(port, "-"), func(part string) bool { return slices.Contains(watching, part) })
}

// watchedAlone are images, without their paths, whose only ports are for metrics and health checks:
// kube-rbac-proxy, by which projects of kubebuilder and kube-prometheus guard their metrics, and
// controllers that look at the cluster and answer nobody (their READMEs and manifests).
var watchedAlone = []string{"kube-rbac-proxy", "external-dns", "cluster-autoscaler", "kube-state-metrics", "descheduler", "reloader"}

// ofItself are ports, by the last part of an image's name, at which a program tells of itself and does
// not do what it is there for: log shippers and collectors have their metrics and health there, and
// Airflow's workers the logs of their tasks (the programs' manuals, and their charts). Where
// others send to such a program they use another port.
var ofItself = map[string][]int32{
	"fluent-bit":                       {2020},
	"aws-for-fluent-bit":               {2020},
	"fluentd":                          {24220, 24231},
	"fluentd-kubernetes-daemonset":     {24220, 24231},
	"promtail":                         {3101, 9080},
	"alloy":                            {12345},
	"vector":                           {8686, 9598},
	"filebeat":                         {5066},
	"logstash":                         {9600},
	"telegraf":                         {9273},
	"opentelemetry-collector":          {8888, 13133},
	"opentelemetry-collector-contrib":  {8888, 13133},
	"opentelemetry-collector-k8s":      {8888, 13133},
	"opentelemetry-collector-releases": {8888, 13133},
	"airflow":                          {8793, 8794},
}

// exports tells of a port at which nobody but Prometheus, the kubelet and operators ask, whatever its
// name says: of a container that has no other, one at which the program tells of itself, or of an
// exporter among the ports that exporters have (prometheus/prometheus wiki, Default port allocations).
func exports(c container, port int32) bool {
	const firstOfExporters, lastOfExporters = 9100, 9999
	image := imageName(c)
	if slices.Contains(watchedAlone, image) || slices.Contains(ofItself[image], port) {
		return true
	}
	return port >= firstOfExporters && port <= lastOfExporters && (strings.HasSuffix(image, "-exporter") || strings.HasSuffix(image, "_exporter"))
}

// protocols are names of ports that tell the protocol, and not what it is for.
var protocols = []string{"", "http", "https", "tcp", "web", "port", "grpc", "http2", "h2c"}

// forWatching tells whether a service's port is for those who watch: by its own name or,
// where that tells the protocol alone, by the service's. One called as the workload itself
// is that of what it does: a program called metrics serves its users by such a name.
func forWatching(service, port, workload string) bool {
	if !slices.Contains(protocols, port) {
		return watched(port)
	}
	if port != "" && service == workload {
		return false
	}
	return slices.ContainsFunc(strings.Split(service, "-"), func(part string) bool {
		return part == "metrics" || part == "exporter" || part == "telemetry" || part == "monitoring"
	})
}

// fronts are the containers that requests reach first, native sidecars too.
func (w *workload) fronts() []container {
	var all []container
	for _, r := range w.routes {
		all = withContainer(all, r.to)
	}
	if len(all) == 0 && w.traffic > noTraffic {
		return first(w.open())
	}
	return all
}

// first are those of containers with a port that are not there for another of them.
func first(open []container) []container {
	all := slices.DeleteFunc(slices.Clone(open), func(c container) bool {
		return accessory(c) || isFPM(c)
	})
	if len(all) == 0 {
		return open
	}
	return all
}

// serving are the containers that answer requests and are sent SIGTERM first: those that
// requests reach, and those behind a native sidecar, which outlives them.
func (w *workload) serving() []container {
	var all []container
	for _, c := range w.fronts() {
		if !c.native() {
			all = withContainer(all, c)
			continue
		}
		behind := slices.DeleteFunc(w.open(), func(c container) bool { return c.native() || accessory(c) })
		if len(behind) == 0 {
			behind = nil
			if c, _ := w.mainFor(0); c.Container != nil {
				behind = []container{c}
			}
		}
		for _, b := range behind {
			all = withContainer(all, b)
		}
	}
	return all
}

func (c container) native() bool { return strings.Contains(c.field, "initContainers") }

func withContainer(all []container, c container) []container {
	if c.Container == nil || slices.Contains(all, c) {
		return all
	}
	return append(all, c)
}

// busy tells whether a container takes part in answering requests.
func (w *workload) busy(c container) bool {
	return slices.Contains(w.fronts(), c) || slices.Contains(w.serving(), c)
}

// mainFor is the container that most likely listens at a port that none declares. It is
// sure of one that is asked there by a probe, and of the only one there is.
func (w *workload) mainFor(port int32) (c container, sure bool) {
	all := w.containers()
	if len(all) == 0 {
		return container{}, false
	}
	likely := slices.DeleteFunc(slices.Clone(all), accessory)
	if len(likely) == 0 {
		likely = all
	}
	others := slices.DeleteFunc(w.sidecars(), accessory)
	for _, c := range slices.Concat(likely, others) {
		if port != 0 && probesAt(c, port) {
			return c, true
		}
	}
	sure = len(likely)+len(others) == 1
	for _, c := range likely {
		if c.Name == w.template.Annotations["kubectl.kubernetes.io/default-container"] {
			return c, sure
		}
	}
	for _, c := range likely {
		if len(c.Ports) == 0 {
			return c, sure
		}
	}
	return likely[0], sure
}

func probesAt(c container, port int32) bool {
	for _, p := range []*corev1.Probe{c.ReadinessProbe, c.LivenessProbe, c.StartupProbe} {
		if at, _, known := probePort(c, p); known && at == port {
			return true
		}
	}
	return false
}

// accessories are the parts of names and images of containers that stand beside the one
// that answers.
var accessories = []string{
	"agent", "backup", "certs", "collector", "daemon", "datadog", "exporter", "filebeat", "fluent", "fluentbit", "fluentd", "jaeger", "log", "logger", "logging", "logs",
	"logrotate", "metrics", "monitor", "monitoring", "otel", "promtail", "reloader", "statsd", "sync", "tail", "telegraf", "telemetry", "vault", "watcher", "xray", "zipkin",
}

func accessory(c container) bool {
	if meshProxies[c.Name] || databaseProxy(c) != "" {
		return true
	}
	server, _ := manifest.Server(c.Container)
	return server == "" && slices.ContainsFunc(nameParts(c), func(part string) bool { return slices.Contains(accessories, part) })
}

// nameParts are the words in a container's name and in that of its image, without the tag.
func nameParts(c container) []string {
	image := imageName(c)
	return strings.FieldsFunc(c.Name+"-"+image, func(r rune) bool { return r == '-' || r == '_' || r == '.' })
}

// trafficServices are the services that lead users to the workload.
func (w *workload) trafficServices() []*podService {
	var all []*podService
	for _, r := range w.routes {
		if !slices.Contains(all, r.service) {
			all = append(all, r.service)
		}
	}
	return all
}

// targets are the container's ports that services lead to.
func (w *workload) targets(c container) map[int32]bool {
	targets := map[int32]bool{}
	for _, r := range w.routes {
		if r.to == c && r.port != 0 {
			targets[r.port] = true
		}
	}
	return targets
}

// targetPort is the service's port where no other is named.
func targetPort(p *corev1.ServicePort) (port int32, name string) {
	if p.TargetPort.StrVal != "" {
		return 0, p.TargetPort.StrVal
	}
	if p.TargetPort.IntVal != 0 {
		return p.TargetPort.IntVal, ""
	}
	return p.Port, ""
}
