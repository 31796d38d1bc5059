package fleet

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// unreachable is a member that was heard just now and whose dials all fail.
func unreachable(client *fake.Clientset, lost func(string)) *member {
	f := &Fleet{cfg: Config{
		Observe: client, Namespace: namespace, Now: time.Now,
		Action: func(recording.Action) {}, Lost: func(_ int, why string) { lost(why) },
	}, place: placement{senders: 1}}
	dial := func(context.Context) (net.Conn, error) { return nil, errors.New("connection refused") }
	return &member{
		fleet: f, Sender: recording.Sender{Pod: podName(0), UID: "uid-0"}, heard: time.Now(),
		client: sender.NewClient(dial, "token"), wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// What became of a sender is told in the words of its pod, as soon as that says so, and
// of one whose pod says nothing when it has ended by itself.
func TestLostSenders(t *testing.T) {
	terminated := func(p *corev1.Pod, code int32, reason string) {
		p.Status.Phase = corev1.PodFailed
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason}}}}
	}
	for name, test := range map[string]struct {
		change func(*corev1.Pod)
		want   string
		silent bool
	}{
		"another pod of its name": {func(p *corev1.Pod) { p.UID = "other" }, "its pod is gone", false},
		"out of memory":           {func(p *corev1.Pod) { terminated(p, 137, "OOMKilled") }, "its container ended with exit code 137 (OOMKilled)", false},
		"evicted by the kubelet": {func(p *corev1.Pod) {
			terminated(p, 137, "Error")
			p.Status.Reason, p.Status.Message = "Evicted", "The node was low on resource: memory."
		}, "its pod was ended: Evicted: The node was low on resource: memory.; its container ended with exit code 137 (Error)", false},
		"drained": {func(p *corev1.Pod) {
			p.DeletionTimestamp = &metav1.Time{Time: time.Now()}
			p.Finalizers = []string{"batch.kubernetes.io/job-tracking"}
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "EvictionByEvictionAPI", Message: "Eviction API: evicting"}}
			terminated(p, 143, "Error")
		}, "its pod was ended by EvictionByEvictionAPI: Eviction API: evicting; its container ended with exit code 143 (Error)", false},
		"silent": {func(*corev1.Pod) {}, "it did not answer for 16s: POST /v1/poll to the sender: connection refused", true},
		"silent in a pod that ends": {func(p *corev1.Pod) {
			p.DeletionTimestamp = &metav1.Time{Time: time.Now()}
			p.Finalizers = []string{"batch.kubernetes.io/job-tracking"}
		}, "it did not answer for 16s; its pod was deleted: POST /v1/poll to the sender: connection refused", true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := pod(0, podLabels(runID))
				test.change(p)
				why := ""
				m := unreachable(fake.NewClientset(p), func(text string) { why = text })
				began := time.Now()
				if err := m.follow(t.Context()); err != nil {
					t.Fatal(err)
				}
				if why != test.want {
					t.Errorf("got  %s\nwant %s", why, test.want)
				}
				if after := time.Since(began); (after > sender.Silence) != test.silent || after > sender.Silence+2*time.Second {
					t.Errorf("it was lost after %s", after)
				}
			})
		})
	}
}

// A sender whose pod is ended tells so itself, and all that it did is here.
func TestEndedSender(t *testing.T) {
	c := newCluster(t)
	cfg, got := config(t, c, target(t, 0).URL, 2)
	f := launched(t, cfg)
	until(t, "traffic", func() bool { return f.Counts(t.Context())[0].Sent > 20 })
	evicted := pod(0, podLabels(runID))
	evicted.Status.Conditions = []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "EvictionByEvictionAPI", Message: "Eviction API: evicting"}}
	if err := c.Tracker().Update(corev1.SchemeGroupVersion.WithResource("pods"), evicted, namespace); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	c.senders[podName(0)].end()
	c.mu.Unlock()
	until(t, "the loss", func() bool { return len(got.of(recording.SenderLost)) > 0 })
	end, err := f.Stop(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	one := end.Senders[0]
	if one.Lost != "its pod was ended (SIGTERM): ended by EvictionByEvictionAPI: Eviction API: evicting" || one.Client == nil || one.Streams[0].Scheduled <= one.Streams[0].Sent {
		t.Errorf("got %+v", one)
	}
	samples := 0
	for _, s := range got.samples(t, end)["fresh"] {
		if s.Sender == 0 {
			samples++
		}
	}
	if uint64(samples) != one.Streams[0].Sent {
		t.Errorf("%d samples of it are recorded, %d were sent", samples, one.Streams[0].Sent)
	}
}
