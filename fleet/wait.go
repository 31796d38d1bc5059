package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/internal/retry"
	"github.com/shutdowncheck/shutdowncheck/internal/shell"
)

const (
	// startTimeout bounds how long the pods may take to run, so that why they do not is
	// told within a minute.
	startTimeout = 50 * time.Second
	// look is how often the pods are looked at.
	look = 250 * time.Millisecond
)

var errStartTimeout = errors.New("the senders' pods took too long")

// StartError is why the senders did not come to run, in the cluster's own words.
type StartError struct {
	// Object is the pod or the Job that it is told of, as kind/name.
	Object string
	// Reason and Message are those of the kubelet, the scheduler or the Job.
	Reason, Message string
	// Advice is what to do; empty where nobody knows.
	Advice string
	// ofProgram is what an image without this program does.
	ofProgram bool
}

// Error gives all of it on one line.
func (e *StartError) Error() string {
	text := "the senders do not run: " + e.Object + ": " + e.Reason
	if message := strings.TrimSpace(e.Message); message != "" {
		text += ": " + message
	}
	if e.Advice != "" {
		text += "; " + e.Advice
	}
	return strings.Join(strings.Fields(text), " ")
}

// What to do.
const (
	adviceImage = "`shutdowncheck image load` brings this program's own image to the nodes of kind, " +
		"`kind load docker-image` any other; --sender-image names one that the nodes can pull"
	adviceFewer = "ask for fewer senders with --senders"
	adviceQuota = "raise the namespace's quota"
	adviceRoom  = "let the namespace's LimitRange, and what else is admitted by, leave a sender its " + requestCPU +
		" of CPU and " + requestMemory + " of memory, with a limit of " + limitMemory
	adviceDefault = "give the namespace a LimitRange with a default for it"
)

// advice leads to what is still there when the senders are removed: the events.
func (f *Fleet) advice(object string) string {
	_, name, _ := strings.Cut(object, "/")
	return "see " + shell.Line("kubectl get events -n %s --field-selector involvedObject.name=%s", f.cfg.Namespace, name)
}

// adviceTool doubts the image of a sender that does not do what this program does.
func (f *Fleet) adviceTool() string {
	return fmt.Sprintf("is %s an image of shutdowncheck? --sender-image names one", f.cfg.Image)
}

// refused tells a Job that a quota or an admission keeps from being made; else nil.
func (f *Fleet) refused(err error) *StartError {
	if err == nil {
		return nil
	}
	why := &StartError{Object: "job/" + f.job, Reason: "it was refused", Message: err.Error()}
	switch {
	case apierrors.IsForbidden(err) && strings.Contains(why.Message, " quota: "):
		why.Advice = adviceQuota
	case strings.Contains(why.Message, " denied the request"):
	default:
		return nil
	}
	return why
}

// await waits until a pod of each index runs, and gives them in order.
func (f *Fleet) await(ctx context.Context) ([]*corev1.Pod, error) {
	began := time.Now()
	// Not a deadline: the client's rate limiter refuses by itself what it would let go
	// after one.
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	defer time.AfterFunc(startTimeout, func() {
		_ = guard.Call("giving senders up", func() error { end(errStartTimeout); return nil })
	}).Stop()
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	last := &StartError{Object: "job/" + f.job, Reason: "no pod was made", Advice: f.advice("job/" + f.job)}
	for {
		pods, err := f.pods(ctx)
		switch {
		case err != nil && ctx.Err() == nil && !retry.Passing(err, time.Since(began)):
			return nil, fmt.Errorf("look at the senders' pods: %w", err)
		case err == nil:
			running, why, hopeless := f.running(ctx, pods)
			if hopeless || len(running) == f.place.senders {
				return running, asError(why)
			}
			if why != nil {
				last = why
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errStartTimeout) {
				last.Message = strings.TrimSpace(last.Message + fmt.Sprintf(" (not all ran within %s)", startTimeout))
				return nil, last
			}
			return nil, fmt.Errorf("wait for the senders' pods: %w", context.Cause(ctx))
		}
	}
}

// asError keeps an absent StartError from becoming an error.
func asError(e *StartError) error {
	if e == nil {
		return nil
	}
	return e
}

func (f *Fleet) pods(ctx context.Context) ([]corev1.Pod, error) {
	list, err := f.cfg.Observe.CoreV1().Pods(f.cfg.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: labels.FormatLabels(siblings(f.cfg.ID).MatchLabels),
	})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// running gives a pod of each index where all run. Else why is what keeps one of them,
// hopeless that it will not pass.
func (f *Fleet) running(ctx context.Context, pods []corev1.Pod) (all []*corev1.Pod, why *StartError, hopeless bool) {
	found := make([]*corev1.Pod, f.place.senders)
	for i := range pods {
		pod := &pods[i]
		kept, final := f.hindrance(pod)
		if final {
			return nil, kept, true
		}
		if kept != nil {
			why = kept
		}
		if index, ok := indexOf(pod); ok && index < len(found) && kept == nil && runs(pod) {
			found[index] = pod
		}
	}
	if !slices.Contains(found, nil) {
		return found, nil, false
	}
	if len(pods) < f.place.senders {
		if kept, final := f.notMade(ctx); kept != nil {
			return nil, kept, final
		}
	}
	return nil, why, false
}

