package chaos

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Entries tells in words by which ways requests from outside the cluster come to the
// workload: node ports and load balancers of its services, ingresses and HTTPRoutes, as
// far as they may be listed. The error is a workload that cannot be read.
func Entries(ctx context.Context, client kubernetes.Interface, namespace string, ref check.Workload) ([]string, error) {
	w, s, err := find(ctx, client, namespace, ref, ByHand{})
	if err != nil {
		return nil, err
	}
	_, own, err := w.services(ctx, s)
	if err != nil {
		return nil, err
	}
	var entries []string
	for _, service := range own {
		entries = append(entries, balancers(service)...)
		entries = append(entries, nodePorts(service)...)
	}
	// Whoever may not list them is told of the rest.
	if list, err := client.NetworkingV1().Ingresses(namespace).List(ctx, metav1.ListOptions{}); err == nil {
		for _, ingress := range list.Items {
			entries = append(entries, ingressEntries(ingress, own)...)
		}
	}
	return append(entries, routeEntries(ctx, client, namespace, own)...), nil
}

func nodePorts(s corev1.Service) []string {
	var entries []string
	for _, p := range mainPorts(s) {
		if p.NodePort > 0 {
			entries = append(entries, fmt.Sprintf("port %d of each node (%s://NODE:%d/, service %s)", p.NodePort, schemeOf(p), p.NodePort, s.Name))
		}
	}
	return entries
}

func balancers(s corev1.Service) []string {
	var entries []string
	for _, at := range s.Status.LoadBalancer.Ingress {
		for _, p := range mainPorts(s) {
			host := net.JoinHostPort(cmp.Or(at.Hostname, at.IP), strconv.Itoa(int(p.Port)))
			entries = append(entries, fmt.Sprintf("a load balancer (%s://%s/, service %s)", schemeOf(p), host, s.Name))
		}
	}
	return entries
}

// ingressEntries are the rules of an ingress that lead to one of the services.
func ingressEntries(ingress networkingv1.Ingress, own []corev1.Service) []string {
	leads := func(backend *networkingv1.IngressBackend) bool {
		return backend != nil && backend.Service != nil && has(own, backend.Service.Name)
	}
	var entries []string
	if leads(ingress.Spec.DefaultBackend) {
		entries = append(entries, fmt.Sprintf("ingress %s (what no rule of it takes)", ingress.Name))
	}
	for _, rule := range ingress.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		scheme := "http"
		if slices.ContainsFunc(ingress.Spec.TLS, func(t networkingv1.IngressTLS) bool { return slices.Contains(t.Hosts, rule.Host) }) {
			scheme = "https"
		}
		for _, path := range rule.HTTP.Paths {
			if leads(&path.Backend) {
				entries = append(entries, fmt.Sprintf("ingress %s (%s://%s%s)", ingress.Name, scheme, cmp.Or(rule.Host, "ANY-HOST"), cmp.Or(path.Path, "/")))
			}
		}
	}
	return entries
}

func schemeOf(p corev1.ServicePort) string {
	if overTLS(p) {
		return "https"
	}
	return "http"
}
