package lint

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// podSource is an object of a kind that is not judged whose pods may stand behind a
// service or a budget beside those of the workloads.
type podSource struct {
	group, kind, namespace, name string
	// labels are those of its pods, a set for each of its templates.
	labels []map[string]string
	// ref is the Deployment whose template it takes (argoproj.io Rollout: workloadRef).
	ref string
	// replicas is how many pods it says itself; nil where nothing tells.
	replicas *int32
}

// oneByDefault are kinds that have one pod where spec.replicas is left out (k8s.io/api
// apps/v1 and core/v1; argoproj.io v1alpha1 RolloutSpec; apps.kruise.io v1alpha1).
var oneByDefault = map[string]bool{
	"apps Deployment": true, "apps StatefulSet": true, "apps ReplicaSet": true,
	"extensions Deployment": true, "extensions ReplicaSet": true, " ReplicationController": true,
	"argoproj.io Rollout": true, "apps.kruise.io CloneSet": true, "apps.kruise.io StatefulSet": true,
}

// noteSource keeps the object if pods come of it that stay. Hooks of Helm and Argo CD go
// again once they have run, as helm create's own test does, which has the labels of the rest.
func (r *reader) noteSource(g *given, group string) {
	meta := &g.bones.Metadata
	if meta.Annotations["helm.sh/hook"] != "" || meta.Annotations["argocd.argoproj.io/hook"] != "" {
		return
	}
	if !bytes.Contains(g.text, []byte(`"containers"`)) && !bytes.Contains(g.text, []byte(`"workloadRef"`)) {
		return
	}
	var object map[string]any
	if json.Unmarshal(g.text, &object) != nil {
		return
	}
	spec, _ := object["spec"].(map[string]any)
	s := podSource{group: group, kind: g.head.Kind, namespace: cmp.Or(meta.Namespace, r.namespace), name: meta.Name}
	if group == "" && s.kind == "Pod" {
		s.labels, s.replicas = podLabels(object), new(int32(1))
	} else {
		s.labels = templateLabels(spec)
		s.replicas = s.stated(spec)
	}
	if ref, ok := spec["workloadRef"].(map[string]any); ok && group == "argoproj.io" && ref["kind"] == "Deployment" {
		s.ref, _ = ref["name"].(string)
	}
	if s.name != "" {
		// kubectl apply leaves the cluster with the last one.
		r.sources = slices.DeleteFunc(r.sources, s.same)
	}
	if len(s.labels) > 0 || s.ref != "" {
		r.sources = append(r.sources, s)
	}
}

// stated is how many pods the object's own spec tells of; nil where it leaves that open.
func (s *podSource) stated(spec map[string]any) *int32 {
	n, given := spec["replicas"].(float64)
	switch _, template := spec["template"]; {
	case given && n == 0:
		return new(int32(0))
	case spec["paused"] == true:
		return nil // a pause keeps what is there, which no file tells
	case !template || len(s.labels) != 1 || s.kind == "DaemonSet":
		return nil
	case given:
		return new(int32(n))
	case spec["replicas"] == nil && oneByDefault[s.group+" "+s.kind]:
		return new(int32(1))
	}
	return nil
}

func (s *podSource) same(other podSource) bool {
	return s.group == other.group && s.kind == other.kind && s.namespace == other.namespace && s.name == other.name
}

// templateLabels are those of the pod templates that are somewhere in an object's spec. Of
// secrets and machines there are templates too, but none with containers.
func templateLabels(value any) []map[string]string {
	var all []map[string]string
	switch value := value.(type) {
	case []any:
		for _, below := range value {
			all = append(all, templateLabels(below)...)
		}
	case map[string]any:
		if all = podLabels(value); all != nil {
			return all
		}
		for _, below := range value {
			all = append(all, templateLabels(below)...)
		}
	}
	return all
}

// podLabels are those of a pod or its template; nil where it is none, has none, or is one
// that runs to an end.
func podLabels(pod map[string]any) []map[string]string {
	spec, _ := pod["spec"].(map[string]any)
	containers, _ := spec["containers"].([]any)
	policy, _ := spec["restartPolicy"].(string)
	if len(containers) == 0 || policy != "" && policy != "Always" {
		return nil
	}
	meta, _ := pod["metadata"].(map[string]any)
	given, _ := meta["labels"].(map[string]any)
	set := map[string]string{}
	for key, value := range given {
		set[key], _ = value.(string)
	}
	return []map[string]string{set}
}

// standsIn tells whether pods of the object are among those that are selected.
func (o *Objects) standsIn(s *podSource, namespace string, selects func(labels map[string]string) bool) bool {
	if !together(s.namespace, namespace) {
		return false
	}
	for _, d := range o.Deployments {
		if s.ref == "" {
			break
		}
		if s.ref == d.Value.Name && together(s.namespace, d.Value.Namespace) && selects(d.Value.Spec.Template.Labels) {
			return true
		}
	}
	return slices.ContainsFunc(s.labels, selects)
}

// beside is how many pods of objects that are not judged are selected.
func (o *Objects) beside(namespace string, selects func(labels map[string]string) bool) scale {
	sum := scale{known: true}
	for i := range o.sources {
		s := &o.sources[i]
		if !o.standsIn(s, namespace, selects) {
			continue
		}
		n, known := o.podsOf(s)
		sum.fewest += n
		sum.known = sum.known && known
	}
	return sum
}

// podsOf is how many pods an object has that is not judged. How many one has that is
// autoscaled is not known.
func (o *Objects) podsOf(s *podSource) (n int, known bool) {
	if s.replicas != nil && *s.replicas == 0 || o.pausedAtZero(s) {
		return 0, true
	}
	if s.replicas == nil || o.autoscales(s) {
		return 0, false
	}
	return int(*s.replicas), true
}

func (o *Objects) pausedAtZero(s *podSource) bool {
	return slices.ContainsFunc(o.ScaledObjects, func(k Object[*ScaledObject]) bool {
		return s.is(k.Value.Namespace, k.Value.Spec.ScaleTargetRef.Kind, k.Value.Spec.ScaleTargetRef.Name) && strings.TrimSpace(k.Value.Annotations[pausedReplicas]) == "0"
	})
}

func (o *Objects) autoscales(s *podSource) bool {
	for _, h := range o.Autoscalers {
		if target := h.Value.Spec.ScaleTargetRef; s.is(h.Value.Namespace, target.Kind, target.Name) {
			return true
		}
	}
	for _, k := range o.ScaledObjects {
		if target := k.Value.Spec.ScaleTargetRef; s.is(k.Value.Namespace, target.Kind, target.Name) {
			return true
		}
	}
	for _, k := range o.HTTPScaledObjects {
		if target := k.Value.Spec.ScaleTargetRef; s.is(k.Value.Namespace, target.Kind, target.Name) {
			return true
		}
	}
	return false
}

func (s *podSource) is(namespace, kind, name string) bool {
	return together(s.namespace, namespace) && s.kind == kind && s.name == name
}
