package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// managers name the tools that hold the object to what a repository or a chart
// says, as their marks on it tell.
func managers(meta metav1.ObjectMeta) []string {
	found := map[string]bool{}
	for _, entry := range meta.ManagedFields {
		switch manager := entry.Manager; {
		case strings.HasPrefix(manager, "argocd"):
			found["Argo CD"] = true
		case strings.HasPrefix(manager, "flux"), manager == "kustomize-controller", manager == "helm-controller":
			found["Flux"] = true
		}
	}
	for _, keys := range []map[string]string{meta.Annotations, meta.Labels} {
		for key := range keys {
			switch {
			case strings.HasPrefix(key, "argocd.argoproj.io/"):
				found["Argo CD"] = true
			case strings.HasPrefix(key, "kustomize.toolkit.fluxcd.io/"), strings.HasPrefix(key, "helm.toolkit.fluxcd.io/"):
				found["Flux"] = true
			case key == "meta.helm.sh/release-name":
				found["Helm"] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// managerWarnings tells of tools that may put back what a check changes. Helm
// acts only when somebody runs it.
func managerWarnings(meta metav1.ObjectMeta) []string {
	var warnings []string
	for _, name := range managers(meta) {
		when := ""
		if name == "Helm" {
			when = " when a release is made"
		}
		warnings = append(warnings, fmt.Sprintf("%s manages it and may undo what a check changes%s", name, when))
	}
	return warnings
}
