package experiment

import (
	"context"
	"errors"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kuberuntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/fleet"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/internal/label"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// insideScene has a sender run here for each pod of a Job that is made.
type insideScene struct {
	*scene
	t *testing.T

	mu   sync.Mutex
	jobs []*batchv1.Job
	note string            // that the workload bore when the last Job was made
	kill map[string]func() // by pod
	at   map[string]string
}

func newInsideScene(t *testing.T) *insideScene {
	t.Helper()
	s := &insideScene{scene: newScene(t, nil), t: t, kill: map[string]func(){}, at: map[string]string{}}
	s.Client.PrependReactor("create", "jobs", func(action clienttesting.Action) (bool, kuberuntime.Object, error) {
		job := action.(clienttesting.CreateAction).GetObject().(*batchv1.Job)
		s.jobs = append(s.jobs, job)
		s.note = s.Deployment().Annotations["shutdowncheck.io/undo"]
		for i := range int(*job.Spec.Completions) {
			s.send(i, job)
		}
		return false, nil, nil
	})
	s.Client.PrependReactor("delete", "jobs", func(clienttesting.Action) (bool, kuberuntime.Object, error) {
		for _, pod := range s.senders() {
			s.end(pod)
		}
		return false, nil, nil
	})
	return s
}

func (s *insideScene) send(index int, job *batchv1.Job) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: job.Name + "-" + strconv.Itoa(index), Namespace: fakecluster.Namespace, Labels: job.Spec.Template.Labels,
			UID:         types.UID("uid-sender-" + strconv.Itoa(index)),
			Annotations: map[string]string{batchv1.JobCompletionIndexAnnotation: strconv.Itoa(index)},
		},
		Spec: corev1.PodSpec{NodeName: "node-" + strconv.Itoa(index)},
		Status: corev1.PodStatus{
			Phase:             corev1.PodRunning,
			ContainerStatuses: []corev1.ContainerStatus{{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}},
		},
	}
	if err := s.Client.Tracker().Add(pod); err != nil {
		s.t.Error(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Error(err)
		return
	}
	ctx, kill := context.WithCancel(context.Background())
	go func() { _ = sender.New(sender.Config{Now: NewClock()}).Serve(ctx, listener) }()
	s.t.Cleanup(kill)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kill[pod.Name], s.at[pod.Name] = kill, listener.Addr().String()
}

// senders are the pods that there are.
func (s *insideScene) senders() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var pods []string
	for pod := range s.at {
		pods = append(pods, pod)
	}
	slices.Sort(pods)
	return pods
}

// end takes a sender's pod away.
func (s *insideScene) end(pod string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kill[pod]()
	delete(s.at, pod)
	if err := s.Client.Tracker().Delete(fakecluster.Pods, fakecluster.Namespace, pod); err != nil {
		s.t.Error(err)
	}
}

