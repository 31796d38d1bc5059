package chaos

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// A balancer is played to the pods of the service that the URL leads to, by the service's
// port; of two families of addresses the service's first is dialled, unless the URL is one.
func TestRoutes(t *testing.T) {
	for name, tt := range map[string]struct {
		url, service string
		want         Route
		problem      string
	}{
		"by name":             {"http://web/", "", Route{Host: "web", Service: "web", PortName: "main"}, ""},
		"another port":        {"http://web:9090/x", "", Route{Host: "web:9090", Service: "web", PortName: "metrics"}, ""},
		"its address":         {"http://10.96.0.10/", "", Route{Host: "10.96.0.10", Service: "web", PortName: "main"}, ""},
		"its other address":   {"http://[fd00::a]/", "", Route{Host: "[fd00::a]", Service: "web", PortName: "main", IPv6: true}, ""},
		"a node port":         {"http://127.0.0.1:30080/", "", Route{Host: "127.0.0.1:30080", Service: "web", PortName: "main"}, ""},
		"headless":            {"http://web-all:8081/", "", Route{Host: "web-all:8081", Service: "web-all", Port: 8081, IPv6: true}, ""},
		"an ingress, told":    {"https://shop.example/", "web", Route{Host: "shop.example", Service: "web", PortName: "main"}, ""},
		"an ingress":          {"https://shop.example/", "", Route{}, "https://shop.example leads to no service of namespace shop that has a selector, whose pods a balancer could be played to; want the URL of one, or its name in target.service"},
		"no selector":         {"http://by-hand/", "", Route{}, "http://by-hand leads to no service"},
		"others'":             {"http://api/", "", Route{}, "http://api leads to service api, which does not select the pods of deployment/web; want a service that does"},
		"others', told":       {"https://shop.example/", "api", Route{}, "leads to service api, which does not select"},
		"another namespace's": {"http://web.prod.svc/", "", Route{}, "leads to service web.prod, which does not select"},
	} {
		t.Run(name, func(t *testing.T) {
			all := behind()
			web := &all[2]
			web.Spec.Ports[0].Name, web.Spec.Ports[1].Name, web.Spec.Ports[2].Name = "main", "metrics", "dns"
			web.Spec.Ports = web.Spec.Ports[:2]
			web.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol}
			all[3].Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol}
			if tt.service == "web" {
				web.Spec.Ports = web.Spec.Ports[:1]
			}
			c := check.Check{Target: check.Target{URL: tt.url, Service: tt.service}, Streams: []check.Stream{{URL: tt.url}, {URL: tt.url + "slow"}}}
			got, err := newCluster(t).open().routes(c, all, all[2:])
			if tt.problem != "" {
				if err == nil || !strings.HasPrefix(err.Error(), "target.via: ") || !strings.Contains(err.Error(), tt.problem) {
					t.Errorf("%v, want %s", err, tt.problem)
				}
				return
			}
			if err != nil || len(got) != 1 || got[0] != tt.want {
				t.Errorf("%+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}
