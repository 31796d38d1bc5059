package chaos

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
)

// edit is what one patch changes. A value is a string or nil, which removes
// the annotation; a key that is absent stays as it is.
type edit struct {
	annotations         map[string]any
	templateAnnotations map[string]any
	// replicas are those of a Deployment or a StatefulSet; nil leaves them.
	replicas *int32
	// containers are merged into the template's by their names.
	containers []any
	// grace is the pods' terminationGracePeriodSeconds: a number, removed, or nil, which
	// leaves it.
	grace any
}

// removed is the value of a field that is to go.
type removed struct{}

// MarshalJSON gives what removes a field in a patch.
func (removed) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// noting adds the note to the edit, or with an empty text its removal.
func (e edit) noting(text string) edit {
	var value any
	if text != "" {
		value = text
	}
	e.annotations = map[string]any{undoKey: value}
	return e
}

// apply makes the edit, unless the workload is no longer as s shows it: then
// the error is a conflict.
func (w *Workload) apply(ctx context.Context, s state, e edit) (state, error) {
	// A null in place of the whole mapping would remove every annotation.
	metadata := map[string]any{"resourceVersion": s.meta.ResourceVersion}
	if e.annotations != nil {
		metadata["annotations"] = e.annotations
	}
	patch := map[string]any{"metadata": metadata}
	template := map[string]any{}
	if e.templateAnnotations != nil {
		template["metadata"] = map[string]any{"annotations": e.templateAnnotations}
	}
	pods := map[string]any{}
	if e.containers != nil {
		pods["containers"] = e.containers
	}
	if e.grace != nil {
		pods["terminationGracePeriodSeconds"] = e.grace
	}
	if len(pods) > 0 {
		template["spec"] = pods
	}
	spec := map[string]any{}
	if len(template) > 0 {
		spec["template"] = template
	}
	if e.replicas != nil {
		spec["replicas"] = *e.replicas
	}
	if len(spec) > 0 {
		patch["spec"] = spec
	}
	data, err := json.Marshal(patch)
	if err != nil {
		return state{}, fmt.Errorf("write the patch for %s: %w", w, err)
	}
	after, err := w.api.patch(ctx, types.StrategicMergePatchType, data)
	if err != nil {
		return state{}, fmt.Errorf("patch %s: %w", w, err)
	}
	return after, nil
}