func (s *insideScene) dial(ctx context.Context, _, pod string) (net.Conn, error) {
	s.mu.Lock()
	address, ok := s.at[pod]
	s.mu.Unlock()
	if !ok {
		return nil, errors.New("there is no such pod")
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

func (s *insideScene) config(senders check.Senders, disruptions ...check.Disruption) Config {
	cfg := s.scene.config(disruptions...)
	cfg.Dial = s.dial
	cfg.Check.Inside = &check.Inside{Senders: senders, Image: "tool:v1"}
	return cfg
}

// nothingLeft looks whether the run has left something in the cluster.
func (s *insideScene) nothingLeft(t *testing.T) {
	t.Helper()
	if pods := s.senders(); len(pods) > 0 {
		t.Errorf("%v are left", pods)
	}
	jobs, err := s.Client.BatchV1().Jobs(fakecluster.Namespace).List(context.Background(), metav1.ListOptions{})
	if err != nil || len(jobs.Items) > 0 {
		t.Errorf("%d jobs are left (%v)", len(jobs.Items), err)
	}
}

var deleteOne = check.Disruption{Delete: &check.Delete{Pods: 1}}

func TestSendersSendAllOfIt(t *testing.T) {
	t.Parallel()
	s := newInsideScene(t)
	before := s.Deployment()
	if err := Run(t.Context(), s.config(2, deleteOne)); err != nil {
		t.Fatal(err)
	}
	s.isAsBefore(t, before)
	s.nothingLeft(t)
	r := s.recorded(t)
	wantPhases(t, r, "baseline", "disrupt delete", "steady", "settle delete")
	if len(r.Header.Senders) != 2 || r.Header.Senders[1].Node != "node-1" || len(r.Ending.Senders) != 2 || r.Ending.Client == nil {
		t.Errorf("the recording tells of %+v and %+v", r.Header.Senders, r.Ending)
	}
	seen := map[uint64]bool{}
	for one, err := range r.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		if seen[one.Seq] || one.Sender != int(one.Seq%2) {
			t.Errorf("request %d is told by sender %d, before that: %t", one.Seq, one.Sender, seen[one.Seq])
		}
		seen[one.Seq] = true
	}
	// The baseline of a second alone wants as many.
	if end := r.Ending.Streams[0]; end.Scheduled < sceneRate || uint64(len(seen)) != end.Sent {
		t.Errorf("%d samples are recorded of %d, of %d scheduled", len(seen), end.Sent, end.Scheduled)
	}
	for _, one := range r.Ending.Senders {
		sentInTurn(t, one, len(r.Ending.Senders), seen)
	}
	for _, a := range r.Actions {
		if a.Kind == recording.PhaseBegan && a.Phase == recording.Disrupt && a.Spread["default"] == nil {
			t.Errorf("the spread is not recorded: %+v", a)
		}
	}
	// As long as something of the run is there, its claim is, and tells of it.
	job := s.jobs[0]
	if !strings.Contains(s.note, `"senders":"`+job.Name+`"`) || job.Annotations[label.Workload] != "deployment/web" {
		t.Errorf("the note %s tells of job %s with the annotations %v", s.note, job.Name, job.Annotations)
	}
	var writes []string
	for _, write := range s.Writes() {
		if strings.Contains(write, "deployments") || strings.Contains(write, "jobs") {
			writes = append(writes, write)
		}
	}
	if want := []string{"patch deployments/", "create jobs/", "delete jobs/", "patch deployments/"}; !slices.Equal(writes, want) {
		t.Errorf("it wrote %q, want %q", writes, want)
	}
}

// sentInTurn tells whether a sender sent the first requests of its share, and tells of all
// others that were due until it was stopped: one that is late by then misses those.
func sentInTurn(t *testing.T, one recording.SenderEnd, senders int, seen map[uint64]bool) {
	t.Helper()
	end := one.Streams[0]
	for n := range end.Sent {
		if seq := n*uint64(senders) + uint64(one.Index); !seen[seq] {
			t.Errorf("request %d is missing, one of the first %d of sender %d", seq, end.Sent, one.Index)
		}
	}
	passed := end.Stopped.Sub(end.Began).Seconds()
	due := uint64(math.Ceil((passed*sceneRate - float64(one.Index)) / float64(senders)))
	if end.Scheduled != end.Sent && end.Scheduled != due {
		t.Errorf("sender %d sent %d of %d scheduled, %d were due", one.Index, end.Sent, end.Scheduled, due)
	}
}

// What is to be drained gets no sender, be it named or found.
func TestSendersAreKeptOffDrainedNodes(t *testing.T) {
	t.Parallel()
	s := newInsideScene(t)
	s.OnNodes("n1", "n2", "n3")
	drains := []check.Disruption{{Drain: &check.Drain{}}, {Drain: &check.Drain{Node: "n2"}}}
	if err := Run(t.Context(), s.config(1, drains...)); err != nil {
		t.Fatal(err)
	}
	s.nothingLeft(t)
	var avoided []string
	for _, one := range s.jobs[0].Spec.Template.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchFields {
		if one.Operator == corev1.NodeSelectorOpNotIn {
			avoided = append(avoided, one.Values...)
		}
	}
	if want := []string{"n1", "n2"}; !slices.Equal(avoided, want) {
		t.Errorf("it is kept off %v, want %v", avoided, want)
	}
}

// What others see still counts; without anybody left there is nothing to go on with.
func TestSendersThatAreLost(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lost int
		want string
	}{
		"one of two": {1, ""},
		"both":       {2, "no sender is left of 2 senders"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newInsideScene(t)
			before := s.Deployment()
			cfg := s.config(2, deleteOne)
			if tt.want != "" {
				cfg.Check.Timing.Settle = check.Duration(time.Minute)
			} else {
				cfg.Check.Timing.Settle = check.Duration(6 * time.Second)
			}
			var once sync.Once
			cfg.Progress = func(p Progress) {
				if p.Phase == recording.Settle {
					once.Do(func() {
						for _, pod := range s.senders()[:tt.lost] {
							s.end(pod)
						}
					})
				}
			}
			if err := Run(t.Context(), cfg); err != nil {
				t.Error(err)
			}
			s.isAsBefore(t, before)
			s.nothingLeft(t)
			ending := s.open(t).Ending
			if (ending.Error == "") != (tt.want == "") || !strings.Contains(ending.Error, tt.want) {
				t.Errorf("it ends with %q, want %q", ending.Error, tt.want)
			}
			lost := 0
			for _, end := range ending.Senders {
				if end.Lost != "" {
					lost++
				}
			}
			if lost != tt.lost {
				t.Errorf("%d are recorded as lost, want %d", lost, tt.lost)
			}
		})
	}
}

