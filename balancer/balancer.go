// Package balancer knows what stands between users and pods, and how late each kind of
// it learns that a pod has begun to end. It knows neither manifests nor runs.
package balancer

import "time"

// Evidence is what a number rests on.
type Evidence string

// Measured is what this project has seen itself, Reported what others have written.
const (
	Measured Evidence = "measured"
	Reported Evidence = "reported"
)

// Profile is one kind of path to pods.
type Profile struct {
	// Name is how a check or a flag names it.
	Name string
	// Title is how a sentence names it, with its article.
	Title string
	// Lag is for how long new requests may still come after the pod has left its
	// EndpointSlice: what a preStop hook has to outlast.
	Lag time.Duration
	// Evidence and Source tell where Lag is from.
	Evidence Evidence
	Source   string
}

// The kinds of paths. Those whose balancer is a pod of the cluster itself watch the
// EndpointSlices as kube-proxy does; those of clouds are told by a controller, or find out
// by their health checks.
var (
	KubeProxy = Profile{"kube-proxy", "kube-proxy", 1500 * time.Millisecond, Measured, "kubernetes pkg/proxy: minSyncPeriod of 1 s, and the sync; kind, 1.35"}
	Nginx     = Profile{"nginx", "ingress-nginx", time.Second, Reported, "kubernetes/ingress-nginx#3335, #7097"}
	Proxies   = Profile{"proxy", "a proxy that watches EndpointSlices (Traefik, HAProxy, Envoy, Istio)", 2 * time.Second, Reported, "their documentation"}
	ALB       = Profile{"alb", "an AWS Application Load Balancer that sends to pods by their IP addresses", 25 * time.Second, Reported, "kubernetes-sigs/aws-load-balancer-controller#1064: 25 s advised; #2366: requests for up to 19 s"}
	NLB       = Profile{"nlb", "an AWS Network Load Balancer that sends to pods by their IP addresses", 120 * time.Second, Reported, "kubernetes-sigs/aws-load-balancer-controller#1064, #2366: up to 120 s advised"}
	NEG       = Profile{"gke-neg", "a Google Cloud load balancer that sends to pods by network endpoint groups", 30 * time.Second, Reported, "kubernetes/ingress-gce#769, #1718, cloud.google.com/knowledge/kb 000006416: tens of seconds"}
	AGIC      = Profile{"agic", "an Azure Application Gateway", 40 * time.Second, Reported, "Azure/application-gateway-kubernetes-ingress#75: 40 s advised"}
	// Local is for health checks of nodes; their intervals are the balancer's setting.
	Local = Profile{"local", "a load balancer that finds out by health checks which nodes have a pod", 30 * time.Second, Reported, "kubernetes/kubernetes#106476; clouds check each 5 to 10 s and want 2 to 3 failures"}
)

// Profiles are all of them, the quickest first.
var Profiles = []Profile{Nginx, KubeProxy, Proxies, ALB, NEG, Local, AGIC, NLB}

// ByName finds the profile that a check or a flag names.
func ByName(name string) (p Profile, known bool) {
	for _, p := range Profiles {
		if p.Name == name {
			return p, true
		}
	}
	return Profile{}, false
}
