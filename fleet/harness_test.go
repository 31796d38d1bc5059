package fleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

const (
	runID     = "20260301-120000-ABC234"
	namespace = "demo"
	name      = "shutdowncheck-senders-abc234"
	// secret stands wherever something must not be told.
	secret = "s3cr3t"
)

// cluster has the pods of a Job as soon as that is made, and gone when it is. A sender
// runs here for each.
type cluster struct {
	*fake.Clientset
	t *testing.T
	// ahead is by how much a sender's clock is ahead, by index.
	ahead []time.Duration
	// change is made to each pod before it is there.
	change func(index int, pod *corev1.Pod)

	mu      sync.Mutex
	senders map[string]*running // by pod
	cut     bool                // the API server is away
}

// running is a sender's process.
type running struct {
	address string
	// end is SIGTERM.
	end   context.CancelFunc
	ended chan struct{}
	conns []net.Conn
}

func newCluster(t *testing.T, objects ...runtime.Object) *cluster {
	t.Helper()
	c := &cluster{Clientset: fake.NewClientset(objects...), t: t, senders: map[string]*running{}}
	c.PrependReactor("create", "jobs", func(action clienttesting.Action) (bool, runtime.Object, error) {
		job, ok := action.(clienttesting.CreateAction).GetObject().(*batchv1.Job)
		if !ok {
			return true, nil, errors.New("that is no Job")
		}
		for i := range int(*job.Spec.Completions) {
			c.add(i, job)
		}
		return false, nil, nil
	})
	c.PrependReactor("delete", "jobs", func(clienttesting.Action) (bool, runtime.Object, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		for pod := range c.senders {
			c.remove(pod)
		}
		return false, nil, nil
	})
	return c
}

func podName(index int) string { return fmt.Sprintf("%s-%d-x", name, index) }

// pod is that of an index as the kubelet shows it when it runs.
func pod(index int, labels map[string]string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: podName(index), Namespace: namespace, Labels: maps.Clone(labels), UID: types.UID("uid-" + strconv.Itoa(index)),
			Annotations: map[string]string{batchv1.JobCompletionIndexAnnotation: strconv.Itoa(index)},
		},
		Spec: corev1.PodSpec{NodeName: "node-" + strconv.Itoa(index)},
		Status: corev1.PodStatus{
			Phase:             corev1.PodRunning,
			ContainerStatuses: []corev1.ContainerStatus{{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}},
		},
	}
}

func (c *cluster) add(index int, job *batchv1.Job) {
	p := pod(index, job.Spec.Template.Labels)
	if c.change != nil {
		c.change(index, p)
	}
	if err := c.Tracker().Add(p); err != nil {
		c.t.Error(err)
	}
	now := time.Now
	if index < len(c.ahead) {
		now = func() time.Time { return time.Now().Add(c.ahead[index]) }
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Error(err)
		return
	}
	ctx, kill := context.WithCancel(context.Background())
	// One whose conductor has gone stays for some seconds, for which no test waits.
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = sender.New(sender.Config{Now: now}).Serve(ctx, l)
	}()
	c.t.Cleanup(kill)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.senders[p.Name] = &running{address: l.Addr().String(), end: kill, ended: ended}
}

// remove takes a pod away, under the lock.
func (c *cluster) remove(pod string) {
	c.senders[pod].close()
	delete(c.senders, pod)
	if err := c.Tracker().Delete(corev1.SchemeGroupVersion.WithResource("pods"), namespace, pod); err != nil {
		c.t.Error(err)
	}
}

func (r *running) close() {
	for _, conn := range r.conns {
		_ = conn.Close()
	}
	r.conns = nil
}

// dial leads to the sender of a pod, as the port-forward does.
func (c *cluster) dial(ctx context.Context, _, pod string) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.senders[pod]
	if r == nil || c.cut {
		return nil, errors.New("dial tcp: connection refused")
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", r.address)
	if err == nil {
		r.conns = append(r.conns, conn)
	}
	return conn, err
}

// away has the API server be away, or be back.
func (c *cluster) away(away bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = away
	for _, r := range c.senders {
		r.close()
	}
}

// target is a service that answers with its pod's name.
func target(t *testing.T, takes time.Duration) *httptest.Server {
	t.Helper()
	over := make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Pod-Name", "web-1")
		select {
		case <-time.After(takes):
		case <-over:
		}
	}))
	t.Cleanup(func() {
		close(over)
		web.Close()
	})
	return web
}

// collected is what a fleet gives to its run.
type collected struct {
	mu      sync.Mutex
	writer  *recording.Writer
	dir     string
	actions []recording.Action
	lost    map[int]string
	failed  []error
}

func (c *collected) of(kind recording.ActionKind) (all []recording.Action) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.actions {
		if a.Kind == kind {
			all = append(all, a)
		}
	}
	return all
}

// samples closes the recording and gives what was sent, by stream, in order of Seq.
func (c *collected) samples(t *testing.T, end End) map[string][]recording.Sample {
	t.Helper()
	if err := c.writer.Close(recording.Ending{Streams: end.Streams}); err != nil {
		t.Fatal(err)
	}
	read, err := recording.Open(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]recording.Sample{}
	for s, err := range read.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		all[s.Stream] = append(all[s.Stream], *s)
	}
	for _, of := range all {
		slices.SortFunc(of, func(a, b recording.Sample) int { return int(a.Seq) - int(b.Seq) })
	}
	return all
}

// rates are those of the streams, all senders together.
var rates = map[string]float64{"fresh": 50, "kept": 75}

// config is that of a run of two streams on c.
func config(t testing.TB, c *cluster, url string, senders int) (Config, *collected) {
	t.Helper()
	spec := check.Check{
		Workload: check.Workload{Kind: check.Deployment, Name: "web"},
		Target:   check.Target{URL: url, PodHeader: "X-Pod-Name", Headers: []check.Header{{Name: "Authorization", Value: secret}}},
		Streams: []check.Stream{
			{Name: "fresh", Rate: rates["fresh"], Connections: check.New},
			{Name: "kept", Rate: rates["kept"], Connections: check.Reused, Pool: 4, Method: http.MethodPost, Body: &check.Body{Text: check.NewValue(secret)}},
		},
	}.WithDefaults()
	got := &collected{dir: t.TempDir() + "/run", lost: map[int]string{}}
	writer, err := recording.Create(got.dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	got.writer = writer
	if err := writer.Header(recording.Header{Check: spec}); err != nil {
		t.Fatal(err)
	}
	return Config{
		Act: c, Observe: c, Dial: c.dial, Namespace: namespace, ID: runID, Image: "tool:v1", Senders: senders,
		Assignment: sender.Assignment{Streams: spec.Streams, Target: spec.Target},
		Now:        time.Now,
		Segment:    writer.Segment,
		Action: func(a recording.Action) {
			got.mu.Lock()
			defer got.mu.Unlock()
			got.actions = append(got.actions, a)
		},
		Lost: func(index int, why string) {
			got.mu.Lock()
			defer got.mu.Unlock()
			got.lost[index] = why
		},
		Failed: func(err error) {
			got.mu.Lock()
			defer got.mu.Unlock()
			got.failed = append(got.failed, err)
		},
	}, got
}

// launched is a fleet that sends.
func launched(t *testing.T, cfg Config) *Fleet {
	t.Helper()
	f, err := Launch(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Remove(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f
}

// until waits for what has to come about.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come about", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
