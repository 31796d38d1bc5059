package chaos

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestServiceURL(t *testing.T) {
	service := func(name, app string, ports ...corev1.ServicePort) corev1.Service {
		return corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
			Spec:       corev1.ServiceSpec{ClusterIP: "10.96.0.10", Selector: map[string]string{"app": app}, Ports: ports},
		}
	}
	headless := func(s corev1.Service) corev1.Service {
		s.Spec.ClusterIP = corev1.ClusterIPNone
		return s
	}
	udp := corev1.ServicePort{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP}
	for name, tt := range map[string]struct {
		services    []corev1.Service
		named, want string
	}{
		"the usual port":      {[]corev1.Service{service("web", "web", corev1.ServicePort{Port: 80}), service("api", "api")}, "", "http://web.shop.svc.cluster.local/"},
		"another port":        {[]corev1.Service{service("web", "web", udp, corev1.ServicePort{Port: 8080})}, "", "http://web.shop.svc.cluster.local:8080/"},
		"TLS by its number":   {[]corev1.Service{service("web", "web", corev1.ServicePort{Port: 443})}, "", "https://web.shop.svc.cluster.local/"},
		"TLS by its name":     {[]corev1.Service{service("web", "web", corev1.ServicePort{Port: 9000, Name: "https-web"})}, "", "https://web.shop.svc.cluster.local:9000/"},
		"no TLS by its name":  {[]corev1.Service{service("web", "web", corev1.ServicePort{Port: 8443, Name: "http"})}, "", "http://web.shop.svc.cluster.local:8443/"},
		"TLS by its protocol": {[]corev1.Service{service("web", "web", corev1.ServicePort{Port: 9000, AppProtocol: new("HTTPS")})}, "", "https://web.shop.svc.cluster.local:9000/"},
		"the port named http": {[]corev1.Service{service("web", "web", corev1.ServicePort{Port: 9090, Name: "http-metrics"}, corev1.ServicePort{Port: 8080, Name: "http"})}, "", "http://web.shop.svc.cluster.local:8080/"},
		"the one that begins so": {
			[]corev1.Service{service("web", "web", corev1.ServicePort{Port: 9090, Name: "metrics"}, corev1.ServicePort{Port: 8080, Name: "http-api"})}, "", "http://web.shop.svc.cluster.local:8080/",
		},
		"several ports": {
			[]corev1.Service{service("web", "web", corev1.ServicePort{Port: 80, Name: "a"}, corev1.ServicePort{Port: 81, Name: "b"})},
			"", "target.url: service web has several ports, and none is named http or https; want one of http://web.shop.svc.cluster.local/, http://web.shop.svc.cluster.local:81/",
		},
		"several services": {
			[]corev1.Service{service("web", "web", corev1.ServicePort{Port: 80}), service("canary", "web", corev1.ServicePort{Port: 80})},
			"", "target.service: several services lead to deployment/web; want one of canary, web",
		},
		"the one that is named": {
			[]corev1.Service{service("web", "web", corev1.ServicePort{Port: 80}), service("canary", "web", corev1.ServicePort{Port: 80})},
			"canary", "http://canary.shop.svc.cluster.local/",
		},
		"one in front of it": {
			[]corev1.Service{service("web", "web", corev1.ServicePort{Port: 80}), service("proxy", "nginx", corev1.ServicePort{Port: 80})},
			"proxy", "http://proxy.shop.svc.cluster.local/",
		},
		"one that is not there": {nil, "wen", "target.service: there is no service wen in namespace shop"},
		"one that is elsewhere": {nil, "web.prod", "target.service: it is in another namespace; want the URL that the requests go to"},
		"beside a headless one": {
			[]corev1.Service{service("web", "web", corev1.ServicePort{Port: 80}), headless(service("web-all", "web", corev1.ServicePort{Port: 80}))},
			"", "http://web.shop.svc.cluster.local/",
		},
		"a headless one": {
			[]corev1.Service{headless(service("web", "web", corev1.ServicePort{Port: 80, TargetPort: intstr.FromInt32(8080)}))},
			"", "http://web.shop.svc.cluster.local:8080/",
		},
		"a headless one by the name of its port": {
			[]corev1.Service{headless(service("web", "web", corev1.ServicePort{Port: 80, TargetPort: intstr.FromString("serve")}))},
			"", "http://web.shop.svc.cluster.local:8000/",
		},
		"a headless one with a name that no container has": {
			[]corev1.Service{headless(service("web", "web", corev1.ServicePort{Port: 80, TargetPort: intstr.FromString("www")}))},
			"", "target.url: service web is headless, and no container of deployment/web declares its port www; want the URL that the requests go to",
		},
		"no service": {[]corev1.Service{service("api", "api")}, "", "target.url: no service selects the pods of deployment/web; want the URL that the requests go to"},
		"no port":    {[]corev1.Service{service("web", "web", udp)}, "", "target.url: service web has no port over TCP; want the URL that the requests go to"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, func(d *appsv1.Deployment) {
				d.Spec.Template.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: "serve", ContainerPort: 8000}}
			})
			for _, s := range tt.services {
				c.must(c.Client.Tracker().Add(&s))
			}
			got, err := c.open().ServiceURL(t.Context(), tt.named, DefaultDomain)
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
