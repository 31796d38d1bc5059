package chaos

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// destination is what the services tell of where the requests of a check go.
type destination struct {
	// other are those of the workload's services that no URL leads to, ports the
	// pods' ports that the rest lead to.
	other, ports []string
	warnings     []string
}

// path is a service that a URL leads to, and the pods' port that it leads to from
// there: all of its ports where that is not known.
type path struct {
	service string
	ports   []string
	// by is the service's port that it leads through, nil where none is: the name of a
	// headless service stands for the pods' own addresses.
	by *corev1.ServicePort
	// node is the address of the node whose pods alone are asked; empty where all are.
	node string
	// near is the field by which the service keeps requests near where they come from.
	near string
}

// destination finds out to which services the check's URLs lead. Where one of them does
// not tell it (an ingress, a name of one's own), and the check does not either, each
// service that selects the pods may be meant.
func (w *Workload) destination(c check.Check, all, own []corev1.Service) (destination, error) {
	paths, err := w.told(c, all, own)
	if err != nil {
		return destination{}, err
	}
	if len(paths) == 0 {
		return anyOf(own), nil
	}
	counting := slices.DeleteFunc(slices.Clone(paths), func(p path) bool { return !has(own, p.service) })
	if len(counting) == 0 {
		t := anyOf(own)
		foreign := fmt.Sprintf("requests go to %s, which does not select the pods of %s: ", services(paths), w)
		if c.Target.Service == "" {
			foreign += "if it passes them on, name in target.service the service that it passes them to; if it only depends on those pods, name it there itself"
		} else {
			foreign += "what their ends do to requests is seen as far as it depends on them"
		}
		t.warnings = []string{foreign}
		if early := publishing(own); len(early) > 0 {
			t.warnings = append(t.warnings, fmt.Sprintf("service %s publishes addresses that are not ready: what comes to the pods through it does not stop as they end", strings.Join(early, ", ")))
		}
		return t, nil
	}
	var t destination
	for _, s := range own {
		if !slices.ContainsFunc(counting, func(p path) bool { return p.service == s.Name }) {
			t.other = append(t.other, s.Name)
		}
	}
	for _, p := range counting {
		t.ports = append(t.ports, p.ports...)
	}
	t.ports = sorted(t.ports)
	t.warnings = publishedWarnings(slices.DeleteFunc(publishing(own), func(name string) bool { return slices.Contains(t.other, name) }))
	if len(t.other) > 0 {
		t.warnings = append(t.warnings, fmt.Sprintf("requests go to %s: the EndpointSlices of service %s are not looked at", services(counting), strings.Join(t.other, ", ")))
	}
	return t, nil
}

// told are the paths that the URLs or the check tell, none where they do not.
func (w *Workload) told(c check.Check, all, own []corev1.Service) ([]path, error) {
	paths := w.paths(c, all)
	named := c.Target.Service
	if named == "" || slices.ContainsFunc(paths, func(p path) bool { return p.service == named }) {
		return paths, nil
	}
	problem := w.misnamed(named, all)
	if problem == "" && slices.ContainsFunc(paths, func(p path) bool { return has(own, p.service) }) {
		problem = fmt.Sprintf("the URL leads to %s, not to %s", services(paths), named)
	}
	if problem != "" {
		return nil, &check.FieldError{Field: "target.service", Problem: problem}
	}
	// What the URL leads to, an ingress or a proxy of one's own, may lead on.
	led := path{service: named}
	if i := slices.IndexFunc(all, func(s corev1.Service) bool { return s.Name == named }); i >= 0 {
		led.ports = targetPorts(all[i])
	}
	return []path{led}, nil
}

// misnamed tells why target.service cannot be what it says; empty if it can.
func (w *Workload) misnamed(named string, all []corev1.Service) string {
	name, namespace, elsewhere := strings.Cut(named, ".")
	switch {
	case elsewhere && namespace == w.namespace:
		return fmt.Sprintf("want %s alone, as it is in the workload's namespace", name)
	case elsewhere || has(all, named):
		return ""
	default:
		return fmt.Sprintf("there is no service %s in namespace %s", named, w.namespace)
	}
}

func has(all []corev1.Service, name string) bool {
	return slices.ContainsFunc(all, func(s corev1.Service) bool { return s.Name == name })
}

// anyOf is a destination that may be any of the services.
func anyOf(own []corev1.Service) destination {
	var t destination
	var names []string
	for _, s := range own {
		names = append(names, s.Name)
		t.ports = append(t.ports, targetPorts(s)...)
	}
	t.ports = sorted(t.ports)
	switch early := publishing(own); {
	case len(early) == len(own):
		t.warnings = publishedWarnings(early)
	case len(early) > 0:
		t.warnings = []string{fmt.Sprintf("service %s publishes addresses that are not ready, and the URL does not tell whether it leads there: name the service that it leads to in target.service", strings.Join(early, ", "))}
	case len(own) > 1:
		t.warnings = []string{fmt.Sprintf("several services select its pods (%s), and the URL does not tell to which of them it leads: all of them count; name the one in target.service", strings.Join(sorted(names), ", "))}
	}
	return t
}

