package lint

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

var selectsNone = rule{
	id:  "service-selects-none",
	doc: "A service's selector fits no pod that was read, and one of the workloads is likely the one that is meant: it has the service's name, or labels that are nearly the selector's, or has them itself and not its pod template (a service selects pods by their own labels: core/v1 ServiceSpec). A service of pods that are nowhere in the manifests is none of this.",
	find: func(w *workload, report func(breach)) {
		for _, m := range w.missedBy {
			s := m.service
			b := ofService(s, "spec.selector")
			b.severity, b.always = Warning, true
			b.why = fmt.Sprintf("The selector (%s) fits no pod that was read, and %s: unless pods elsewhere have these labels, the service has no endpoint, and no request to it arrives.",
				labels.Set(s.Value.Spec.Selector), m.why)
			b.fix = fmt.Sprintf("Select labels that the pod template of %s has (%s), or give it those of the selector.", w, labels.Set(w.template.Labels))
			report(b)
		}
	},
}

// missed is a service that most likely should select a workload's pods, and does not.
type missed struct {
	service Object[*corev1.Service]
	// why is what makes this workload the nearest, as a part of a sentence.
	why string
}

// findMissed gives each service that selects no pod at all to the workload that is nearest to
// it, if one is near.
func findMissed(services []*podService, all []*workload) {
	for _, s := range services {
		// What a cluster has may be for pods that were not asked for; pods may be there that
		// are not judged; and a service without ports may be a part of one (see isPart).
		if len(s.of) > 0 || s.Source.File == "" || !s.beside.known || s.beside.fewest > 0 || len(s.Value.Spec.Ports) == 0 && !headless(s.Value) {
			continue
		}
		for _, near := range []func(*corev1.Service, *workload) string{hasLabelsItself, hasItsName, hasNearlyItsLabels} {
			at := slices.IndexFunc(all, func(w *workload) bool { return together(s.Value.Namespace, w.meta.Namespace) && near(s.Value, w) != "" })
			if at >= 0 {
				all[at].missedBy = append(all[at].missedBy, missed{s.Object, near(s.Value, all[at])})
				break
			}
		}
	}
}

// hasLabelsItself tells of a workload whose own metadata has what its pods should have.
func hasLabelsItself(s *corev1.Service, w *workload) string {
	if !selection(s.Spec.Selector)(w.meta.Labels) {
		return ""
	}
	return fmt.Sprintf("%s has these labels in its own metadata alone, not in spec.template.metadata, where its pods get theirs from", w)
}

// hasItsName tells of a workload that no other service leads to and that is called like
// this one.
func hasItsName(s *corev1.Service, w *workload) string {
	governs := w.statefulSet != nil && w.statefulSet.Spec.ServiceName == s.Name
	if len(w.services) > 0 || s.Name != w.meta.Name && !governs || labelledLater(s, w) {
		return ""
	}
	if s.Name != w.meta.Name {
		return fmt.Sprintf("%s, whose serviceName it is, has others (%s)", w, labels.Set(w.template.Labels))
	}
	return fmt.Sprintf("the pods of %s, which has the service's name, have others (%s)", w, labels.Set(w.template.Labels))
}

// labelledLater tells of a selector of which a template lacks nothing but some keys, and has
// others. These labels may come once the pod runs: operators mark the leader so, and the
// controller of StatefulSets each pod (statefulset.kubernetes.io/pod-name).
func labelledLater(s *corev1.Service, w *workload) bool {
	fits := false
	for key, value := range s.Spec.Selector {
		has, is := w.template.Labels[key]
		if is && has != value {
			return false
		}
		fits = fits || is
	}
	return fits
}

// hasNearlyItsLabels tells of a workload that no service leads to and whose pods have all of
// the selector's labels but for one, which is written nearly as one of theirs.
func hasNearlyItsLabels(s *corev1.Service, w *workload) string {
	if len(w.services) > 0 {
		return ""
	}
	var wrong []string
	for key, value := range s.Spec.Selector {
		if has, is := w.template.Labels[key]; !is || has != value {
			wrong = append(wrong, key)
		}
	}
	if len(wrong) != 1 {
		return ""
	}
	key := wrong[0]
	value := s.Spec.Selector[key]
	nearly := func(has string) string { return fmt.Sprintf("the pods of %s have nearly its labels (%s)", w, has) }
	if has, is := w.template.Labels[key]; is {
		// A selector that has the service's own name is rather meant as it is.
		if spelledAlike(value, has) || value != s.Name && misspelt(value, has) {
			return nearly(key + "=" + has)
		}
		return ""
	}
	var like []string
	for other, has := range w.template.Labels {
		if _, selected := s.Spec.Selector[other]; has == value && !selected && (misspelt(key, other) || naming[key] && naming[other]) {
			like = append(like, other+"="+has)
		}
	}
	if len(like) == 0 {
		return ""
	}
	return nearly(slices.Min(like))
}

// naming are the keys of labels that tell what an application is called, as kubectl, kompose
// and the recommended labels of Kubernetes write them.
var naming = map[string]bool{
	"app": true, "name": true, "run": true, "k8s-app": true, "app.kubernetes.io/name": true, "io.kompose.service": true,
}

// spelledAlike tells of two names that differ by their case and the signs between words alone.
func spelledAlike(a, b string) bool {
	plain := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, s)
	}
	return a != b && plain(a) == plain(b) && plain(a) != ""
}

// shortest is how long a name must be for one letter less or more to be no other name.
const shortest = 3

// misspelt tells of two names that are one slip of the keyboard apart: two letters that
// changed places, one too many or missing, or within a longer name another one. A last letter
// more is often meant (api, apis), and so is another digit (v1, v2), another first letter
// (reader, leader) or another last one (authn, authz).
func misspelt(a, b string) bool {
	if a == b || min(len(a), len(b)) < shortest {
		return false
	}
	from := 0
	for from < min(len(a), len(b)) && a[from] == b[from] {
		from++
	}
	restA, restB := a[from:], b[from:]
	switch {
	case len(a) == len(b) && len(restA) > 1 && restA[0] == restB[1] && restA[1] == restB[0]:
		return restA[2:] == restB[2:] && letters(restA[:2])
	case len(a) == len(b):
		return from > 0 && len(a) > shortest+1 && len(restA) > 1 && restA[1:] == restB[1:] && letters(restA[:1]+restB[:1])
	case len(a) == len(b)+1:
		return restB != "" && restA[1:] == restB && letters(restA[:1])
	case len(b) == len(a)+1:
		return restA != "" && restB[1:] == restA && letters(restB[:1])
	default:
		return false
	}
}

func letters(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
}
