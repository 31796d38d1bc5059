package chaos

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// A service that keeps requests near where they come from is told, with the field that says
// so, unless each node has a sender.
func TestFactsTellOfServicesThatKeepRequestsNear(t *testing.T) {
	const (
		node   = "internalTrafficPolicy: Local"
		zone   = "trafficDistribution: PreferSameZone"
		leads  = "service web leads a request to pods on the node that it comes from, and to no others: those of other nodes get none (" + node + "). Have a sender on each node (--inside --senders all)"
		prefer = "service web prefers pods near the node that a request comes to: those further away may get none ("
		have   = "). Have a sender on each node (--inside --senders all)"
	)
	inside, all := &check.Inside{Senders: 2}, &check.Inside{Senders: check.EachNode}
	local := func(s *corev1.Service) { s.Spec.InternalTrafficPolicy = new(corev1.ServiceInternalTrafficPolicyLocal) }
	distributed := func(as string) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Spec.TrafficDistribution = new(as) }
	}
	annotated := func(key, value string) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Annotations = map[string]string{key: value} }
	}
	for name, tt := range map[string]struct {
		change   func(*corev1.Service)
		url      string
		also     string // the URL of another stream
		inside   *check.Inside
		field    string
		warning  string
		ownNodes bool
	}{
		"each pod alike":                      {func(*corev1.Service) {}, "http://web/", "", inside, "", "", false},
		"the node's pods":                     {local, "http://web/", "", inside, node, leads, true},
		"the node's pods, by the address":     {local, "http://10.96.0.10/", "", inside, node, leads, true},
		"the node's pods, each node sends":    {local, "http://web/", "", all, node, "", true},
		"the node's pods, from here":          {local, "http://10.96.0.10/", "", nil, node, leads, false},
		"the node's pods, by the node port":   {local, "http://127.0.0.1:30080/", "", inside, "", "", false},
		"the node's pods, by another address": {local, "http://192.0.2.7/", "", inside, "", "", false},
		"the node's pods, by both":            {local, "http://web/", "http://127.0.0.1:30080/", inside, node, leads, false},
		"the node's pods, of another service": {local, "http://web/", "http://api/", inside, node, leads, false},
		"the zone's":                          {distributed("PreferSameZone"), "http://web/", "", inside, zone, prefer + zone + have, false},
		"the zone's, each node sends":         {distributed("PreferSameZone"), "http://web/", "", all, zone, "", false},
		"the zone's, by the node port":        {distributed("PreferSameZone"), "http://127.0.0.1:30080/", "", nil, zone, prefer + zone + have, false},
		"the zone's, by its old name":         {distributed("PreferClose"), "http://web/", "", inside, "trafficDistribution: PreferClose", prefer + "trafficDistribution: PreferClose" + have, false},
		"the node's first":                    {distributed("PreferSameNode"), "http://web/", "", inside, "trafficDistribution: PreferSameNode", prefer + "trafficDistribution: PreferSameNode" + have, false},
		"as the cluster has it":               {distributed("example.com/other"), "http://web/", "", inside, "", "", false},
		"by an annotation": {
			annotated(corev1.AnnotationTopologyMode, "Auto"), "http://web/", "", inside,
			"annotation service.kubernetes.io/topology-mode: Auto", prefer + "annotation service.kubernetes.io/topology-mode: Auto" + have, false,
		},
		"by an annotation that is off": {annotated(corev1.AnnotationTopologyMode, "Disabled"), "http://web/", "", inside, "", "", false},
		"an external policy outranks it": {func(s *corev1.Service) {
			distributed("PreferSameZone")(s)
			s.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
		}, "http://127.0.0.1:30080/", "", nil, "", "", false},
		"a headless one": {func(s *corev1.Service) {
			distributed("PreferSameZone")(s)
			local(s)
			s.Spec.ClusterIP, s.Spec.ClusterIPs = corev1.ClusterIPNone, []string{corev1.ClusterIPNone}
		}, "http://web/", "", inside, "", "", false},
		"an ingress": {local, "https://shop.example/", "", inside, "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			for _, s := range behind() {
				switch s.Name {
				case "web":
					tt.change(&s)
				case "api":
					local(&s)
				}
				c.must(c.Client.Tracker().Add(&s))
			}
			target := check.Check{Target: check.Target{URL: tt.url}, Streams: []check.Stream{{}}, Inside: tt.inside}
			if tt.also != "" {
				target.Streams = append(target.Streams, check.Stream{URL: tt.also})
			}
			got, err := c.open().Facts(t.Context(), target)
			c.must(err)
			field := ""
			if tt.field != "" {
				field = tt.field + " of service web"
			}
			if strings.Join(got.Nearby, ", ") != field || got.OwnNodes != tt.ownNodes {
				t.Errorf("nearby %q, own nodes %t; want %q, %t", got.Nearby, got.OwnNodes, field, tt.ownNodes)
			}
			said := ""
			for _, warning := range got.Warnings {
				if strings.Contains(warning, "Have a sender on each node") {
					said += warning
				}
			}
			if said != tt.warning {
				t.Errorf("warnings %q, want %q", said, tt.warning)
			}
		})
	}
}
