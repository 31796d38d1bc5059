package lint

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
)

// NotJudged is how many objects of a kind were there that make pods and that no
// rule looks at.
type NotJudged struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Count      int    `json:"count"`
}

// makesPods are kinds of which pods come although they need not have
// containers in them: they have them made from templates or sources elsewhere.
var makesPods = map[string]bool{
	"apps Deployment": true, "apps StatefulSet": true, "apps DaemonSet": true, "extensions Deployment": true, "extensions DaemonSet": true,
	" Pod": true, " ReplicationController": true, "apps ReplicaSet": true, "extensions ReplicaSet": true,
	"batch Job": true, "batch CronJob": true, "leaderworkerset.x-k8s.io LeaderWorkerSet": true,
	"argoproj.io Rollout": true, "argoproj.io Application": true, "argoproj.io ApplicationSet": true,
	"serving.knative.dev Service": true, "serving.knative.dev Configuration": true,
	"apps.openshift.io DeploymentConfig": true, " DeploymentConfig": true,
	"template.openshift.io Template": true, " Template": true,
	"keda.sh ScaledJob": true, "apps.kruise.io CloneSet": true, "apps.kruise.io StatefulSet": true, "apps.kruise.io DaemonSet": true,
	"helm.toolkit.fluxcd.io HelmRelease": true, "kustomize.toolkit.fluxcd.io Kustomization": true, "helm.cattle.io HelmChart": true,
}

func (r *reader) countNotJudged(g *given) {
	group, _, core := strings.Cut(g.head.APIVersion, "/")
	if !core {
		group = ""
	}
	if len(g.bones.Metadata.OwnerReferences) > 0 {
		return // its owner makes it, and is what is judged
	}
	r.noteSource(g, group)
	if !makesPods[group+" "+g.head.Kind] && !holdsPods(g.text) {
		return
	}
	r.incomplete = r.incomplete || !holdsPods(g.text)
	i := slices.IndexFunc(r.notJudged, func(u NotJudged) bool { return u.APIVersion == g.head.APIVersion && u.Kind == g.head.Kind })
	if i < 0 {
		i = len(r.notJudged)
		r.notJudged = append(r.notJudged, NotJudged{APIVersion: g.head.APIVersion, Kind: g.head.Kind})
	}
	r.notJudged[i].Count++
}

// apiGroups are those of the kinds that are judged.
var apiGroups = map[string]string{
	"Deployment": "apps", "StatefulSet": "apps", "DaemonSet": "apps",
	"Service": "", "PodDisruptionBudget": "policy", "HorizontalPodAutoscaler": "autoscaling",
}

// misnamed says of an object of a kind that would be judged that no API server
// takes it as it is called. Other groups can have kinds of these names, but they
// are domains; and a newer version may come.
func misnamed(h *head) error {
	group, version, found := strings.Cut(h.APIVersion, "/")
	if !found {
		group, version = "", h.APIVersion
	}
	for kind, of := range apiGroups {
		switch {
		case h.Kind == kind && group != of && group != "extensions" && !strings.Contains(group, "."):
			want := strings.TrimPrefix(of+"/v1", "/")
			return fieldErrors{{"apiVersion", fmt.Sprintf("%q; want %s for a %s", h.APIVersion, want, kind)}}
		case h.Kind != kind && strings.EqualFold(h.Kind, kind) && group == of && version != "":
			return fieldErrors{{"kind", fmt.Sprintf("%q; want %s", h.Kind, kind)}}
		}
	}
	return nil
}

// holdsPods tells whether a pod's spec is somewhere in an object's spec: a list
// of containers with images. The schema of a CustomResourceDefinition has none.
func holdsPods(object []byte) bool {
	if !bytes.Contains(object, []byte(`"containers"`)) {
		return false
	}
	var parts struct {
		Spec any `json:"spec"`
	}
	return json.Unmarshal(object, &parts) == nil && hasContainers(parts.Spec)
}

func hasContainers(value any) bool {
	switch value := value.(type) {
	case []any:
		return slices.ContainsFunc(value, hasContainers)
	case map[string]any:
		for key, below := range value {
			if containers, ok := below.([]any); ok && key == "containers" && slices.ContainsFunc(containers, hasImage) {
				return true
			}
			if hasContainers(below) {
				return true
			}
		}
	}
	return false
}

func hasImage(container any) bool {
	fields, _ := container.(map[string]any)
	_, ok := fields["image"].(string)
	return ok
}

// KindsNotJudged names what was not judged, for a person; empty where there is nothing.
func KindsNotJudged(all []NotJudged) string {
	var parts []string
	for _, u := range all {
		parts = append(parts, fmt.Sprintf("%s (%s)", text.Count(u.Count, u.Kind), u.APIVersion))
	}
	return strings.Join(parts, ", ")
}

// NotJudged are the objects that make pods and that no rule looks at, by kind.
func (o *Objects) NotJudged() []NotJudged {
	all := o.notJudged
	for _, apart := range o.Apart {
		all = append(slices.Clip(all), apart.NotJudged()...)
	}
	sums := []NotJudged{}
	for _, u := range all {
		i := slices.IndexFunc(sums, func(s NotJudged) bool { return s.APIVersion == u.APIVersion && s.Kind == u.Kind })
		if i < 0 {
			sums = append(sums, u)
		} else {
			sums[i].Count += u.Count
		}
	}
	slices.SortStableFunc(sums, func(a, b NotJudged) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.APIVersion, b.APIVersion))
	})
	return sums
}
