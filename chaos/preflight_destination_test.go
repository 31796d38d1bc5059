package chaos

import (
	"errors"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// behind are services of the workload's namespace: two that select its pods, one that
// selects others', one without a selector.
func behind() []corev1.Service {
	service := func(name, app string, spec corev1.ServiceSpec) corev1.Service {
		if app != "" {
			spec.Selector = map[string]string{"app": app}
		}
		return corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}, Spec: spec}
	}
	web := service("web", "web", corev1.ServiceSpec{
		ClusterIP: "10.96.0.10", ClusterIPs: []string{"10.96.0.10", "fd00::a"}, ExternalIPs: []string{"192.0.2.7"},
		Ports: []corev1.ServicePort{
			{Port: 80, TargetPort: intstr.FromString("http"), NodePort: 30080},
			{Port: 9090, TargetPort: intstr.FromInt32(9090)},
			{Port: 80, Protocol: corev1.ProtocolUDP, TargetPort: intstr.FromInt32(53)},
		},
	})
	web.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "203.0.113.9"}, {Hostname: "web.lb.example"}}
	return []corev1.Service{
		service("api", "api", corev1.ServiceSpec{ClusterIP: "10.96.0.11", Ports: []corev1.ServicePort{{Port: 80, NodePort: 30081}}}),
		service("by-hand", "", corev1.ServiceSpec{ClusterIP: "10.96.0.12", Ports: []corev1.ServicePort{{Port: 80}}}),
		web,
		service("web-all", "web", corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, PublishNotReadyAddresses: true, Ports: []corev1.ServicePort{{Port: 8080}}}),
	}
}

