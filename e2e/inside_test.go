//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// sendersLabel is on the pods that send.
const sendersLabel = "app.kubernetes.io/managed-by=shutdowncheck"

// localImage is the image of the tool that prepare has loaded to the nodes.
var localImage = []string{"--sender-image", "shutdowncheck:dev"}

// startInside begins a check whose requests are sent from inside the cluster. It gets no
// URL.
func (v *victim) startInside(t *testing.T, args ...string) *call {
	t.Helper()
	v.runs++
	folder := filepath.Join("..", "out", "e2e", strings.ReplaceAll(t.Name(), "/", "-"), strconv.Itoa(v.runs))
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	c := startTool(t, append([]string{"run", v.kind + "/" + v.name, "-n", v.namespace, "--inside", "--out", folder}, args...)...)
	c.folder = folder
	if !v.sendersFirst {
		v.sendersFirst = true
		v.runFirst(t, sendersLabel)
	}
	return c
}

// checkInside runs such a check, and once more where the machine was too busy.
func (v *victim) checkInside(t *testing.T, args ...string) *outcome {
	t.Helper()
	run := v.startInside(t, args...).wait(t)
	if run.wasLate() {
		t.Logf("the machine was too busy: once more\n%s", run.stdout)
		run = v.startInside(t, args...).wait(t)
	}
	return run
}

// senders gives the pods that send.
func (v *victim) senders(ctx context.Context) ([]corev1.Pod, error) {
	list, err := client.CoreV1().Pods(v.namespace).List(ctx, metav1.ListOptions{LabelSelector: sendersLabel})
	return list.Items, err
}

// wantNothingInside fails the test if the run has left a Job or a pod of its own.
func (v *victim) wantNothingInside(t *testing.T) {
	t.Helper()
	jobs, err := client.BatchV1().Jobs(v.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, job := range jobs.Items {
		t.Errorf("job/%s is left", job.Name)
	}
	pods, err := v.senders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, pod := range pods {
		t.Errorf("pod/%s is left", pod.Name)
	}
}

// waitSending waits until so many senders run and the run has done something.
func (v *victim) waitSending(t *testing.T, n int) []corev1.Pod {
	t.Helper()
	var running []corev1.Pod
	waitFor(t, "the senders to run", func(ctx context.Context) (string, error) {
		all, err := v.senders(ctx)
		running = slices.DeleteFunc(all, func(p corev1.Pod) bool { return p.Status.Phase != corev1.PodRunning })
		if err != nil || len(running) == n {
			return "", err
		}
		return fmt.Sprintf("%d run, want %d", len(running), n), nil
	})
	return running
}

// Nothing stands between the senders and the pods, so that a refused connection is seen
// as one. The image is made from the program itself.
func TestInsideFailsCareless(t *testing.T) {
	careless := newPlace(t).deploy(t, "careless")
	run := careless.checkInside(t, append(quick, "--restart", "--scale-to", "1")...)
	run.want(t, failed)
	careless.wantRefusals(t, run.report(t))
	careless.wantNothingInside(t)
	run.wantSameReport(t)
}

// Two senders on two nodes send what one would, by clocks that are one on this cluster;
// what the requests say stands in no object and no file.
func TestInsidePassesGraceful(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	const secret = "5ec4e7f00d"
	call := graceful.startInside(t, append(append(quick, localImage...), "--senders", "2", "--restart", "--scale-to", "1",
		"-H", "Authorization: Bearer "+secret)...)
	pods := graceful.waitSending(t, 2)
	if pods[0].Spec.NodeName == pods[1].Spec.NodeName {
		t.Errorf("both senders are on %s", pods[0].Spec.NodeName)
	}
	graceful.wantNoSecret(t, secret)
	run := call.wait(t)
	if run.wasLate() {
		run = graceful.checkInside(t, append(append(quick, localImage...), "--senders", "2", "--restart", "--scale-to", "1", "-H", "Authorization: Bearer "+secret)...)
	}
	run.wantSafe(t, 3, 2)
	run.wantNoTrace(t, secret)
	run.wantSameReport(t)
	graceful.wantNothingInside(t)
	graceful.wantPutBack(t, state{Replicas: 3})

	recorded, err := recording.Open(run.folder)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(recorded.Header.Senders); n != 2 {
		t.Fatalf("%d senders are recorded", n)
	}
	measured := map[int]int{}
	for _, a := range recorded.Actions {
		if a.Kind != recording.ClockMeasured {
			continue
		}
		measured[a.Sender]++
		if a.Clock.From > 0 || a.Clock.To < 0 {
			t.Errorf("sender %d: its clock is said to be off by %s to %s, on the same machine", a.Sender, a.Clock.From, a.Clock.To)
		}
	}
	if measured[0] < 2 || measured[1] < 2 {
		t.Errorf("the clocks were measured %v times", measured)
	}
	next := map[string]map[uint64]bool{}
	for s, err := range recorded.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		if _, probed := recording.WindowOf(s.Stream); probed {
			continue // one sender alone asks
		}
		if next[s.Stream] == nil {
			next[s.Stream] = map[uint64]bool{}
		}
		if next[s.Stream][s.Seq] || s.Sender != int(s.Seq%2) {
			t.Fatalf("%s #%d of sender %d, seen before: %t", s.Stream, s.Seq, s.Sender, next[s.Stream][s.Seq])
		}
		next[s.Stream][s.Seq] = true
	}
}

