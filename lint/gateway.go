package lint

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Gateway is what the rules read of the Gateway API's (gateway.networking.k8s.io).
type Gateway struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		GatewayClassName string `json:"gatewayClassName"`
	} `json:"spec"`
}

// GatewayClass is what the rules read of a gateway's class.
type GatewayClass struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ControllerName string `json:"controllerName"`
	} `json:"spec"`
}

// Route is what the rules read of a route, of HTTP, gRPC, TLS or TCP.
type Route struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ParentRefs []Reference `json:"parentRefs"`
		Rules      []struct {
			BackendRefs []Reference `json:"backendRefs"`
		} `json:"rules"`
	} `json:"spec"`
}

// Reference names an object, a Gateway as a parent and a Service as a backend where no
// kind is given, in the route's namespace where none is.
type Reference struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

func (r Reference) is(kind, otherwise, namespace, name, from string) bool {
	if r.Kind == "" {
		r.Kind = otherwise
	}
	if r.Namespace == "" {
		r.Namespace = from
	}
	return r.Kind == kind && r.Name == name && together(r.Namespace, namespace)
}

// leadsTo tells whether one of the route's backends is the service.
func (r *Route) leadsTo(namespace, service string) bool {
	for _, rule := range r.Spec.Rules {
		for _, b := range rule.BackendRefs {
			if b.is("Service", "Service", namespace, service, r.Namespace) {
				return true
			}
		}
	}
	return false
}

// hangsOn tells whether the route is one of the gateway's.
func (r *Route) hangsOn(g *Gateway) bool {
	for _, p := range r.Spec.ParentRefs {
		if p.is("Gateway", "Gateway", g.Namespace, g.Name, r.Namespace) {
			return true
		}
	}
	return false
}

// Parents are the gateways that routes name, each once and with its namespace.
func (o *Objects) Parents() []Reference {
	var all []Reference
	for _, r := range o.Routes {
		for _, p := range r.Value.Spec.ParentRefs {
			p.Namespace = cmp.Or(p.Namespace, r.Value.Namespace)
			if p.Kind = cmp.Or(p.Kind, "Gateway"); p.Kind == "Gateway" && !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	return all
}