func TestWhereAURLLeads(t *testing.T) {
	const unknown, bySenders = "", "by senders"
	for name, tt := range map[string]struct{ url, self, want string }{
		"short name":                       {"http://web/", "", "web http"},
		"short name from the namespace":    {"http://web/", namespace + "/runner", "web http"},
		"short name from another":          {"http://web/", "tools/runner", unknown},
		"short name by senders":            {"http://web/", bySenders, "web http"},
		"with the namespace":               {"http://web.shop:9090/", "tools/runner", "web 9090"},
		"with svc":                         {"http://web.shop.svc/", "", "web http"},
		"in full":                          {"http://WEB.shop.svc.cluster.local./x", "", "web http"},
		"of another cluster domain":        {"http://web.shop.svc.corp.example/", "", "web http"},
		"headless":                         {"http://web-all:8081/", "", "web-all 8081"},
		"one pod of a headless one":        {"http://web-0.web-all.shop.svc:8080/", "", "web-all 8080"},
		"others'":                          {"http://api/", "", "api 80"},
		"another namespace's":              {"http://web.prod.svc/", "", "web.prod "},
		"its address":                      {"http://10.96.0.10/", "", "web http"},
		"its other address":                {"http://[fd00::a]:9090/", "", "web 9090"},
		"an external address":              {"http://192.0.2.7/", "", "web http"},
		"a load balancer's address":        {"http://203.0.113.9/", "", "web http"},
		"a load balancer's name":           {"http://web.lb.example/", "", "web http"},
		"a node port":                      {"http://127.0.0.1:30080/", "", "web http"},
		"others' node port":                {"http://node-1.example:30081/", "", "api 80"},
		"an ingress":                       {"https://shop.example/", "", unknown},
		"a port that it does not have":     {"https://web/", "", unknown},
		"no selector":                      {"http://by-hand/", "", unknown},
		"a name that is no service":        {"http://localhost:8080/", "", unknown},
		"a host that ends like namespaces": {"http://web.example:80/", "", unknown},
		"a name with svc of somebody else": {"http://web.prod.svc.example/", "", unknown},
	} {
		t.Run(name, func(t *testing.T) {
			w := newCluster(t).open()
			w.Self = tt.self
			c := check.Check{Target: check.Target{URL: tt.url}}
			if tt.self == bySenders {
				w.Self, c.Inside = "tools/runner", &check.Inside{}
			}
			paths := w.paths(c, behind())
			got := unknown
			for _, p := range paths {
				got += p.service + " " + strings.Join(p.ports, ",")
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTheNodeThatAsksItsOwnPodsAlone(t *testing.T) {
	for name, tt := range map[string]struct {
		policy  corev1.ServiceExternalTrafficPolicy
		streams []string
		by      string // pods that send, or the pod that the program runs in
		want    string
	}{
		"by one node's port":     {corev1.ServiceExternalTrafficPolicyLocal, []string{"http://10.1.0.1:30080/", "http://10.1.0.1:30080/slow"}, "", "10.1.0.1"},
		"by two nodes' ports":    {corev1.ServiceExternalTrafficPolicyLocal, []string{"http://10.1.0.1:30080/", "http://10.1.0.2:30080/"}, "", ""},
		"by its name, too":       {corev1.ServiceExternalTrafficPolicyLocal, []string{"http://10.1.0.1:30080/", "http://web/"}, "", ""},
		"by its name":            {corev1.ServiceExternalTrafficPolicyLocal, []string{"http://web/"}, "", ""},
		"where all pods serve":   {corev1.ServiceExternalTrafficPolicyCluster, []string{"http://10.1.0.1:30080/"}, "", ""},
		"by pods of the cluster": {corev1.ServiceExternalTrafficPolicyLocal, []string{"http://10.1.0.1:30080/"}, "senders", ""},
		"by this program's pod":  {corev1.ServiceExternalTrafficPolicyLocal, []string{"http://10.1.0.1:30080/"}, "tools/runner", ""},
	} {
		t.Run(name, func(t *testing.T) {
			all := behind()
			for i := range all {
				all[i].Spec.ExternalTrafficPolicy = tt.policy
			}
			var c check.Check
			for _, url := range tt.streams {
				c.Streams = append(c.Streams, check.Stream{URL: url})
			}
			w := newCluster(t).open()
			if tt.by == "senders" {
				c.Inside = &check.Inside{}
			} else {
				w.Self = tt.by
			}
			if got := w.localNode(c, all); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFactsTellWhoseEndpointsCount(t *testing.T) {
	const (
		headless = "service web-all is headless: clients find the pods by DNS, which may be out of date for as long as it is cached"
		noPort   = "no container of its pods declares port http, to which the service leads: the first one, app, is taken for the one that serves"
		chain    = "requests go to service api, which does not select the pods of deployment/web: "
		depends  = "what their ends do to requests is seen as far as it depends on them"
		front    = "if it passes them on, name in target.service the service that it passes them to; if it only depends on those pods, name it there itself"
		early    = "service web-all publishes addresses that are not ready, and the URL does not tell whether it leads there: name the service that it leads to in target.service"
		through  = "service web-all publishes addresses that are not ready: what comes to the pods through it does not stop as they end"
		until    = "service web-all publishes addresses that are not ready (publishNotReadyAddresses): requests come to its pods before they are Ready, and until they are gone, however long a preStop hook sleeps"
		several  = "several services select its pods (web, web-two), and the URL does not tell to which of them it leads: all of them count; name the one in target.service"
		aside    = "requests go to service web: the EndpointSlices of service web-all are not looked at"
	)
	declare := func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[1].Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}
	}
	for name, tt := range map[string]struct {
		url, service string
		streams      []check.Stream
		change       func(*appsv1.Deployment)
		published    bool   // the first one publishes addresses that are not ready, too
		also         string // another service, whose pods are Ready in it as in the first
		other, ports string
		leader       bool   // one of the pods bears a label that api selects
		foreign      string // the services that requests go to past the pods
		warnings     []string
		err          string
	}{
		"the URL tells it":            {url: "http://web/", change: declare, other: "web-all", ports: "http", warnings: []string{aside}},
		"no container declares it":    {url: "http://web/", other: "web-all", ports: "http", warnings: []string{aside, noPort}},
		"the check agrees":            {url: "http://web/", service: "web", change: declare, other: "web-all", ports: "http", warnings: []string{aside}},
		"nobody tells it":             {url: "https://shop.example/", ports: "8080,9090,http", warnings: []string{headless, early}},
		"two that fit":                {url: "https://shop.example/", also: "web-two", ports: "80,9090,http", warnings: []string{several}},
		"two that fit, one is told":   {url: "https://shop.example/", service: "web-two", also: "web-two", other: "web", ports: "80"},
		"the check tells it":          {url: "https://shop.example/", service: "web-all", other: "web", ports: "8080", warnings: []string{headless, until, "requests go to service web-all: the EndpointSlices of service web are not looked at"}},
		"two streams, two services":   {url: "http://web/", streams: []check.Stream{{}, {URL: "http://web-all:8080/"}}, change: declare, ports: "8080,http", warnings: []string{headless, until}},
		"a stream that does not tell": {url: "http://web/", streams: []check.Stream{{}, {Targets: &check.Targets{File: "x"}}}, ports: "8080,9090,http", warnings: []string{headless, early}},
		"all publish them":            {url: "https://shop.example/", published: true, ports: "8080,9090,http", warnings: []string{headless, until}},
		"another's":                   {url: "http://api/", foreign: "api", ports: "8080,9090,http", warnings: []string{headless, chain + front, through}},
		"that of the leader":          {url: "http://api/", leader: true, ports: "8080,9090,http", warnings: []string{headless}},
		"another namespace's":         {url: "http://api.edge.svc/", foreign: "api.edge", ports: "8080,9090,http", warnings: []string{headless}},
		"one by hand":                 {url: "http://by-hand/", ports: "8080,9090,http", warnings: []string{headless, early}},
		"its own and another's":       {url: "http://web/", streams: []check.Stream{{}, {URL: "http://api/"}}, change: declare, other: "web-all", ports: "http"},
		"another's, on purpose":       {url: "http://api/", service: "api", ports: "8080,9090,http", warnings: []string{headless, chain + depends, through}},
		"a proxy that passes on":      {url: "http://api/", service: "web", foreign: "api", change: declare, other: "web-all", ports: "9090,http", warnings: []string{aside}},
		"a proxy elsewhere":           {url: "http://proxy.edge.svc/", service: "web-all", foreign: "proxy.edge", other: "web", ports: "8080", warnings: []string{headless, until}},
		"another's in another place":  {url: "https://shop.example/", service: "api.edge", ports: "8080,9090,http", warnings: []string{headless}},
		"its own in full":             {url: "http://web/", service: "web.shop", err: "target.service: want web alone, as it is in the workload's namespace"},
		"its other one":               {url: "http://web/", service: "web-all", err: "target.service: the URL leads to service web, not to web-all"},
		"one that is not there":       {url: "http://web/", service: "wbe", err: "target.service: there is no service wbe in namespace shop"},
		"one that it does not lead to": {
			url: "http://web/", service: "api", err: "target.service: the URL leads to service web, not to api",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, func(d *appsv1.Deployment) {
				if tt.change != nil {
					tt.change(d)
				}
			})
			for _, s := range behind() {
				s.Spec.PublishNotReadyAddresses = s.Spec.PublishNotReadyAddresses || tt.published && s.Name == "web"
				if tt.also != "" && s.Name == "web-all" {
					s.Name, s.Spec = tt.also, corev1.ServiceSpec{Selector: s.Spec.Selector, ClusterIP: "10.96.0.13", Ports: []corev1.ServicePort{{Port: 80}}}
				}
				if tt.leader && s.Name == "api" {
					s.Spec.Selector = map[string]string{"app": "web", "role": "leader"}
				}
				c.must(c.Client.Tracker().Add(&s))
			}
			if tt.leader {
				pod := c.Pods()[1].DeepCopy()
				pod.Labels["role"] = "leader"
				c.must(c.Client.Tracker().Update(corev1.SchemeGroupVersion.WithResource("pods"), pod, pod.Namespace))
			}
			got, err := c.open().Facts(t.Context(), check.Check{Target: check.Target{URL: tt.url, Service: tt.service}, Streams: tt.streams})
			if tt.err != "" {
				if _, ok := errors.AsType[*check.FieldError](err); !ok || err.Error() != tt.err {
					t.Errorf("got %v, want %s", err, tt.err)
				}
				return
			}
			c.must(err)
			if strings.Join(got.OtherServices, ",") != tt.other || strings.Join(got.TargetPorts, ",") != tt.ports {
				t.Errorf("others %v, ports %v; want %s, %s", got.OtherServices, got.TargetPorts, tt.other, tt.ports)
			}
			if foreign := strings.Join(got.ForeignServices, ","); foreign != tt.foreign {
				t.Errorf("foreign services %s, want %s", foreign, tt.foreign)
			}
			for _, warning := range tt.warnings {
				if !slices.ContainsFunc(got.Warnings, func(w string) bool { return w == warning }) {
					t.Errorf("%q does not say %q", got.Warnings, warning)
				}
			}
			if slices.Contains(got.Warnings, headless) != slices.Contains(tt.warnings, headless) || slices.Contains(got.Warnings, early) != slices.Contains(tt.warnings, early) ||
				slices.Contains(got.Warnings, several) != slices.Contains(tt.warnings, several) || slices.Contains(got.Warnings, until) != slices.Contains(tt.warnings, until) {
				t.Errorf("%q says more than %q", got.Warnings, tt.warnings)
			}
		})
	}
}

// A port that goes by a name reaches only pods that give one that name. Only the
// containers of a pod with several need declare a number, to tell which of them serves.
func TestServingWarningsOfOneContainer(t *testing.T) {
	spec := corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}}}}
	want(t, "warnings", servingWarnings(spec, []string{"8080", "9090", "http", "www"}),
		"no container of its pods declares port www, to which the service leads: it reaches none of them there")
	sidecar := corev1.Container{Name: "proxy", RestartPolicy: new(corev1.ContainerRestartPolicyAlways), Ports: []corev1.ContainerPort{{Name: "www", ContainerPort: 80}}}
	spec.InitContainers = []corev1.Container{sidecar}
	want(t, "beside a sidecar", servingWarnings(spec, []string{"www"}))
}
