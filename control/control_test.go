package control

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func service(client *fake.Clientset, spec check.Control) *Service {
	return of(client, check.Check{Control: &spec})
}

func of(client *fake.Clientset, c check.Check) *Service {
	return New(client, "demo", "20260301-120000-ABC234", c)
}

// Senders inside the cluster find it by its service, and nothing is asked from here.
func TestInside(t *testing.T) {
	client := fake.NewClientset()
	s := of(client, check.Check{
		Inside: &check.Inside{Senders: 2, Image: "tool:v1"}, Control: &check.Control{Image: "tool:v1"},
		Streams: []check.Stream{{Name: "a", Rate: 9, Connections: check.New, URL: "/slow"}},
	})
	for _, name := range []string{"a", "b", "c"} {
		if err := client.Tracker().Add(pod(s, name, true, "")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := s.Check()
	if err := c.Validate(); err != nil || !c.WantsURL() || c.Streams[0].URL != "" || *c.Inside != (check.Inside{Senders: 2, Image: "tool:v1"}) {
		t.Errorf("%v: %+v", err, c)
	}
	s = of(client, check.Check{Inside: &check.Inside{}, Control: &check.Control{URL: "http://a/"}})
	if c := s.Check(); c.Target.URL != "http://a/" {
		t.Errorf("it is asked at %s", c.Target.URL)
	}
}

// pod is one of the control's, as the kubelet shows it.
func pod(s *Service, name string, ready bool, reason string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "demo", Labels: s.selector()}}
	if ready {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	}
	if reason != "" {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{
			Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "not\nfound"},
		}}}
	}
	return p
}

func TestNew(t *testing.T) {
	s := service(fake.NewClientset(), check.Control{Image: "tool:v1"})
	if s.Name() != "shutdowncheck-control-abc234" || s.url != "http://shutdowncheck-control-abc234.demo.svc/" {
		t.Errorf("got %s at %s", s.Name(), s.url)
	}
	if s := service(fake.NewClientset(), check.Control{URL: "http://a/"}); s.url != "http://a/" {
		t.Errorf("got %s", s.url)
	}
}

func TestStartAndRemove(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		// The proxies know the pods a little later than their readiness.
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer server.Close()
	client := fake.NewClientset()
	s := service(client, check.Control{Image: "tool:v1", URL: server.URL})
	for _, name := range []string{"a", "b", "c"} {
		if err := client.Tracker().Add(pod(s, name, true, "")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := asked.Load(); n != 2+inARow {
		t.Errorf("asked %d times, want %d", n, 2+inARow)
	}
	deployment, err := client.AppsV1().Deployments("demo").Get(t.Context(), s.Name(), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := client.CoreV1().Services("demo").List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=shutdowncheck"})
	if err != nil || len(found.Items) != 1 {
		t.Fatalf("%d services, %v; want 1", len(found.Items), err)
	}
	template := labels.Set(deployment.Spec.Template.Labels)
	for what, selector := range map[string]map[string]string{
		"deployment": deployment.Spec.Selector.MatchLabels, "service": found.Items[0].Spec.Selector,
	} {
		if !labels.SelectorFromSet(selector).Matches(template) {
			t.Errorf("the %s does not select the pods", what)
		}
	}
	if container := deployment.Spec.Template.Spec.Containers[0]; container.Image != "tool:v1" || !reflect.DeepEqual(container.Args, []string{"careless"}) {
		t.Errorf("got container %+v", container)
	}
	for range 2 { // a second time there is nothing left
		if err := s.Remove(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := client.AppsV1().Deployments("demo").List(t.Context(), metav1.ListOptions{}); err != nil || len(left.Items) > 0 {
		t.Errorf("%d deployments are left, %v", len(left.Items), err)
	}
}

func TestStartGivesUp(t *testing.T) {
	tests := map[string]struct {
		reason string
		want   string
		after  time.Duration
	}{
		"image cannot be pulled": {"ImagePullBackOff", "wait for the control's pods: a: ImagePullBackOff not found", 0},
		"a pull that may pass":   {"ErrImagePull", "the control's pods were not Ready within 2m0s (a: ErrImagePull not found)", startTimeout},
		"being made":             {"ContainerCreating", "the control's pods were not Ready within 2m0s (none was seen)", startTimeout},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := fake.NewClientset()
				s := service(client, check.Control{Image: "a"})
				if err := client.Tracker().Add(pod(s, "a", false, test.reason)); err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				if err := s.Start(t.Context()); err == nil || err.Error() != test.want {
					t.Errorf("got  %v\nwant %s", err, test.want)
				}
				if took := time.Since(start); took != test.after {
					t.Errorf("took %s, want %s", took, test.after)
				}
			})
		})
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := service(fake.NewClientset(), check.Control{Image: "a"}).Start(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestRemoveSaysWhatIsLeft(t *testing.T) {
	client := fake.NewClientset()
	client.PrependReactor("delete", "*", func(k8stesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("the cluster is away")
	})
	err := service(client, check.Control{}).Remove(t.Context())
	if err == nil || strings.Contains(err.Error(), "\n") ||
		!strings.Contains(err.Error(), "kubectl delete deployment,service shutdowncheck-control-abc234 -n demo") {
		t.Errorf("got %v", err)
	}
}

func TestCheck(t *testing.T) {
	whole := check.Check{
		Workload: check.Workload{Kind: check.StatefulSet, Name: "db"},
		Target:   check.Target{URL: "http://db/", PodHeader: "X-Other"},
		Streams: []check.Stream{
			{Name: "fast", Kind: check.Short, Rate: 200, Connections: check.Reused, Pool: 7, URL: "http://db/x", Method: "HEAD", ExpectStatus: []int{204}, Protocol: check.H2C, Headers: []check.Header{{Name: "A", Value: "b"}}},
			{Name: "slow", Rate: 0.2, Connections: check.New},
		},
		Disruptions: []check.Disruption{{Evict: &check.Evict{}}},
		Soak:        &check.Soak{},
		Budget:      check.Budget{Failed: 1000},
		Control:     &check.Control{Image: "a"},
	}.WithDefaults()
	got := of(fake.NewClientset(), whole).Check()
	if err := got.Validate(); err != nil {
		t.Fatal(err)
	}
	if got.Workload.String() != "deployment/shutdowncheck-control-abc234" || got.Control != nil || got.Soak != nil || got.Budget != (check.Budget{}) {
		t.Errorf("got %+v", got)
	}
	if len(got.Disruptions) != 1 || got.Disruptions[0].Kind() != "restart" || got.Target.PodHeader != check.DefaultPodHeader {
		t.Errorf("got %+v", got)
	}
	want := check.Stream{
		Name: "fast", Kind: check.Short, Rate: 200, Connections: check.Reused, Pool: 7, Protocol: check.HTTP1, Method: "GET", Timeout: whole.Streams[0].Timeout,
		URL: "http://shutdowncheck-control-abc234.demo.svc/",
	}
	if !reflect.DeepEqual(got.Streams[0], want) {
		t.Errorf("got  %+v\nwant %+v", got.Streams[0], want)
	}
	if got.Timing.Baseline != check.Duration(10*time.Second) {
		t.Errorf("a baseline of %s for a request every 5s", got.Timing.Baseline)
	}
	if whole.Streams[0].Method != "HEAD" {
		t.Error("changed the check that it stands for")
	}
}