// wantNoSecret looks for it in all objects of the namespace.
func (v *victim) wantNoSecret(t *testing.T, secret string) {
	t.Helper()
	kinds, err := exec.CommandContext(t.Context(), "kubectl", "api-resources", "--verbs=list", "--namespaced", "-o", "name").Output()
	if err != nil {
		t.Fatal(err)
	}
	for kind := range strings.FieldsSeq(string(kinds)) {
		text, err := exec.CommandContext(t.Context(), "kubectl", "get", kind, "-n", v.namespace, "-o", "json").Output()
		if err == nil && strings.Contains(string(text), secret) {
			t.Errorf("%s hold the secret", kind)
		}
	}
}

// What a sender that is killed had not handed over is missing, and the run says whose it
// was.
func TestInsideLosesASender(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	call := graceful.startInside(t, append(append([]string{"--baseline", "8s", "--settle", "8s"}, localImage...), "--senders", "2", "--restart")...)
	lost := graceful.waitSending(t, 2)[0]
	graceful.waitNewPod(t)
	if err := client.CoreV1().Pods(graceful.namespace).Delete(t.Context(), lost.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))}); err != nil {
		t.Fatal(err)
	}
	run := call.wait(t)
	run.want(t, inconclusive)
	if text := strings.Join(run.report(t).Reasons, "\n"); !strings.Contains(text, lost.Name) {
		t.Errorf("%s is not named in\n%s", lost.Name, text)
	}
	graceful.wantNothingInside(t)
	graceful.wantPutBack(t, state{Replicas: 3})
}

// waitNewPod waits until a rollout has made a pod.
func (v *victim) waitNewPod(t *testing.T) {
	t.Helper()
	before, err := v.pods(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "a new pod", func(ctx context.Context) (string, error) {
		pods, err := v.pods(ctx)
		if err != nil {
			return "", err
		}
		for uid := range pods {
			if _, known := before[uid]; !known {
				return "", nil
			}
		}
		return "none has come", nil
	})
}

// A conductor that is killed leaves senders that end by themselves, and a Job that
// restore removes.
func TestInsideConductorIsKilled(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	call := graceful.startInside(t, append(append(quick, localImage...), "--scale-to", "1")...)
	graceful.waitScaledTo(t, 1)
	if err := call.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	call.wait(t).want(t, -1)
	for name, ended := range graceful.waitSendersEnded(t) {
		if took := ended.Sub(killed); took > sender.Silence+leaving+time.Second {
			t.Errorf("%s ended %s after its conductor", name, took)
		}
	}
	runTool(t, "restore", graceful.kind+"/"+graceful.name, "-n", graceful.namespace).want(t, 0)
	runTool(t, "restore", "--all", "--yes", "-n", graceful.namespace).want(t, 0)
	graceful.wantNothingInside(t)
	graceful.wantPutBack(t, state{Replicas: 3})
}

// leaving is how long a sender that ends waits for its last answer to be read (package
// sender).
const leaving = 2 * time.Second

// waitSendersEnded waits until the senders have ended, and gives when each did, in whole
// seconds. The runtime notes it; the kubelet tells it when it comes to it.
func (v *victim) waitSendersEnded(t *testing.T) map[string]time.Time {
	t.Helper()
	ends := map[string]time.Time{}
	waitFor(t, "the senders to end", func(ctx context.Context) (string, error) {
		pods, err := v.senders(ctx)
		if err != nil {
			return "", err
		}
		for _, p := range pods {
			if len(p.Status.ContainerStatuses) == 0 || p.Status.ContainerStatuses[0].State.Terminated == nil {
				return p.Name + " runs", nil
			}
			ends[p.Name] = p.Status.ContainerStatuses[0].State.Terminated.FinishedAt.Time
		}
		if len(ends) == 0 {
			return "there are none", nil
		}
		return "", nil
	})
	return ends
}