// A run whose senders cannot be made has done nothing.
func TestSendersThatCannotBeMade(t *testing.T) {
	t.Parallel()
	s := newInsideScene(t)
	before := s.Deployment()
	s.Client.PrependReactor("create", "jobs", func(clienttesting.Action) (bool, kuberuntime.Object, error) {
		return true, nil, apierrors.NewForbidden(batchv1.Resource("jobs"), "x", errors.New("exceeded quota: few"))
	})
	err := Run(t.Context(), s.config(1, deleteOne))
	if err == nil || !strings.Contains(err.Error(), "exceeded quota: few") {
		t.Errorf("it ends with %v", err)
	}
	s.isAsBefore(t, before)
	s.nothingLeft(t)
	if _, err := recording.Open(s.dir); err == nil {
		t.Error("there is a recording")
	}
}

// That senders are left is told whatever else went wrong.
func TestSendersThatAreLeft(t *testing.T) {
	t.Parallel()
	left := &fleet.LeftError{Err: errors.New("remove the senders by hand")}
	wrong := &check.FieldError{Field: "streams", Problem: "too many"}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	if err := notLaunched(interrupted, errors.Join(wrong, left)); !errors.Is(err, left) || !errors.Is(err, ErrInterrupted) {
		t.Errorf("got %v", err)
	}
	if err := notLaunched(t.Context(), errors.Join(wrong, left)); !errors.Is(err, left) {
		t.Errorf("got %v", err)
	}
	failed, fail := context.WithCancelCause(t.Context())
	fail(errors.New("the watch broke"))
	if err := notLaunched(failed, left); !errors.Is(err, left) || errors.Is(err, ErrInterrupted) {
		t.Errorf("got %v", err)
	}
}

// Whatever a run with senders is at when it is interrupted, nothing of them is left.
func TestSendersOfAnInterruptedRun(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"starting the senders", "in the phase baseline", "removing the senders"} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			s := newInsideScene(t)
			before := s.Deployment()
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			cfg := s.config(2, deleteOne)
			cfg.Doing = func(d Doing) {
				if d.What == moment {
					interrupt()
				}
			}
			err := Run(ctx, cfg)
			if ctx.Err() == nil || err != nil && !errors.Is(err, ErrInterrupted) {
				t.Errorf("it ends with %v", err)
			}
			const early = "interrupted while the senders were started"
			if started := moment != "starting the senders"; !started && (err == nil || err.Error() != early) {
				t.Errorf("it ends with %v, want %s", err, early)
			}
			s.isAsBefore(t, before)
			s.nothingLeft(t)
			r, missing := recording.Open(s.dir)
			if began := moment != "starting the senders"; began != (missing == nil) || began && !r.Ending.Interrupted {
				t.Errorf("the recording: %v, %v", r, missing)
			}
		})
	}
}

func TestSendersAreToldOfInThePlan(t *testing.T) {
	t.Parallel()
	s := newInsideScene(t)
	s.OnNodes("n1", "n2")
	if err := s.Client.Tracker().Add(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "front", Namespace: fakecluster.Namespace},
		Spec:       corev1.ServiceSpec{ClusterIP: "10.96.0.1", Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 8080}}},
	}); err != nil {
		t.Fatal(err)
	}
	for senders, want := range map[check.Senders]string{
		1:              "make a pod that sends, but not on node n1, of tool:v1, in namespace shop, removed again at the end",
		3:              "make 3 pods that send, but not on node n1, of tool:v1, in namespace shop, removed again at the end",
		check.EachNode: "make a pod that sends on each node that takes one, but not on node n1, of tool:v1, in namespace shop, removed again at the end",
	} {
		cfg := s.config(senders, check.Disruption{Drain: &check.Drain{}})
		cfg.Check.Target.URL, cfg.Check.Streams[0].URL, cfg.Domain = "", "", "corp.example"
		steps, err := Plan(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if steps[0] != want || !strings.Contains(steps[1], " to http://front.shop.svc.corp.example:8080/ ") {
			t.Errorf("got  %q\nwant %q", steps[:2], want)
		}
	}
	if writes := s.Writes(); slices.ContainsFunc(writes, func(w string) bool { return !strings.HasPrefix(w, "create selfsubjectaccessreviews") }) {
		t.Errorf("it wrote %v", writes)
	}
}

