package chaos

import (
	"context"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// scaledBy names who set the replicas last, as the API server has noted: a
// HorizontalPodAutoscaler by its own name, where it may be found, and anybody else by
// that of the field manager, which is how the client's user agent begins unless the
// client says otherwise.
func (w *Workload) scaledBy(ctx context.Context, meta metav1.ObjectMeta) string {
	manager, autoscaled := whoScaled(meta)
	if !autoscaled {
		return manager
	}
	names, err := w.autoscalers(ctx)
	if err != nil || len(names) == 0 {
		return manager
	}
	return "HorizontalPodAutoscaler " + strings.Join(names, " or ")
}

// whoScaled gives the field manager that set the replicas last, and whether it can only
// have been for a HorizontalPodAutoscaler: these are a part of the controller manager
// (kubernetes pkg/controller/podautoscaler/horizontal.go), which sets the replicas of
// workloads for nothing else. It does so through the subresource scale, and writes the
// status of Deployments and StatefulSets under the same name, which is that of its
// process: kube-controller-manager, or another where one process is all of the control
// plane (k3s, kubelite). KEDA has a HorizontalPodAutoscaler scale from one pod on; from
// and to none it does that itself, as keda. kubectl scale and most other autoscalers
// write through scale, too, under names of their own.
func whoScaled(meta metav1.ObjectMeta) (manager string, autoscaled bool) {
	for _, entry := range meta.ManagedFields {
		if entry.Subresource != statusSubresource && manages(entry, "replicas") {
			return entry.Manager, entry.Subresource == scaleSubresource && countsPods(meta, entry.Manager)
		}
	}
	return "somebody else", false
}

// The subresources of a workload, as managedFields has them.
const (
	scaleSubresource  = "scale"
	statusSubresource = "status"
)

// countsPods tells whether the manager is that of the workload's controller, whose count
// of the pods is in the status.
func countsPods(meta metav1.ObjectMeta, manager string) bool {
	for _, entry := range meta.ManagedFields {
		if entry.Manager == manager && entry.Subresource == statusSubresource && manages(entry, "replicas") {
			return true
		}
	}
	return false
}

// manages tells whether a field of that name is among those of the entry.
func manages(entry metav1.ManagedFieldsEntry, field string) bool {
	return entry.FieldsV1 != nil && strings.Contains(entry.FieldsV1.GetRawString(), `"f:`+field+`"`)
}

// autoscalers names the HorizontalPodAutoscalers that target the workload, those of older
// versions of the API too: the server gives all of them in the version that is asked for.
func (w *Workload) autoscalers(ctx context.Context) ([]string, error) {
	list, err := w.client.AutoscalingV2().HorizontalPodAutoscalers(w.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, scaler := range list.Items {
		target := scaler.Spec.ScaleTargetRef
		if check.WorkloadKind(target.Kind) == w.ref.Kind && target.Name == w.ref.Name {
			names = append(names, scaler.Name)
		}
	}
	return names, nil
}
