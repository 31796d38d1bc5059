package chaos

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/internal/label"
	"github.com/shutdowncheck/shutdowncheck/internal/retry"
)

// onNode runs this tool in a pod that sees the node's processes. From there
// SIGKILL gets through, because the sender is in an ancestor of the target's
// PID namespace (pid_namespaces(7)).
type onNode struct{ image string }

func (onNode) permissions() []Permission {
	return []Permission{
		{Verb: "get", Resource: "pods"},
		{Verb: "create", Resource: "pods"},
		{Verb: "delete", Resource: "pods"},
	}
}

const (
	// helperLife is after how long the kubelet ends a helper pod by itself,
	// should nobody be left to delete it.
	helperLife = 5 * time.Minute
	// helperRemoval bounds the deletion of a helper pod.
	helperRemoval = 10 * time.Second
)

func (n onNode) send(ctx context.Context, a *attempt, t target) (err error) {
	pods := a.Workload.client.CoreV1().Pods(a.Workload.namespace)
	pod := n.pod(a.Run, a.Round, t)
	defer func() {
		// Whatever ended ctx, and whether or not its making was answered, the helper
		// goes.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), helperRemoval)
		defer cancel()
		gone := retry.Insist(ctx, func() error {
			return pods.Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))})
		})
		if gone != nil && !apierrors.IsNotFound(gone) {
			err = errors.Join(err, fmt.Errorf("delete the helper pod %s: %w; remove it with: %s", pod.Name, gone, a.Workload.byHand.Kubectl("delete", "pod", pod.Name, "-n", a.Workload.namespace)))
		}
	}()
	if err := n.create(ctx, a, pod); err != nil {
		return fmt.Errorf("create a helper pod on node %s: %w", t.pod.Spec.NodeName, err)
	}
	return await(ctx, func() (bool, error) {
		now, err := pods.Get(ctx, pod.Name, metav1.GetOptions{})
		if err != nil {
			return false, fmt.Errorf("read the helper pod: %w", err)
		}
		if now.Status.Phase == corev1.PodFailed && len(now.Status.ContainerStatuses) == 0 {
			return false, fmt.Errorf("the helper pod was refused by node %s (%s: %s)", t.pod.Spec.NodeName, now.Status.Reason, now.Status.Message)
		}
		return helperEnded(now.Status.ContainerStatuses, helperName, 0)
	})
}

// create makes the helper. One that is there already was made by a write of ours
// whose answer was lost: no other has its name.
func (onNode) create(ctx context.Context, a *attempt, pod *corev1.Pod) error {
	unanswered := false
	return retry.Insist(ctx, func() error {
		_, err := a.Workload.client.CoreV1().Pods(a.Workload.namespace).Create(ctx, pod, metav1.CreateOptions{FieldManager: fieldManager})
		if apierrors.IsAlreadyExists(err) && unanswered {
			return nil
		}
		unanswered = unanswered || retry.Unknown(err)
		return err
	})
}

// helperName is the container's in a helper pod, and the beginning of the
// pod's own.
const helperName = "shutdowncheck-signal"

// nameOf gives a helper's name, which is the same each time it is asked for, and
// another one for each signal of each run.
func nameOf(run string, round int, t target) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %s %s", run, round, t.id, t.signal))
	return fmt.Sprintf("%s-%x", helperName, sum[:6])
}

// pod is the helper: it has the node's PID namespace and CAP_KILL, without the
// confinements that keep signals from other containers (AppArmor's profile for
// containers lets only unconfined senders through), and nothing else. What
// /proc tells of others' cgroups and PIDs takes no right.
func (n onNode) pod(run string, round int, t target) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name:   nameOf(run, round, t),
			Labels: map[string]string{"app.kubernetes.io/name": helperName, label.ManagedBy: label.Tool, label.Run: run},
		},
		Spec: corev1.PodSpec{
			NodeName:                      t.pod.Spec.NodeName,
			HostPID:                       true,
			RestartPolicy:                 corev1.RestartPolicyNever,
			ActiveDeadlineSeconds:         new(int64(helperLife / time.Second)),
			TerminationGracePeriodSeconds: new(int64(0)),
			Tolerations:                   []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			AutomountServiceAccountToken:  new(false),
			EnableServiceLinks:            new(false),
			ImagePullSecrets:              t.pod.Spec.ImagePullSecrets,
			Containers: []corev1.Container{{
				Name:  helperName,
				Image: n.image, ImagePullPolicy: corev1.PullIfNotPresent,
				Args:                     signalCommand(t.signal, "--container-id", bareID(t.id)),
				TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
				SecurityContext: &corev1.SecurityContext{
					RunAsUser: new(int64(0)), RunAsNonRoot: new(false),
					AllowPrivilegeEscalation: new(false),
					ReadOnlyRootFilesystem:   new(true),
					Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: []corev1.Capability{"KILL"}},
					AppArmorProfile:          &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeUnconfined},
					SeccompProfile:           &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
				},
			}},
		},
	}
}