// Several nodes are told of as such, and where none is left for a sender nothing is begun.
func TestSendersBesideSeveralDrains(t *testing.T) {
	t.Parallel()
	s := newInsideScene(t)
	s.OnNodes("n1", "n2", "n3")
	for _, node := range []string{"n1", "n2", "n3"} {
		s.SetNode(node, func(n *corev1.Node) { n.Labels[corev1.LabelOSStable] = "linux" })
	}
	drain := func(node string) check.Disruption { return check.Disruption{Drain: &check.Drain{Node: node}} }
	steps, err := Plan(t.Context(), s.config(1, drain("n2"), drain("n1")))
	const want = "make a pod that sends, but not on nodes n1, n2, of tool:v1, in namespace shop, removed again at the end"
	if err != nil || steps[0] != want {
		t.Errorf("got  %q, %v\nwant %q", steps, err, want)
	}
	cfg := s.config(1, drain("n1"), drain("n2"), drain("n3"))
	_, planned := Plan(t.Context(), cfg)
	for _, err := range []error{planned, Run(t.Context(), cfg)} {
		if wrong, ok := errors.AsType[*CheckError](err); !ok || wrong.Error() != "inside: this check drains every node that would take a sender" {
			t.Errorf("it ends with %v", err)
		}
	}
	if len(s.jobs) > 0 {
		t.Error("senders were made")
	}
}

// What only the cluster's services tell of a check is wrong with the check.
func TestAURLThatIsNotFound(t *testing.T) {
	t.Parallel()
	s := newInsideScene(t)
	cfg := s.config(1, deleteOne)
	cfg.Check.Target.URL, cfg.Check.Streams[0].URL = "", ""
	err := Run(t.Context(), cfg)
	if wrong, ok := errors.AsType[*CheckError](err); !ok || wrong.Error() != "target.url: no service selects the pods of deployment/web; want the URL that the requests go to" {
		t.Errorf("it ends with %v", err)
	}
	cfg.Check.Target.URL, cfg.Check.Inside.Image = s.url, ""
	cfg.Image = func(context.Context) (string, error) {
		return "", &check.FieldError{Field: "inside.image", Problem: "missing"}
	}
	if wrong, ok := errors.AsType[*CheckError](Run(t.Context(), cfg)); !ok || wrong.Error() != "inside.image: missing" {
		t.Errorf("without an image it ends with %v", wrong)
	}
}

// A name that was found by the service, and that no sender finds, may be in another domain.
func TestANameInAnotherDomain(t *testing.T) {
	const found = "http://web.shop.svc.cluster.local/"
	wrong := &CheckError{&check.FieldError{Field: "streams[0].url", Problem: "a sender does not find web"}}
	const want = "target.url: a sender does not find web; the service was asked at " + found + ", which is no name of it where the cluster has another DNS domain: then give its URL"
	if err := inAnotherDomain(wrong, found); err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	other := &CheckError{&check.FieldError{Field: "streams[0].rate", Problem: "too high"}}
	for _, err := range []error{inAnotherDomain(wrong, ""), inAnotherDomain(other, found), inAnotherDomain(ErrInterrupted, found)} {
		if strings.Contains(err.Error(), "domain") {
			t.Errorf("got %v", err)
		}
	}
}

func TestRightsOfSenders(t *testing.T) {
	t.Parallel()
	c := check.Check{Workload: web, Inside: &check.Inside{Senders: 2}}
	nodes := chaos.Permission{Cluster: true, Verb: "list", Resource: "nodes"}
	has := func(p chaos.Permission) bool { return slices.Contains(those(Rights(c), required), p) }
	for _, p := range insideRights {
		if !has(p) {
			t.Errorf("the right to %s is not asked for", p)
		}
	}
	if has(nodes) {
		t.Error("two senders take no right to nodes")
	}
	if c.Inside.Senders = check.EachNode; !has(nodes) {
		t.Error("a sender on each node takes the right to list them")
	}
	if c.Inside = nil; has(insideRights[0]) {
		t.Error("who sends by itself takes no right to jobs")
	}
}