// indexOf is the pod's index, which its Job has written on it (a label since Kubernetes
// 1.28, an annotation always).
func indexOf(pod *corev1.Pod) (int, bool) {
	index, err := strconv.Atoi(pod.Annotations[batchv1.JobCompletionIndexAnnotation])
	return index, err == nil && index >= 0
}

func runs(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodRunning && pod.DeletionTimestamp == nil &&
		slices.ContainsFunc(pod.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool { return c.State.Running != nil })
}

// hindrance tells what keeps a pod from running, nil where nothing is known to, and what
// to do about it.
func (f *Fleet) hindrance(pod *corev1.Pod) (why *StartError, hopeless bool) {
	why, hopeless = hindrance(pod)
	if why == nil || why.Advice != "" {
		return why, hopeless
	}
	if why.Advice = f.advice(why.Object); why.ofProgram {
		why.Advice = f.adviceTool()
	}
	return why, hopeless
}

// hindrance tells what keeps a pod from running, nil where nothing is known to. The
// reasons of waiting are the kubelet's (pkg/kubelet/images/types.go, and
// pkg/kubelet/kuberuntime/kuberuntime_container.go); a first ErrImagePull may pass, and
// so may a cluster without room, which may be given another node.
func hindrance(pod *corev1.Pod) (why *StartError, hopeless bool) {
	why = &StartError{Object: "pod/" + pod.Name}
	for i := range pod.Status.ContainerStatuses {
		state := pod.Status.ContainerStatuses[i].State
		if over := state.Terminated; over != nil {
			why.Reason, why.Message = fmt.Sprintf("ended with exit code %d (%s)", over.ExitCode, over.Reason), lastLine(over.Message)
			why.ofProgram = over.Reason != "OOMKilled"
			return why, true
		}
		if state.Waiting == nil {
			continue
		}
		why.Reason, why.Message = state.Waiting.Reason, state.Waiting.Message
		switch why.Reason {
		case "ErrImagePull":
			why.Advice = adviceImage
			return why, false
		case "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError":
			why.Advice = adviceImage
			return why, true
		case "CreateContainerConfigError":
			return why, true
		case "CreateContainerError", "RunContainerError":
			why.ofProgram = true
			return why, true
		case "ContainerCreating", "PodInitializing":
			return why, false
		}
	}
	if pod.Status.Phase == corev1.PodFailed {
		why.Reason, why.Message = pod.Status.Reason, pod.Status.Message
		return why, true
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			why.Reason, why.Message, why.Advice = c.Reason, c.Message, "make room, or "+adviceFewer
			return why, false
		}
	}
	return nil, false
}

// notMade tells why the Job's pods were not made: that it failed, or what its
// controller says in an event, if events may be read.
func (f *Fleet) notMade(ctx context.Context) (why *StartError, hopeless bool) {
	object := "job/" + f.job
	if job, err := f.cfg.Observe.BatchV1().Jobs(f.cfg.Namespace).Get(ctx, f.job, metav1.GetOptions{}); err == nil {
		for _, c := range job.Status.Conditions {
			if c.Type == batchv1.JobFailed && c.Status == corev1.ConditionTrue {
				return &StartError{Object: object, Reason: c.Reason, Message: c.Message, Advice: f.advice(object)}, true
			}
		}
	}
	for _, e := range jobEvents(ctx, f.cfg.Observe, f.cfg.Namespace, f.job) {
		if e.Reason != "FailedCreate" {
			continue
		}
		why = &StartError{Object: object, Reason: e.Reason, Message: e.Message}
		said := func(text string) bool { return strings.Contains(e.Message, text) }
		switch {
		case said("PodSecurity"):
			why.Advice = "let the namespace's Pod Security level be at most restricted, which the senders keep to, or look for what its admission changes in them"
		case said("failed quota: ") && said(": must specify "): // a request or limit that a sender has not
			why.Advice = adviceDefault
		case said("exceeded quota: "), said("failed quota: "):
			why.Advice = adviceQuota + ", or " + adviceFewer
		case said(" is invalid: "), said(" per Container is "), said(" per Pod is "): // LimitRange's
			why.Advice = adviceRoom
		default:
			why.Advice = f.advice(object)
		}
		return why, said(" is forbidden: ") || said(" is invalid: ") || said(" denied the request")
	}
	return nil, false
}

func jobEvents(ctx context.Context, client kubernetes.Interface, namespace, job string) []corev1.Event {
	list, err := client.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{
		FieldSelector: "involvedObject.kind=Job,involvedObject.name=" + job,
	})
	if err != nil {
		return nil
	}
	return list.Items
}
