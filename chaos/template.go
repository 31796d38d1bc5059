package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// templateChange is a change of the pod template.
type templateChange interface {
	name() check.DisruptionKind
	left() string
	// isFrom and isTo tell whether pods are to be as before the change, or as after it:
	// all of it or none.
	isFrom(pods corev1.PodTemplateSpec) bool
	isTo(pods corev1.PodTemplateSpec) bool
	// forth is the edit that makes it, back the one that undoes it, with what that
	// does in words.
	forth() edit
	back(w *Workload) (e edit, did string)
	// byOthers says what somebody else has done who has changed the same.
	byOthers() string
	// clear does what its undoing takes once the template is as it was.
	clear(ctx context.Context, w *Workload) error
}

// rollout makes a change of the template and undoes it. Each of that begins a rollout,
// with which a Deployment has one more revision.
type rollout struct{ templateChange }

func (rollout) overtaken(s state, before int64) bool { return s.revision() > before+1 }

func (rollout) revision(before int64) int64 { return before + 1 }

func (r rollout) made(w *Workload, s state) (edit, error) {
	if !r.isFrom(s.template) {
		return edit{}, w.changed(r.byOthers() + " by somebody else at the same moment")
	}
	return r.forth(), nil
}

// undone puts the former values back, so that the template is what it was and its old
// pods' revision takes over again.
func (r rollout) undone(_ context.Context, w *Workload, s state) (edit, string, error) {
	switch {
	case r.isFrom(s.template):
		return edit{}, "", nil
	case !r.isTo(s.template):
		return edit{}, "", w.changed(r.byOthers() + " by somebody else since, and it is left so")
	}
	e, did := r.back(w)
	return e, did, nil
}

// rollOut makes the change c of the template, which words tell, and waits for the
// rollout's end.
func (a *attempt) rollOut(ctx context.Context, s state, c change, words string) error {
	a.doomed = slices.DeleteFunc(a.view.activePods(), s.belowPartition)
	c.Revision = s.revision()
	after, when, err := a.begin(ctx, c)
	if err != nil {
		return fmt.Errorf("roll out %s: %w", a.Workload, err)
	}
	a.record(recording.Requested, when, words)
	return a.replaced(ctx, after.meta.Generation)
}

// belowPartition tells of a pod that a rollout leaves alone.
func (s state) belowPartition(pod *corev1.Pod) bool {
	n, numbered := ordinal(pod)
	return s.partition > 0 && numbered && n < s.partition
}

// BelowPartition tells how many of its pods a rollout leaves as they are: those of a
// StatefulSet below its partition. The controller makes them anew by their former template,
// too, until the partition is lowered (kubernetes pkg/controller/statefulset,
// newVersionedStatefulSetPod).
func (w *Workload) BelowPartition(ctx context.Context) (pods int, err error) {
	s, err := w.readAgain(ctx)
	if err != nil || s.partition <= s.start {
		return 0, err
	}
	return int(s.replicas - s.toUpdate()), nil
}

// equal tells whether both are absent or both hold the same.
func equal(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// containerOf finds a container of a pod; an empty name means the first. It is nil
// where there is none.
func containerOf(pod corev1.PodSpec, name string) *corev1.Container {
	for i := range pod.Containers {
		if pod.Containers[i].Name == name || name == "" {
			return &pod.Containers[i]
		}
	}
	return nil
}

// noContainer says that the template has no such container.
func noContainer(w *Workload, s state, name string) string {
	var names []string
	for _, c := range s.template.Spec.Containers {
		names = append(names, c.Name)
	}
	return fmt.Sprintf("%s has no container %q; want %s", w, name, strings.Join(names, " or "))
}
