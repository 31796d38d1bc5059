package chaos

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ephemeral runs this tool in an ephemeral container that shares the PID
// namespace of the container (KEP-277).
type ephemeral struct{ image string }

func (ephemeral) permissions() []Permission {
	return []Permission{
		{Verb: "get", Resource: "pods"},
		{Verb: "patch", Resource: "pods", Subresource: "ephemeralcontainers"},
	}
}

func (e ephemeral) send(ctx context.Context, a *attempt, t target) error {
	pods := a.Workload.client.CoreV1().Pods(a.Workload.namespace)
	helper := e.container(t)
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"ephemeralContainers": []any{helper}}})
	if err != nil {
		return fmt.Errorf("write the ephemeral container: %w", err)
	}
	_, err = pods.Patch(ctx, t.pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager}, "ephemeralcontainers")
	if err != nil {
		return fmt.Errorf("add an ephemeral container: %w", err)
	}
	return await(ctx, func() (bool, error) {
		pod, err := pods.Get(ctx, t.pod.Name, metav1.GetOptions{})
		if err != nil {
			return false, fmt.Errorf("read its ephemeral container: %w", err)
		}
		return helperEnded(pod.Status.EphemeralContainerStatuses, helper.Name, 0, killedAlong)
	})
}

// container is allowed to signal the target, and no more: as the target's own
// user, or where only the image names that one as root with CAP_KILL
// (kill(2)).
func (e ephemeral) container(t target) corev1.EphemeralContainer {
	security := &corev1.SecurityContext{
		AllowPrivilegeEscalation: new(false),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		SeccompProfile:           &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	if user := userOf(t); user != nil {
		security.RunAsUser, security.RunAsNonRoot = user, new(*user != 0)
	} else {
		security.RunAsUser, security.RunAsNonRoot = new(int64(0)), new(false)
		security.Capabilities.Add = []corev1.Capability{"KILL"}
	}
	return corev1.EphemeralContainer{
		TargetContainerName: t.container.Name,
		EphemeralContainerCommon: corev1.EphemeralContainerCommon{
			Name:  fmt.Sprintf("shutdowncheck-%d", len(t.pod.Spec.EphemeralContainers)+1),
			Image: e.image, ImagePullPolicy: corev1.PullIfNotPresent,
			Args:                     signalCommand(t.signal, "--pid", "1"),
			TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
			SecurityContext:          security,
		},
	}
}

// userOf gives the user that the pod's spec names for the container, nil where
// it leaves that to the image.
func userOf(t target) *int64 {
	if own := t.container.SecurityContext; own != nil && own.RunAsUser != nil {
		return own.RunAsUser
	}
	if pod := t.pod.Spec.SecurityContext; pod != nil {
		return pod.RunAsUser
	}
	return nil
}
