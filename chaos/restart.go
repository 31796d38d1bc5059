package chaos

import (
	"context"
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// restartedAtKey is the template annotation that `kubectl rollout restart`
// sets (kubectl pkg/polymorphichelpers/objectrestarter.go).
const restartedAtKey = "kubectl.kubernetes.io/restartedAt"

// restart is what `kubectl rollout restart` does.
type restart struct{}

func (restart) validate(_ context.Context, w *Workload, s state) (field, problem string, err error) {
	switch {
	case s.paused:
		problem = fmt.Sprintf("%s is paused, so nothing would end; resume it first: %s", w, w.byHand.Kubectl("rollout", "resume", w.String(), "-n", w.namespace))
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

// do sets the annotation and waits for the rollout's end.
func (restart) do(ctx context.Context, a *attempt, s state) error {
	former := restartedAt(s.template)
	c := &restartChange{From: former, To: restartTime(former, a.Now())}
	return a.rollOut(ctx, s, change{Restart: c}, fmt.Sprintf("template annotation %s set to %s", restartedAtKey, c.To))
}
