package chaos

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/shell"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// restartedAtKey is the template annotation that `kubectl rollout restart`
// sets (kubectl pkg/polymorphichelpers/objectrestarter.go).
const restartedAtKey = "kubectl.kubernetes.io/restartedAt"

// restart is what `kubectl rollout restart` does.
type restart struct{}

func (restart) validate(_ context.Context, w *Workload, s state) (field, problem string, err error) {
	switch {
	case s.paused:
		problem = fmt.Sprintf("%s is paused, so nothing would end; resume it first: %s", w, shell.Line("kubectl rollout resume %s -n %s", w.String(), w.namespace))
	case s.onDelete:
		problem = fmt.Sprintf("%s has the update strategy OnDelete, so nothing would end; want RollingUpdate", w)
	case s.toUpdate() == 0:
		problem = fmt.Sprintf("%s has a partition of %d for its %s, so nothing would end", w, s.partition, podCount(s.replicas))
	}
	return "", problem, nil
}

func (restart) describe(w *Workload, s *state) string {
	return fmt.Sprintf("restart %s: ends %d of its %s, %s", w, s.toUpdate(), podCount(s.replicas), s.pace())
}

func (restart) permissions(check.Workload) []Permission { return nil }

// restartChange is what the template's restartedAt annotation was and became.
type restartChange struct {
	// From is nil where there was none.
	From *string `json:"from"`
	To   string  `json:"to"`
}

func (*restartChange) name() string { return "restart" }

func (*restartChange) overtaken(s state, before int64) bool { return s.revision() > before+1 }

func (*restartChange) revision(before int64) int64 { return before + 1 }

func (*restartChange) left() string { return "the template annotation " + restartedAtKey + " is set" }

func (r *restartChange) made(w *Workload, s state) (edit, error) {
	if !equal(s.restartedAt(), r.From) {
		return edit{}, &ChangedError{Object: w.String(), Problem: "was restarted by somebody else at the same moment"}
	}
	return edit{templateAnnotations: map[string]any{restartedAtKey: r.To}}, nil
}

// undone puts the former annotation back, so that the template is what it was
// and its old pods' revision takes over again.
func (r *restartChange) undone(w *Workload, s state) (edit, string, error) {
	now := s.restartedAt()
	switch {
	case equal(now, r.From):
		return edit{}, "", nil
	case !equal(now, &r.To):
		return edit{}, "", &ChangedError{Object: w.String(), Problem: "was restarted by somebody else since, and it is left so"}
	}
	var former any
	did := "template annotation " + restartedAtKey + " removed again"
	if r.From != nil {
		former = *r.From
		did = fmt.Sprintf("template annotation %s set back to %s", restartedAtKey, *r.From)
	}
	return edit{templateAnnotations: map[string]any{restartedAtKey: former}}, did, nil
}

// do sets the annotation and waits for the rollout's end.
func (restart) do(ctx context.Context, a *attempt, s state) error {
	c := restartChange{From: s.restartedAt(), To: restartTime(s.restartedAt(), a.Now())}
	a.doomed = slices.DeleteFunc(a.view.activePods(), s.belowPartition)
	after, when, err := a.begin(ctx, change{Revision: s.revision(), Restart: &c})
	if err != nil {
		return fmt.Errorf("restarting %s: %w", a.Workload, err)
	}
	a.record(recording.Requested, when, fmt.Sprintf("template annotation %s set to %s", restartedAtKey, c.To))
	return a.replaced(ctx, after.meta.Generation)
}

// belowPartition tells of a pod that a rollout leaves alone.
func (s state) belowPartition(pod *corev1.Pod) bool {
	n, numbered := ordinal(pod)
	return s.partition > 0 && numbered && n < s.partition
}

func (w *Workload) rolledOutSince(s state) error {
	return &ChangedError{Object: w.String(), Problem: fmt.Sprintf(
		"was rolled out by somebody else since (revision %d), and it is left so", s.revision())}
}

// restartTime gives the annotation's next value: the time in whole seconds, as
// kubectl writes it, but always later than the last one. Two restarts within a
// second would be one otherwise.
func restartTime(last *string, now time.Time) string {
	if last != nil {
		if before, err := time.Parse(time.RFC3339, *last); err == nil && now.Before(before.Add(time.Second)) {
			now = before.Add(time.Second)
		}
	}
	return now.Format(time.RFC3339)
}

// equal tells whether both are absent or both hold the same.
func equal(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