// publishing are those of the services that publish addresses which are not ready. What
// they call ready never ceases to be, so that nobody is seen to leave before it is gone
// (EndpointSlice: ready is always true there).
func publishing(own []corev1.Service) []string {
	var names []string
	for _, s := range own {
		if s.Spec.PublishNotReadyAddresses {
			names = append(names, s.Name)
		}
	}
	return names
}

// publishedWarnings are those of the services that requests go to which publish
// addresses that are not ready.
func publishedWarnings(names []string) []string {
	var warnings []string
	for _, name := range names {
		warnings = append(warnings, fmt.Sprintf("service %s publishes addresses that are not ready (publishNotReadyAddresses): requests come to its pods before they are Ready, and until they are gone, however long a preStop hook sleeps", name))
	}
	return warnings
}

// paths are those of all URLs, none where one of them does not tell where it leads.
func (w *Workload) paths(c check.Check, all []corev1.Service) []path {
	var paths []path
	urls := []string{c.Target.URL}
	if len(c.Streams) > 0 {
		urls = nil
	}
	for _, s := range c.Streams {
		if s.Targets != nil {
			return nil
		}
		urls = append(urls, cmp.Or(s.URL, c.Target.URL))
	}
	for _, address := range sorted(urls) {
		u, err := url.Parse(address)
		if err != nil {
			return nil
		}
		found := w.pathsOf(u, all, c.Inside != nil)
		if len(found) == 0 {
			return nil
		}
		paths = append(paths, found...)
	}
	return paths
}

// servesURLs tells whether each URL is known to lead to one of the workload's own
// services.
func (w *Workload) servesURLs(c check.Check, all, own []corev1.Service) bool {
	paths := w.paths(c, all)
	return len(paths) > 0 && !slices.ContainsFunc(paths, func(p path) bool { return !has(own, p.service) })
}

