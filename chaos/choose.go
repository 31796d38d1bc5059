package chaos

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// pickPods picks n of the pods to end, the same ones each time: Ready pods before
// others, from one node after the other, in the order of their names.
func pickPods(from []*corev1.Pod, n int) []*corev1.Pod {
	type candidate struct {
		pod *corev1.Pod
		// late is 1 for a pod that is not Ready, rank its place among those of
		// its node that are as it is.
		late, rank int
	}
	type place struct {
		node string
		late int
	}
	var candidates []candidate
	taken := map[place]int{}
	sorted := slices.Clone(from)
	sortByName(sorted)
	for _, pod := range sorted {
		at := place{node: pod.Spec.NodeName}
		if whyNotReady(pod) != "" {
			at.late = 1
		}
		candidates = append(candidates, candidate{pod, at.late, taken[at]})
		taken[at]++
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.late, b.late), cmp.Compare(a.rank, b.rank))
	})
	var chosen []*corev1.Pod
	for _, c := range candidates[:min(n, len(candidates))] {
		chosen = append(chosen, c.pod)
	}
	return chosen
}

// choosePods picks n of the live pods. The watch may show fewer than the
// workload wants.
func (a *attempt) choosePods(n int) ([]*corev1.Pod, error) {
	live := a.view.activePods()
	if len(live) < n {
		return nil, planError(fmt.Sprintf("disruptions[%d].%s.pods", a.index, a.name),
			fmt.Sprintf("%s, but %s has %d now that nobody has asked to end", podCount(n), a.Workload, len(live)))
	}
	return pickPods(live, n), nil
}
