package experiment

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// serve has a service lead to a pod at an address.
func (s *scene) serve(t *testing.T, address string) {
	t.Helper()
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	number := int32(port)
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: fakecluster.Namespace},
		Spec:       corev1.ServiceSpec{ClusterIP: "10.96.0.10", Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
	}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: "web-a", Namespace: fakecluster.Namespace, Labels: map[string]string{discoveryv1.LabelServiceName: "web"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: new("http"), Port: &number}},
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{host}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)}}},
	}
	if err := errors.Join(s.Client.Tracker().Add(service), s.Client.Tracker().Add(slice)); err != nil {
		t.Fatal(err)
	}
}

// playing is the config of a run that has a balancer played to the pods of service web.
func (s *scene) playing(disruptions ...check.Disruption) Config {
	cfg := s.config(disruptions...)
	cfg.Check.Target.URL, cfg.Check.Target.Via = "http://web.shop.svc/", &check.Via{Lag: new(check.Duration(time.Second))}
	cfg.Check.Streams[0].URL = ""
	cfg.Check = cfg.Check.WithDefaults()
	return cfg
}

// The requests go to the pods that the slices list, and to no other; the URL's host, which no
// lookup finds, is that of the request.
func TestRunByWayOfABalancer(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	host := make(chan string, 1)
	pod := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case host <- r.Host:
		default:
		}
	}))
	t.Cleanup(pod.Close)
	s.serve(t, pod.Listener.Addr().String())
	if err := Run(t.Context(), s.playing(scaleToOne)); err != nil {
		t.Fatal(err)
	}
	r := s.recorded(t)
	if got := <-host; got != "web.shop.svc" {
		t.Errorf("the pod was asked as %s", got)
	}
	n := 0
	for sample, err := range r.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		if n++; sample.Outcome != recording.OK || sample.RemoteAddr != pod.Listener.Addr().String() {
			t.Errorf("%+v", sample)
		}
	}
	if n == 0 || !r.Header.Workload.ServesURL {
		t.Errorf("%d requests, %+v", n, r.Header.Workload)
	}
}

// Where the pods cannot be reached from here nothing is done, and one line says what to do.
func TestPodsThatCannotBeReached(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	before := s.Deployment()
	s.serve(t, "192.0.2.1:8080") // TEST-NET-1 (RFC 5737)
	err := Run(t.Context(), s.playing(scaleToOne))
	field, ok := errors.AsType[*check.FieldError](err)
	if _, is := errors.AsType[*CheckError](err); !is || !ok || field.Field != "target.via" ||
		!strings.HasPrefix(field.Problem, "the pods' own addresses are not reachable from here (") || !strings.Contains(field.Problem, "want inside (--inside)") {
		t.Errorf("%v", err)
	}
	s.isAsBefore(t, before)
	// Senders in the cluster are not asked from here.
	cfg := s.playing(scaleToOne)
	cfg.Check.Inside = &check.Inside{Senders: 1, Image: "tool:v1"}
	steps, err := Plan(t.Context(), cfg)
	if err != nil || !strings.Contains(strings.Join(steps, "\n"), "play a balancer (lag 1s) that sends to the pods themselves, as the EndpointSlices of service web list them") {
		t.Errorf("%q, %v", steps, err)
	}
}

// A URL that leads to no service is told, by the field that is at fault.
func TestABalancerInFrontOfNoService(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	_, err := Plan(t.Context(), s.playing(scaleToOne))
	if field, ok := errors.AsType[*check.FieldError](err); !ok || field.Field != "target.via" || !strings.HasPrefix(field.Problem, "http://web.shop.svc leads to no service of namespace shop") {
		t.Errorf("%v", err)
	}
}
