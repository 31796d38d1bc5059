package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kuberuntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A panic in any goroutine that lives while the workload is changed ends the run,
// says where it was, and the workload wants again what it wanted before.
func TestPanicAnywherePutsBack(t *testing.T) {
	for name, tt := range map[string]struct {
		// where is the function in whose call the clock panics once the workload
		// is scaled down.
		where string
		doing string
	}{
		"a request":            {"attack.(*http1Carrier).roundTrip", "sending the requests of stream default"},
		"the sink":             {"recording.(*segmentWriter).write", "sending the requests of stream default"},
		"the pacer":            {"attack.(*pacer).Pace", "sending the requests of stream default"},
		"the pulse":            {"startPulse", "feeling the pulse"},
		"the watch":            {"timeline.(*follower).watchOnce", "following deployments"},
		"telling the progress": {"experiment.(*run).tell", "telling the progress"},
		"the disruption":       {"chaos.(*Driver).Do", "the run"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			now := func() time.Time {
				if c.scaledDown.Load() && within(tt.where) {
					panic("out of order")
				}
				return time.Now()
			}
			began := time.Now()
			err := c.run(t, now)
			panicked, ok := errors.AsType[*guard.PanicError](err)
			if !ok || panicked.Doing != tt.doing || panicked.Value != "out of order" || !strings.Contains(panicked.Stack, "panic_test.go") {
				t.Fatalf("the run ended with %v", err)
			}
			if n := strings.Count(err.Error(), "panicked: "); n != 1 {
				t.Errorf("it was told %d times: %v", n, err)
			}
			if took := time.Since(began); took > longestDisruption/2 {
				t.Errorf("the run ended only after %s", took)
			}
			c.wantPutBack(t)
		})
	}
}

// longestDisruption is how long a scaling may take. Nobody carries it out here.
const longestDisruption = 20 * time.Second

// cluster is a fake API with a Deployment of three pods and nobody who acts on it.
type cluster struct {
	client     *fake.Clientset
	scaledDown atomic.Bool
	service    *httptest.Server
}

var web = check.Workload{Kind: check.Deployment, Name: "web"}

func newCluster(t *testing.T) *cluster {
	c := &cluster{service: httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))}
	t.Cleanup(c.service.Close)
	labels := map[string]string{"app": "web"}
	objects := []kuberuntime.Object{&appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", UID: "uid-web", Annotations: map[string]string{"owner": "shop"}},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(3)), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web"}}}},
		},
	}}
	for _, name := range []string{"web-h7-1", "web-h7-2", "web-h7-3"} {
		objects = append(objects, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: "shop", UID: types.UID("uid-" + name), Labels: map[string]string{"app": "web", "pod-template-hash": "h7"},
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web-h7", Controller: new(true)}},
		}})
	}
	c.client = fake.NewClientset(objects...)
	c.client.PrependReactor("patch", "deployments", func(action clienttesting.Action) (bool, kuberuntime.Object, error) {
		var patch struct{ Spec struct{ Replicas *int32 } }
		if err := json.Unmarshal(action.(clienttesting.PatchAction).GetPatch(), &patch); err != nil {
			return true, nil, err
		}
		if n := patch.Spec.Replicas; n != nil {
			c.scaledDown.Store(*n < 3)
		}
		return false, nil, nil
	})
	return c
}

// run scales the workload down under load, on the given clock.
func (c *cluster) run(t *testing.T, now func() time.Time) error {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	writer, err := recording.Create(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	workload, err := chaos.Open(t.Context(), c.client, "shop", web, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r := &run{
		workload: workload, facts: recording.Workload{UID: "uid-web", Selector: "app=web"}, writer: writer, began: now(),
		cfg: Config{
			Observe: c.client, Act: c.client, Namespace: "shop", ID: "run-1", Dir: dir, Now: now, Progress: func(Progress) {},
			Check: check.Check{
				Workload:    web,
				Target:      check.Target{URL: c.service.URL},
				Streams:     []check.Stream{{Name: "default", Rate: 100, Connections: check.Reused, Pool: 2}},
				Disruptions: []check.Disruption{{Scale: &check.Scale{To: 1}}},
				Timing: check.Timing{
					Baseline: check.Duration(200 * time.Millisecond), Settle: check.Duration(100 * time.Millisecond), Timeout: check.Duration(longestDisruption),
				},
			}.WithDefaults(),
		},
	}
	r.driver = r.newDriver()
	err = r.all(t.Context())
	err = errors.Join(err, r.release(t.Context()))
	return errors.Join(err, writer.Close(r.ending(t.Context(), err)))
}

func (c *cluster) wantPutBack(t *testing.T) {
	t.Helper()
	d, err := c.client.AppsV1().Deployments("shop").Get(context.Background(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if *d.Spec.Replicas != 3 || len(d.Annotations) != 1 {
		t.Errorf("the workload wants %d replicas, with the annotations %v", *d.Spec.Replicas, d.Annotations)
	}
}

// within tells whether a function of this name is being called.
func within(function string) bool {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for {
		frame, more := frames.Next()
		if strings.Contains(frame.Function, function) {
			return true
		}
		if !more {
			return false
		}
	}
}
