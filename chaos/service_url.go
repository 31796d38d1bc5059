package chaos

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// DefaultDomain is the DNS domain of most clusters.
const DefaultDomain = "cluster.local"

// ServiceURL gives the URL by which clients inside the cluster ask the service that
// leads to the workload, of the cluster's DNS domain: the service that is named, or the
// one that selects the pods. One with an address of its own goes before those that are
// headless. A URL that this does not tell is a FieldError.
func (w *Workload) ServiceURL(ctx context.Context, named, domain string) (string, error) {
	s, err := w.read(ctx)
	if err != nil {
		return "", err
	}
	all, own, err := w.services(ctx, s)
	if err != nil {
		return "", err
	}
	service, err := w.leading(named, all, own)
	if err != nil {
		return "", err
	}
	ports := mainPorts(service)
	var urls []string
	for _, p := range ports {
		urls = append(urls, addressOf(service, p, portOf(service, p, s.template.Spec), domain))
	}
	switch {
	case len(ports) == 0:
		return "", wantURL("service %s has no port over TCP; want the URL that the requests go to", service.Name)
	case len(ports) > 1:
		return "", wantURL("service %s has several ports, and none is named http or https; want one of %s", service.Name, strings.Join(urls, ", "))
	case urls[0] == "":
		return "", wantURL("service %s is headless, and no container of %s declares its port %s; want the URL that the requests go to", service.Name, w, targetPort(ports[0]))
	}
	return urls[0], nil
}

func wantURL(format string, args ...any) error {
	return &check.FieldError{Field: "target.url", Problem: fmt.Sprintf(format, args...)}
}

// leading gives the service that is named, or the one that leads to the workload.
func (w *Workload) leading(named string, all, own []corev1.Service) (corev1.Service, error) {
	if named != "" {
		at := slices.IndexFunc(all, func(s corev1.Service) bool { return s.Name == named })
		if at < 0 {
			problem := cmp.Or(w.misnamed(named, all), "it is in another namespace; want the URL that the requests go to")
			return corev1.Service{}, &check.FieldError{Field: "target.service", Problem: problem}
		}
		return all[at], nil
	}
	fitting := slices.DeleteFunc(slices.Clone(own), func(s corev1.Service) bool { return s.Spec.ClusterIP == corev1.ClusterIPNone })
	if len(fitting) == 0 {
		fitting = own
	}
	switch len(fitting) {
	case 0:
		return corev1.Service{}, wantURL("no service selects the pods of %s; want the URL that the requests go to", w)
	case 1:
		return fitting[0], nil
	default:
		var names []string
		for _, s := range fitting {
			names = append(names, s.Name)
		}
		return corev1.Service{}, &check.FieldError{Field: "target.service", Problem: fmt.Sprintf(
			"several services lead to %s; want one of %s", w, strings.Join(names, ", "))}
	}
}

// mainPorts are those of a service's ports that its requests may be meant for: of several
// the one named http, or https, or whose name begins with that, where there is one.
func mainPorts(s corev1.Service) []corev1.ServicePort {
	ports := slices.DeleteFunc(slices.Clone(s.Spec.Ports), func(p corev1.ServicePort) bool {
		return p.Protocol != "" && p.Protocol != corev1.ProtocolTCP
	})
	for _, fits := range []func(corev1.ServicePort) bool{
		func(p corev1.ServicePort) bool { return p.Name == "http" },
		func(p corev1.ServicePort) bool { return p.Name == "https" },
		func(p corev1.ServicePort) bool { return strings.HasPrefix(p.Name, "http") },
	} {
		some := slices.DeleteFunc(slices.Clone(ports), func(p corev1.ServicePort) bool { return !fits(p) })
		if len(ports) > 1 && len(some) == 1 {
			return some
		}
	}
	return ports
}

// portOf is the port that clients ask: the service's own, or where its name stands for
// the pods' addresses the pods'. It is 0 where that is a name that no container has.
func portOf(s corev1.Service, p corev1.ServicePort, pods corev1.PodSpec) int32 {
	if s.Spec.ClusterIP != corev1.ClusterIPNone {
		return p.Port
	}
	if p.TargetPort.Type == intstr.Int {
		return cmp.Or(p.TargetPort.IntVal, p.Port)
	}
	for _, c := range pods.Containers {
		for _, own := range c.Ports {
			if own.Name == p.TargetPort.StrVal {
				return own.ContainerPort
			}
		}
	}
	return 0
}

// addressOf is the URL of a service's port by its full name: a pod that looks a name up
// as it stands, as the senders do, finds no shorter one at once.
func addressOf(s corev1.Service, p corev1.ServicePort, port int32, domain string) string {
	if port == 0 {
		return ""
	}
	u := url.URL{Scheme: schemeOf(p), Host: s.Name + "." + s.Namespace + ".svc." + domain, Path: "/"}
	if usual := map[string]int32{"http": 80, "https": 443}; port != usual[u.Scheme] {
		u.Host = net.JoinHostPort(u.Host, strconv.Itoa(int(port)))
	}
	return u.String()
}

// overTLS tells it by what the port says of its protocol, or by its name, or else by its
// number.
func overTLS(p corev1.ServicePort) bool {
	if p.AppProtocol != nil {
		return strings.EqualFold(*p.AppProtocol, "https")
	}
	if strings.HasPrefix(p.Name, "http") {
		return strings.HasPrefix(p.Name, "https")
	}
	return p.Port == 443 || p.Port == 8443
}
