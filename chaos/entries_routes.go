package chaos

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// routes are what is read of a list of HTTPRoutes (gateway.networking.k8s.io/v1).
type routes struct {
	Items []struct {
		Metadata struct{ Name string }
		Spec     struct {
			Hostnames []string
			Rules     []routeRule
		}
	}
}

type routeRule struct {
	BackendRefs []struct{ Group, Kind, Name, Namespace string }
}

// routeEntries are the HTTPRoutes of the namespace that lead to one of the services; none
// where the cluster has no such resource, or they may not be listed. The Gateway API is
// no part of client-go.
func routeEntries(ctx context.Context, client kubernetes.Interface, namespace string, own []corev1.Service) []string {
	api, ok := client.Discovery().RESTClient().(*rest.RESTClient)
	if !ok || api == nil {
		return nil
	}
	data, err := api.Get().AbsPath("/apis/gateway.networking.k8s.io/v1/namespaces", namespace, "httproutes").DoRaw(ctx)
	if err != nil {
		return nil
	}
	var list routes
	if err := json.Unmarshal(data, &list); err != nil {
		return nil
	}
	var entries []string
	for _, route := range list.Items {
		if leadsTo(route.Spec.Rules, namespace, own) {
			entries = append(entries, fmt.Sprintf("HTTPRoute %s (%s)", route.Metadata.Name, cmp.Or(strings.Join(route.Spec.Hostnames, ", "), "the names of its gateway")))
		}
	}
	return entries
}

func leadsTo(rules []routeRule, namespace string, own []corev1.Service) bool {
	for _, rule := range rules {
		for _, to := range rule.BackendRefs {
			if to.Group == "" && cmp.Or(to.Kind, "Service") == "Service" && cmp.Or(to.Namespace, namespace) == namespace && has(own, to.Name) {
				return true
			}
		}
	}
	return false
}
