package lint

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// passedOver is why files were not judged.
type passedOver struct {
	what  string
	files []string
}

// PassOver notes a file that is not judged, and what it is instead.
func (o *Objects) PassOver(file, what string) {
	i := slices.IndexFunc(o.passed, func(p passedOver) bool { return p.what == what })
	if i < 0 {
		i = len(o.passed)
		o.passed = append(o.passed, passedOver{what: what})
	}
	if !slices.Contains(o.passed[i].files, file) {
		o.passed[i].files = append(o.passed[i].files, file)
	}
}

// aPart is what is only a part of an object.
const aPart = "a patch, or another part of an object"

// passOverHalf passes over what is only a part of an object; but where the rest
// may be there, in fields that are misspelt or in a wrong place, it says so.
func (r *reader) passOverHalf(unknown []breach) error {
	var wrong fieldErrors
	for _, b := range unknown {
		if b.meant {
			wrong = append(wrong, fieldError{b.field, "no such field there. " + b.fix})
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	r.PassOver(r.source.File, aPart)
	r.incomplete = true
	return nil
}

// Notes say which files were not judged and why, a line for each reason.
func (o *Objects) Notes() []string {
	var lines []string
	for _, p := range o.passed {
		lines = append(lines, fmt.Sprintf("%s (%s)", strings.Join(p.files, ", "), p.what))
	}
	return lines
}

// isKustomizes tells whether a document steers kustomize and is no object of a cluster.
func isKustomizes(h *head) bool {
	return strings.HasPrefix(h.APIVersion, "kustomize.config.k8s.io/")
}

// isJSONPatch tells whether a document is a list of changes (RFC 6902).
func isJSONPatch(text []byte) bool {
	if !bytes.HasPrefix(text, []byte("[")) {
		return false
	}
	var steps []struct {
		Op   *string `json:"op"`
		Path *string `json:"path"`
	}
	if json.Unmarshal(text, &steps) != nil || len(steps) == 0 {
		return false
	}
	for i := range steps {
		if steps[i].Op == nil || steps[i].Path == nil {
			return false
		}
	}
	return true
}

// addsToService tells of a service without ports that is a part of one that was read before:
// alone it is refused.
func (r *reader) addsToService(g *given) bool {
	var s struct {
		Spec struct {
			Ports []json.RawMessage `json:"ports"`
		} `json:"spec"`
	}
	meta := &g.bones.Metadata
	return json.Unmarshal(g.text, &s) == nil && s.Spec.Ports == nil && slices.ContainsFunc(r.Services, func(o Object[*corev1.Service]) bool {
		return o.Value.Name == meta.Name && o.Value.Namespace == cmp.Or(meta.Namespace, r.namespace) && len(o.Value.Spec.Ports) > 0
	})
}

// half tells whether an object is only a part of one, as a strategic merge patch
// is: without what the API server requires of the kind and no default stands
// in for, or with a patch's own directives.
func half(g *given) bool {
	if bytes.Contains(g.text, []byte(`"$patch"`)) || bytes.Contains(g.text, []byte(`"$setElementOrder/`)) || bytes.Contains(g.text, []byte(`"$retainKeys"`)) {
		return true
	}
	var parts struct {
		Spec struct {
			Ports          []json.RawMessage `json:"ports"`
			Type           string            `json:"type"`
			ClusterIP      string            `json:"clusterIP"`
			Selector       json.RawMessage   `json:"selector"`
			ScaleTargetRef struct {
				Name string `json:"name"`
			} `json:"scaleTargetRef"`
			Rules          []json.RawMessage `json:"rules"`
			DefaultBackend json.RawMessage   `json:"defaultBackend"`
			Backend        json.RawMessage   `json:"backend"`
			AccessModes    []json.RawMessage `json:"accessModes"`
		} `json:"spec"`
	}
	if json.Unmarshal(g.text, &parts) != nil {
		return false // of a wrong type, which is told
	}
	switch s := &parts.Spec; g.head.Kind {
	case "Service":
		// With a selector it may be whole, and refused (see isPart).
		return s.Ports == nil && s.Type != "ExternalName" && s.ClusterIP != "None" && s.Selector == nil
	case "PodDisruptionBudget":
		return s.Selector == nil
	case "HorizontalPodAutoscaler":
		return s.ScaleTargetRef.Name == ""
	case "Ingress": // the rest is optional (validation.go ValidateIngressSpec)
		return len(s.Rules) == 0 && s.DefaultBackend == nil && s.Backend == nil
	case "PersistentVolumeClaim":
		return len(s.AccessModes) == 0
	case "Deployment", "StatefulSet", "DaemonSet":
		template := &g.bones.Spec.Template
		if len(template.Spec.Containers) == 0 || len(template.Metadata.Labels) == 0 {
			return true
		}
		for i := range template.Spec.Containers {
			if template.Spec.Containers[i].Image == "" {
				return true
			}
		}
		return false
	default:
		return false
	}
}
