package chaos

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Route tells which pods a played balancer sends the requests of a URL to: those that the
// EndpointSlices of a service list.
type Route struct {
	// Host is that of the URL, with the port as it stands there.
	Host string
	// Service is in the workload's namespace.
	Service string
	// PortName is the name of the service's port, by which each slice has the pods' own
	// (EndpointSlice.ports); Port is that itself, not 0, where the URL names it, as that of a
	// headless service does.
	PortName string
	Port     int32
	// IPv6 tells which of two families of addresses is dialled: the service's first.
	IPv6 bool
}

// Routes are those of all URLs of a check that has a balancer played. A URL that leads to
// no service that selects the workload's pods is a FieldError.
func (w *Workload) Routes(ctx context.Context, c check.Check) ([]Route, error) {
	s, err := w.read(ctx)
	if err != nil {
		return nil, err
	}
	all, own, err := w.services(ctx, s)
	if err != nil {
		return nil, err
	}
	return w.routes(c, all, own)
}

func (w *Workload) routes(c check.Check, all, own []corev1.Service) ([]Route, error) {
	var urls []string
	for _, s := range c.Streams {
		urls = append(urls, cmp.Or(s.URL, c.Target.URL))
	}
	var routes []Route
	for _, address := range sorted(urls) {
		u, err := url.Parse(address)
		if err != nil {
			return nil, fmt.Errorf("read the URL %s: %w", check.ShownURL(address), err)
		}
		if slices.ContainsFunc(routes, func(r Route) bool { return r.Host == u.Host }) {
			continue
		}
		r, problem := w.route(c, u, all, own)
		if problem != "" {
			return nil, &check.FieldError{Field: "target.via", Problem: problem}
		}
		routes = append(routes, r)
	}
	return routes, nil
}

// route is that of one URL, or why there is none.
func (w *Workload) route(c check.Check, u *url.URL, all, own []corev1.Service) (r Route, problem string) {
	shown, named := u.Scheme+"://"+u.Host, c.Target.Service
	paths := w.pathsOf(u, all, c.Inside != nil)
	if named != "" && !slices.ContainsFunc(paths, func(p path) bool { return p.service == named }) {
		paths = throughMainPorts(named, all)
	}
	leading := slices.DeleteFunc(slices.Clone(paths), func(p path) bool {
		return !has(own, p.service) || named != "" && p.service != named
	})
	switch {
	case len(paths) == 0:
		return r, fmt.Sprintf("%s leads to no service of namespace %s that has a selector, whose pods a balancer could be played to; want the URL of one, or its name in target.service", shown, w.namespace)
	case len(leading) == 0:
		return r, fmt.Sprintf("%s leads to %s, which does not select the pods of %s; want a service that does", shown, services(paths), w)
	case len(leading) > 1 && leading[0].service != leading[1].service:
		return r, fmt.Sprintf("%s leads to %s; want one of them in target.service", shown, services(leading))
	case len(leading) > 1:
		return r, fmt.Sprintf("service %s has several ports; want a URL that names one of them", leading[0].service)
	}
	service := own[slices.IndexFunc(own, func(s corev1.Service) bool { return s.Name == leading[0].service })]
	r = Route{Host: u.Host, Service: service.Name, IPv6: firstIsIPv6(service, u.Hostname())}
	if by := leading[0].by; by != nil {
		r.PortName = by.Name
		return r, ""
	}
	// pathsOf has read the number.
	port, err := strconv.ParseInt(leading[0].ports[0], 10, 32)
	if err != nil {
		return r, fmt.Sprintf("%s has no port", shown)
	}
	r.Port = int32(port)
	return r, ""
}

// throughMainPorts are the paths to a service by those of its ports that requests may be
// meant for, where the URL (that of an ingress) does not tell it.
func throughMainPorts(named string, all []corev1.Service) []path {
	at := slices.IndexFunc(all, func(s corev1.Service) bool { return s.Name == named })
	if at < 0 {
		return nil
	}
	main := mainPorts(all[at])
	return pathsBy(all[at], func(p corev1.ServicePort) bool {
		return slices.ContainsFunc(main, func(m corev1.ServicePort) bool { return m.Port == p.Port && m.Name == p.Name })
	})
}

// firstIsIPv6 tells the family of addresses that a service's clients use: that of the URL,
// where this is an address of the service's own, or its first.
func firstIsIPv6(s corev1.Service, host string) bool {
	if address, err := netip.ParseAddr(host); err == nil && hasOwnAddress(s, host) {
		return address.Is6()
	}
	if len(s.Spec.IPFamilies) > 0 {
		return s.Spec.IPFamilies[0] == corev1.IPv6Protocol
	}
	return strings.Contains(s.Spec.ClusterIP, ":")
}