// wantAllRecorded fails the test unless the recording holds each request that was sent.
func (o *outcome) wantAllRecorded(t *testing.T) {
	t.Helper()
	recorded, err := recording.Open(o.folder)
	if err != nil {
		t.Fatal(err)
	}
	samples := uint64(0)
	for s, err := range recorded.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		if _, probed := recording.WindowOf(s.Stream); !probed {
			samples++
		}
	}
	sent := uint64(0)
	for _, s := range recorded.Ending.Streams {
		sent += s.Sent
	}
	if samples != sent || sent == 0 {
		t.Errorf("%d were sent, %d are recorded", sent, samples)
	}
}

// What keeps the senders from starting is told within a minute, in the cluster's own
// words; nothing was done and nothing is left. Sixty senders take all the room there is,
// which other tests would miss.
func TestInsideCannotStart(t *testing.T) {
	graceful := newSolePlace(t).deploy(t, "graceful")
	before := graceful.state(t)
	try := func(what string, words []string, args ...string) {
		t.Helper()
		began := time.Now()
		call := graceful.startInside(t, args...)
		lastSeen := graceful.followSenders(t)
		run := call.wait(t)
		ended, over := time.Now(), lastSeen()
		run.want(t, toolError)
		for _, word := range words {
			if at, told := run.told(word); !told {
				t.Errorf("%s: %q is not in %s", what, word, run.stderr)
			} else if took := at.Sub(began); took > time.Minute {
				t.Errorf("%s: %q was told after %s", what, word, took)
			} else if at.After(over) {
				over = at
			}
		}
		if took := ended.Sub(over); took > ending {
			t.Errorf("%s: it ended %s after it had told why and its pods had gone", what, took)
		}
		graceful.wantAsBefore(t, before)
		graceful.wantNothingInside(t)
	}
	try("no image", []string{"localhost:1/nothing:here", "--sender-image"}, "--sender-image", "localhost:1/nothing:here")
	try("no room", []string{"Insufficient"}, append(localImage, "--senders", "60")...)
	try("no rights", []string{"jobs", "pods/portforward"}, append(localImage, "--as", "system:serviceaccount:"+graceful.namespace+":default")...)

	for name, hard := range map[string]corev1.ResourceList{
		"no-jobs":  {"count/jobs.batch": resource.MustParse("0")},
		"few-pods": {corev1.ResourcePods: resource.MustParse("3")},
	} {
		graceful.limit(t, name, hard)
		try(name, []string{"exceeded quota: " + name}, localImage...)
		kubectl(t, "delete", "resourcequota/"+name, "-n", graceful.namespace)
	}
	kubectl(t, "label", "namespace/"+graceful.namespace, "pod-security.kubernetes.io/enforce=restricted")
	// The senders are admitted; nothing ends, which proves nothing.
	graceful.checkInside(t, append(append(quick, localImage...), "--observe", "3s")...).want(t, inconclusive)
}

// ending is how long a run whose senders did not start may take to end, once it has told
// why and their pods have gone, for as long as these take is the kubelet's matter: two
// requests, the last look at the pods and what takes the run's note back, by the most that
// one may take (package fleet, answerTimeout).
const ending = 2 * 5 * time.Second

// followSenders looks at the pods that send until it is asked when there was one last, and
// gives no time if there never was.
func (v *victim) followSenders(t *testing.T) (lastSeen func() time.Time) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	seen := make(chan time.Time, 1)
	go func() {
		var last time.Time
		for ctx.Err() == nil {
			pods, err := v.senders(ctx)
			if err != nil && ctx.Err() == nil {
				t.Errorf("looking at the senders: %v", err)
			}
			if len(pods) > 0 {
				last = time.Now()
			}
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
		seen <- last
	}()
	return func() time.Time {
		stop()
		return <-seen
	}
}

// limit sets a quota and waits until it counts.
func (v *victim) limit(t *testing.T, name string, hard corev1.ResourceList) {
	t.Helper()
	quotas := client.CoreV1().ResourceQuotas(v.namespace)
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.ResourceQuotaSpec{Hard: hard}}
	if _, err := quotas.Create(t.Context(), quota, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, name+" to count", func(ctx context.Context) (string, error) {
		now, err := quotas.Get(ctx, name, metav1.GetOptions{})
		if err != nil || len(now.Status.Used) > 0 {
			return "", err
		}
		return "it does not", nil
	})
}
