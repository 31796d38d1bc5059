package chaos

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func TestEntries(t *testing.T) {
	c := newCluster(t)
	for _, s := range behind() {
		c.must(c.Client.Tracker().Add(&s))
	}
	backend := func(service string) networkingv1.IngressBackend {
		return networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: service}}
	}
	rule := func(host string, paths ...networkingv1.HTTPIngressPath) networkingv1.IngressRule {
		return networkingv1.IngressRule{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: paths}}}
	}
	c.must(c.Client.Tracker().Add(&networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: namespace},
		Spec: networkingv1.IngressSpec{
			DefaultBackend: new(backend("web")),
			TLS:            []networkingv1.IngressTLS{{Hosts: []string{"shop.example"}}},
			Rules: []networkingv1.IngressRule{
				rule("shop.example", networkingv1.HTTPIngressPath{Path: "/api", Backend: backend("api")}, networkingv1.HTTPIngressPath{Path: "/web", Backend: backend("web")}),
				rule("", networkingv1.HTTPIngressPath{Backend: backend("web")}),
				{Host: "nothing.example"},
			},
		},
	}))
	want := []string{
		"a load balancer (http://203.0.113.9:80/, service web)", "a load balancer (http://203.0.113.9:9090/, service web)",
		"a load balancer (http://web.lb.example:80/, service web)", "a load balancer (http://web.lb.example:9090/, service web)",
		"port 30080 of each node (http://NODE:30080/, service web)",
		"ingress shop (what no rule of it takes)", "ingress shop (https://shop.example/web)", "ingress shop (http://ANY-HOST/)",
	}
	got, err := Entries(t.Context(), c.Client, namespace, web)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got  %q, %v\nwant %q", got, err, want)
	}
	c.Client.PrependReactor("list", "ingresses", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(networkingv1.Resource("ingresses"), "", nil)
	})
	if got, err := Entries(t.Context(), c.Client, namespace, web); err != nil || !slices.Equal(got, want[:5]) {
		t.Errorf("without a right to ingresses: %q, %v", got, err)
	}
	if _, err := Entries(t.Context(), c.Client, namespace, check.Workload{Kind: check.Deployment, Name: "wen"}); !apierrors.IsNotFound(err) {
		t.Errorf("of a workload that is not there: %v", err)
	}
}

func TestRouteEntries(t *testing.T) {
	answer := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes" {
			t.Errorf("it asks for %s", r.URL.Path)
		}
		w.WriteHeader(answer)
		_, _ = io.WriteString(w, `{"items": [
			{"metadata": {"name": "front"}, "spec": {"hostnames": ["a.example", "b.example"], "rules": [{"backendRefs": [{"name": "api"}]}, {"backendRefs": [{"name": "web", "port": 80}]}]}},
			{"metadata": {"name": "any"}, "spec": {"rules": [{"backendRefs": [{"kind": "Service", "name": "web", "namespace": "shop"}]}]}},
			{"metadata": {"name": "elsewhere"}, "spec": {"rules": [{"backendRefs": [{"name": "web", "namespace": "prod"}]}]}},
			{"metadata": {"name": "bucket"}, "spec": {"rules": [{"backendRefs": [{"group": "store", "kind": "Bucket", "name": "web"}]}]}}
		]}`)
	}))
	defer server.Close()
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"HTTPRoute front (a.example, b.example)", "HTTPRoute any (the names of its gateway)"}
	if got := routeEntries(t.Context(), client, namespace, behind()[2:3]); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	answer = http.StatusNotFound
	if got := routeEntries(t.Context(), client, namespace, behind()); got != nil {
		t.Errorf("without the resource: %q", got)
	}
}
