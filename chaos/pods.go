package chaos

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/kubectl/pkg/util/podutils"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// maxName is how long an object's name may be (RFC 1123, a subdomain).
const maxName = 253

// owns tells whether the pod belongs to the workload; a selector alone may
// match others' pods. A Deployment's ReplicaSets bear its name, or as much of it as
// fits, and the pods' template hash (kubernetes pkg/controller/deployment,
// generateReplicaSetName), which saves the right to read ReplicaSets.
func (w *Workload) owns(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	switch {
	case owner == nil:
		return false
	case w.ref.Kind == check.Deployment:
		end := "-" + pod.Labels["pod-template-hash"]
		return owner.Kind == "ReplicaSet" && owner.Name == w.ref.Name[:max(0, min(len(w.ref.Name), maxName-len(end)))]+end
	default:
		return owner.UID == w.uid
	}
}

// listPods gives the workload's pods in the order of their names.
func (w *Workload) listPods(ctx context.Context) ([]*corev1.Pod, error) {
	list, err := w.client.CoreV1().Pods(w.namespace).List(ctx, metav1.ListOptions{LabelSelector: w.selector.String()})
	if err != nil {
		return nil, fmt.Errorf("list the pods of %s: %w", w, err)
	}
	var owned []*corev1.Pod
	for i := range list.Items {
		if w.owns(&list.Items[i]) {
			owned = append(owned, &list.Items[i])
		}
	}
	sortByName(owned)
	return owned, nil
}

// podsWhere lists the pods of a namespace, or of all of them, of which a field has the
// value.
func (w *Workload) podsWhere(ctx context.Context, namespace, field, value string) ([]corev1.Pod, error) {
	list, err := w.client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(field, value).String()})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// onNodeField names the node of a pod.
const onNodeField = "spec.nodeName"

func byUID(pods []*corev1.Pod) map[types.UID]*corev1.Pod {
	all := map[types.UID]*corev1.Pod{}
	for _, pod := range pods {
		all[pod.UID] = pod
	}
	return all
}

// without gives those of the pods that are not among the others.
func without(pods []*corev1.Pod, others map[types.UID]*corev1.Pod) []*corev1.Pod {
	return slices.DeleteFunc(slices.Clone(pods), func(pod *corev1.Pod) bool { return others[pod.UID] != nil })
}

func sortByName(pods []*corev1.Pod) {
	slices.SortFunc(pods, func(a, b *corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
}

// isFinished tells of a pod whose containers are over and that nobody has deleted, as an
// eviction by its node leaves it. Controllers do not count it.
func isFinished(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && (pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded)
}

// isActive tells of a pod that nobody has asked to end.
func isActive(pod *corev1.Pod) bool { return pod.DeletionTimestamp == nil && !isFinished(pod) }

// ordinal is a StatefulSet pod's number.
func ordinal(pod *corev1.Pod) (int32, bool) {
	n, err := strconv.ParseInt(pod.Name[strings.LastIndexByte(pod.Name, '-')+1:], 10, 32)
	return int32(n), err == nil
}

// whyNotReady says why the pod is not a Ready one; empty if it is.
func whyNotReady(pod *corev1.Pod) string {
	switch {
	case pod.DeletionTimestamp != nil:
		return "pod " + pod.Name + " is terminating" + grace(pod)
	case podutils.IsPodReady(pod):
		return ""
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return fmt.Sprintf("pod %s is not scheduled (%s: %s)", pod.Name, c.Reason, c.Message)
		}
	}
	for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if waiting := c.State.Waiting; waiting != nil {
			return fmt.Sprintf("pod %s is not Ready (container %s waits: %s)", pod.Name, c.Name, waiting.Reason)
		}
		if over := c.State.Terminated; over != nil && over.ExitCode != 0 {
			return fmt.Sprintf("pod %s is not Ready (container %s ended with exit code %d)", pod.Name, c.Name, over.ExitCode)
		}
	}
	return "pod " + pod.Name + " is not Ready"
}

// grace tells how long a terminating pod may take. The deletion timestamp is
// the time of the request plus the grace.
func grace(pod *corev1.Pod) string {
	if pod.DeletionGracePeriodSeconds == nil {
		return ""
	}
	return fmt.Sprintf(" (its grace of %s ends at %s)",
		time.Duration(*pod.DeletionGracePeriodSeconds)*time.Second, pod.DeletionTimestamp.UTC().Format(time.RFC3339))
}
