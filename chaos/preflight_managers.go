package chaos

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// managers name the tools that hold the object to what a repository or a chart
// says, as their marks on it tell.
func managers(meta metav1.ObjectMeta) []string {
	var found []string
	add := func(name string) {
		if !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	for _, entry := range meta.ManagedFields {
		switch manager := entry.Manager; {
		case strings.HasPrefix(manager, "argocd"):
			add("Argo CD")
		case strings.HasPrefix(manager, "flux"), manager == "kustomize-controller", manager == "helm-controller":
			add("Flux")
		}
	}
	for _, keys := range []map[string]string{meta.Annotations, meta.Labels} {
		for key := range keys {
			switch {
			case strings.HasPrefix(key, "argocd.argoproj.io/"):
				add("Argo CD")
			case strings.HasPrefix(key, "kustomize.toolkit.fluxcd.io/"), strings.HasPrefix(key, "helm.toolkit.fluxcd.io/"):
				add("Flux")
			case key == "meta.helm.sh/release-name":
				add("Helm")
			}
		}
	}
	slices.Sort(found)
	return found
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