// foreign are the services that the URLs lead to, where none of them selects any of the
// workload's pods and the check does not say that others are to answer. The pods may bear
// labels which the template has not, as one of them that is the leader; such a service
// is not foreign.
func (w *Workload) foreign(ctx context.Context, c check.Check, all, own []corev1.Service) ([]string, error) {
	paths := w.paths(c, all)
	front := c.Target.Service != "" && !has(own, c.Target.Service)
	if front || len(paths) == 0 || slices.ContainsFunc(paths, func(p path) bool { return has(own, p.service) }) {
		return nil, nil
	}
	pods, err := w.listPods(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range paths {
		at := slices.IndexFunc(all, func(s corev1.Service) bool { return s.Name == p.service })
		if at >= 0 && slices.ContainsFunc(pods, func(pod *corev1.Pod) bool {
			return labels.SelectorFromSet(all[at].Spec.Selector).Matches(labels.Set(pod.Labels))
		}) {
			return nil, nil
		}
		names = append(names, p.service)
	}
	return sorted(names), nil
}

// localNode is the address of the one node whose pods alone all URLs ask
// (externalTrafficPolicy: Local); empty where there is none. What a pod sends to a
// service's external addresses and node ports is subject to neither traffic policy
// ("short-circuit pod traffic" in kubernetes pkg/proxy/nftables, and the same in iptables).
func (w *Workload) localNode(c check.Check, all []corev1.Service) string {
	if c.Inside != nil || w.Self != "" {
		return ""
	}
	node := ""
	for i, p := range w.paths(c, all) {
		if i > 0 && p.node != node {
			return ""
		}
		node = p.node
	}
	return node
}

// pathsOf are those of one URL, none where it does not tell where it leads. It tells
// it by a service's name in the cluster's DNS, by an address of the service (its own,
// an external one, its load balancer's), or by its node port, a number that no other
// service of the cluster has.
func (w *Workload) pathsOf(u *url.URL, all []corev1.Service, bySenders bool) []path {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	port, err := strconv.ParseInt(cmp.Or(u.Port(), map[string]string{"https": "443"}[u.Scheme], "80"), 10, 32)
	if err != nil {
		return nil
	}
	name, namespace := w.inDNS(host, bySenders)
	if namespace != "" && namespace != w.namespace {
		return []path{{service: name + "." + namespace}}
	}
	var found []path
	for _, s := range all {
		// One without a selector leads wherever its owner, or its external name, says.
		named := namespace != "" && s.Name == name
		if len(s.Spec.Selector) == 0 || s.Spec.Type == corev1.ServiceTypeExternalName || !named && !hasAddress(s, host) {
			continue
		}
		if s.Spec.ClusterIP == corev1.ClusterIPNone {
			// Its name stands for the pods' own addresses.
			found = append(found, path{service: s.Name, ports: []string{strconv.FormatInt(port, 10)}})
			continue
		}
		by := pathsBy(s, func(p corev1.ServicePort) bool { return int64(p.Port) == port })
		for i := range by {
			by[i].near = nearness(s, named || hasOwnAddress(s, host))
		}
		found = append(found, by...)
	}
	if len(found) > 0 {
		return found
	}
	for _, s := range all {
		by := pathsBy(s, func(p corev1.ServicePort) bool { return p.NodePort > 0 && int64(p.NodePort) == port })
		for i := range by {
			by[i].near = nearness(s, false)
			if s.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal {
				by[i].node = host
			}
		}
		found = append(found, by...)
	}
	return found
}

// pathsBy are those through some of a service's ports over TCP.
func pathsBy(s corev1.Service, through func(corev1.ServicePort) bool) []path {
	var found []path
	for i, p := range s.Spec.Ports {
		if through(p) && (p.Protocol == "" || p.Protocol == corev1.ProtocolTCP) {
			found = append(found, path{service: s.Name, ports: []string{targetPort(p)}, by: &s.Spec.Ports[i]})
		}
	}
	return found
}

// inDNS reads a service's name out of a host's: NAME, NAME.NAMESPACE and
// NAME.NAMESPACE.svc with the cluster's domain, the last also with a pod's name in front
// (kubernetes/dns, specification). The namespace is empty where it is no such name: one
// that is not said to be a service's may be any host's, and counts only if the workload's
// namespace has such a service. There the senders look it up, if there are any.
func (w *Workload) inDNS(host string, bySenders bool) (name, namespace string) {
	labels := strings.Split(host, ".")
	if at := slices.Index(labels, "svc"); at == 2 || at == 3 {
		domain := strings.Join(labels[at+1:], ".")
		if labels[at-1] == w.namespace || domain == "" || domain == "cluster.local" {
			return labels[at-2], labels[at-1]
		}
		return "", ""
	}
	own, _, inside := strings.Cut(w.Self, "/")
	switch {
	case len(labels) == 1 && (bySenders || !inside || own == w.namespace), len(labels) == 2 && labels[1] == w.namespace:
		return labels[0], w.namespace
	default:
		return "", ""
	}
}

// hasOwnAddress tells whether the host is the service's own address in the cluster.
func hasOwnAddress(s corev1.Service, host string) bool {
	return slices.Contains(s.Spec.ClusterIPs, host) || s.Spec.ClusterIP == host
}

// hasAddress tells whether the host is an address of the service.
func hasAddress(s corev1.Service, host string) bool {
	if hasOwnAddress(s, host) || slices.Contains(s.Spec.ExternalIPs, host) {
		return true
	}
	return slices.ContainsFunc(s.Status.LoadBalancer.Ingress, func(i corev1.LoadBalancerIngress) bool {
		return i.IP == host || strings.EqualFold(i.Hostname, host)
	})
}

// targetPorts are those of all of a service's ports over TCP.
func targetPorts(s corev1.Service) []string {
	var ports []string
	for _, p := range pathsBy(s, func(corev1.ServicePort) bool { return true }) {
		ports = append(ports, p.ports...)
	}
	return ports
}

// targetPort is the pods' port, by number or name; where the service names none it is
// its own.
func targetPort(p corev1.ServicePort) string {
	if written := p.TargetPort.String(); written != "" && written != "0" {
		return written
	}
	return strconv.Itoa(int(p.Port))
}

// services names those of the paths.
func services(paths []path) string {
	var names []string
	for _, p := range paths {
		names = append(names, p.service)
	}
	return "service " + strings.Join(sorted(names), ", ")
}

func sorted(values []string) []string {
	values = slices.Clone(values)
	slices.Sort(values)
	return slices.Compact(values)
}

// servingWarnings tells where several containers could be the one that serves.
func servingWarnings(spec corev1.PodSpec, ports []string) []string {
	containers := slices.Clone(spec.Containers)
	for _, c := range spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			containers = append(containers, c)
		}
	}
	if len(ports) == 0 {
		return nil
	}
	if len(containers) < 2 {
		return unreachable(containers, ports)
	}
	serving := map[string]bool{}
	for _, port := range ports {
		declared := false
		for _, c := range containers {
			if declares(c, port) {
				serving[c.Name], declared = true, true
			}
		}
		if !declared {
			return []string{fmt.Sprintf("no container of its pods declares port %s, to which the service leads: the first one, %s, is taken for the one that serves", port, containers[0].Name)}
		}
	}
	if len(serving) > 1 {
		return []string{fmt.Sprintf("several containers of its pods have ports to which the service leads: the first one, %s, is taken for the one that serves", containers[0].Name)}
	}
	return nil
}

func declares(c corev1.Container, port string) bool {
	return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool {
		return recording.Port{Name: p.Name, Number: p.ContainerPort}.Is(port)
	})
}

// unreachable tells of ports that go by a name which no container gives to one: a service
// has no endpoint there. One that goes by its number need not be declared.
func unreachable(containers []corev1.Container, ports []string) []string {
	var warnings []string
	for _, port := range ports {
		_, err := strconv.Atoi(port)
		if err != nil && !slices.ContainsFunc(containers, func(c corev1.Container) bool { return declares(c, port) }) {
			warnings = append(warnings, fmt.Sprintf("no container of its pods declares port %s, to which the service leads: it reaches none of them there", port))
		}
	}
	return warnings
}
