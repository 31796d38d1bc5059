package lint

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

var selectsNone = rule{
	id:  "service-selects-none",
	doc: "A service's selector fits no pod that was read, and one of the workloads is likely the one that is meant: its pods' labels are nearly the selector's, or it has them itself and not its pod template (a service selects pods by their own labels: core/v1 ServiceSpec), or names the service as its serviceName. Where a name alone tells so, or not all that was given could be judged, it is a note, as the pods may come from elsewhere. A service of pods that are nowhere in the manifests is none of this.",
	find: func(w *workload, report func(breach)) {
		for _, m := range w.missedBy {
			s := m.service
			b := ofService(s, "spec.selector")
			b.severity, b.always = Warning, true
			if m.doubtful {
				b.severity = Note
			}
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
	// doubtful tells that the pods may well come from elsewhere.
	doubtful bool
}

// findMissed gives each service that selects no pod at all to the workload that is nearest to
// it, if one is near.
//
// It is doubtful where more is there than what is judged, from which the pods or their labels may
// come: what could not be read, patches, and objects whose pods are made elsewhere.
func (o *Objects) findMissed(services []*podService, all []*workload) {
	for _, s := range services {
		// What a cluster has may be for pods that were not asked for; pods may be there that
		// are not judged; and a service without ports may be a part of one (see isPart).
		if len(s.of) > 0 || s.Source.File == "" || !s.beside.known || s.beside.fewest > 0 || len(s.Value.Spec.Ports) == 0 && !headless(s.Value) {
			continue
		}
		for _, likeness := range likenesses {
			at := slices.IndexFunc(all, func(w *workload) bool {
				return together(s.Value.Namespace, w.meta.Namespace) && likeness.why(s.Value, w) != ""
			})
			if at >= 0 {
				w := all[at]
				doubtful := likeness.doubtful || o.incomplete || o.ServicesUnknown || s.Value.Namespace != w.meta.Namespace
				w.missedBy = append(w.missedBy, missed{s.Object, likeness.why(s.Value, w), doubtful})
				break
			}
		}
	}
}

// likenesses are by what a workload is near to a service, the surest first. By its name alone a
// service may as well be for the pods of another chart, or of an operator that takes the
// workload for its own (Flagger's web-primary, Patroni's leader).
var likenesses = []struct {
	why      func(*corev1.Service, *workload) string
	doubtful bool
}{{hasLabelsItself, false}, {isGovernedBy, false}, {hasNearlyItsLabels, false}, {hasItsName, true}}

// hasLabelsItself tells of a workload that no service leads to and whose own metadata has what its
// pods should have.
func hasLabelsItself(s *corev1.Service, w *workload) string {
	if len(w.services) > 0 || !selection(s.Spec.Selector)(w.meta.Labels) {
		return ""
	}
	return fmt.Sprintf("%s has these labels in its own metadata alone, not in spec.template.metadata, where its pods get theirs from", w)
}

// isGovernedBy tells of a StatefulSet that names the service as its own, and that no other
// service leads to.
func isGovernedBy(s *corev1.Service, w *workload) string {
	if w.statefulSet == nil || w.statefulSet.Spec.ServiceName != s.Name || len(w.services) > 0 || labelledLater(s, w) {
		return ""
	}
	return fmt.Sprintf("%s, whose serviceName it is, has others (%s)", w, labels.Set(w.template.Labels))
}

// hasItsName tells of a workload that no other service leads to and that is called like
// this one.
func hasItsName(s *corev1.Service, w *workload) string {
	if len(w.services) > 0 || s.Name != w.meta.Name || labelledLater(s, w) && marks(s, w) {
		return ""
	}
	return fmt.Sprintf("the pods of %s, which has the service's name, have others (%s)", w, labels.Set(w.template.Labels))
}

// labelledLater tells of a selector of which a template lacks nothing but some keys, and has
// others. These labels may come once the pod runs: operators mark the leader so, and the
// controller of StatefulSets each pod (statefulset.kubernetes.io/pod-name).
func labelledLater(s *corev1.Service, w *workload) bool {
	fits := false
	for key, value := range s.Spec.Selector {
		if ofControllers[key] {
			fits = true
			continue
		}
		has, is := w.template.Labels[key]
		if is && has != value {
			return false
		}
		fits = fits || is
	}
	return fits
}

// marks tells that what the template lacks of a selector are marks of a pod's part, by their keys.
func marks(s *corev1.Service, w *workload) bool {
	for key := range s.Spec.Selector {
		if _, has := w.template.Labels[key]; !has && !ofControllers[key] && !slices.ContainsFunc(strings.FieldsFunc(key, notLetter), func(part string) bool { return parts[part] }) {
			return false
		}
	}
	return true
}

func notLetter(r rune) bool { return !unicode.IsLetter(r) }

// parts are the words by which operators and programs mark the pod that leads, is a replica, or serves.
var parts = map[string]bool{
	"role": true, "leader": true, "master": true, "primary": true, "replica": true, "active": true, "standby": true, "initialized": true, "sealed": true,
}

// ofControllers are the labels that no template has, as the controllers of StatefulSets, Deployments
// and Rollouts give them to pods (k8s.io/api apps/v1; argo-rollouts, DefaultRolloutUniqueLabelKey).
var ofControllers = map[string]bool{
	appsv1.StatefulSetPodNameLabel: true, appsv1.PodIndexLabel: true, appsv1.ControllerRevisionHashLabelKey: true,
	appsv1.DefaultDeploymentUniqueLabelKey: true, "rollouts-pod-template-hash": true,
}

// hasNearlyItsLabels tells of a workload whose pods have all of the selector's labels but for one,
// which is written nearly as one of theirs. Where another service leads to it, this one may well be meant
// for others: it is near only with two letters of a longer value that changed places, and that is no word of its own name.
func hasNearlyItsLabels(s *corev1.Service, w *workload) string {
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
		if len(w.services) == 0 && spelledAlike(value, has) || value != s.Name && misspelt(value, has) && (len(w.services) == 0 || swapped(value, has) && !strings.Contains(s.Name, value)) {
			return nearly(key + "=" + has)
		}
		return ""
	}
	if len(w.services) > 0 {
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

// swapped tells of two words in which two letters side by side have changed places.
// In a short word they may as well be meant.
func swapped(a, b string) bool {
	const longer = 5
	return len(a) == len(b) && len(a) >= longer && misspelt(a, b) && sorted(a) == sorted(b)
}

func sorted(s string) string {
	runes := []rune(s)
	slices.Sort(runes)
	return string(runes)
}

func letters(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
}
