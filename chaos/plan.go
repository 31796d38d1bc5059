package chaos

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Plan says what the disruptions would do to the workload as it is now, one
// line each, and changes nothing. The error is a PlanError for the first
// disruption that the workload cannot undergo.
func (w *Workload) Plan(ctx context.Context, disruptions []check.Disruption) ([]string, error) {
	s, err := w.read(ctx)
	if err != nil {
		return nil, err
	}
	var lines []string
	for i, d := range disruptions {
		if err := w.fit(s, i, d); err != nil {
			return nil, err
		}
		lines = append(lines, w.describe(s, d))
		if d.Scale != nil && !restores(d.Scale) {
			s.replicas = d.Scale.To
		}
	}
	return lines, nil
}

// restores tells whether the scale is put back at its end.
func restores(scale *check.Scale) bool { return scale.Restore == nil || *scale.Restore }

// fit tells why the workload cannot undergo a disruption.
func (w *Workload) fit(s state, index int, d check.Disruption) error {
	at := fmt.Sprintf("disruptions[%d]", index)
	unfit := func(field, format string, args ...any) error {
		return &PlanError{Field: &check.FieldError{Field: field, Problem: fmt.Sprintf(format, args...)}}
	}
	switch {
	case d.Kind() == "":
		return unfit(at, "want exactly one disruption")
	case s.replicas == 0:
		return unfit(at+"."+d.Kind(), "%s wants no pods, so nothing would end", w)
	case d.Restart != nil && s.paused:
		return unfit(at+".restart", "%s is paused, so nothing would end; resume it first: kubectl rollout resume %s -n %s", w, w, w.namespace)
	case d.Restart != nil && s.onDelete:
		return unfit(at+".restart", "%s has the update strategy OnDelete, so nothing would end; want RollingUpdate", w)
	case d.Restart != nil && s.toUpdate() == 0:
		return unfit(at+".restart", "%s has a partition of %d for its %s, so nothing would end", w, s.partition, pods(s.replicas))
	case d.Scale != nil && w.api.scales == nil:
		return unfit(at+".scale", "%s has no replicas to set; want restart", w)
	case d.Scale != nil && d.Scale.To >= s.replicas:
		return unfit(at+".scale.to", "%d replicas, but %s wants %d now, so nothing would end; want 0 to %d", d.Scale.To, w, s.replicas, s.replicas-1)
	}
	return nil
}

func (w *Workload) describe(s state, d check.Disruption) string {
	if d.Restart != nil {
		return fmt.Sprintf("restart %s: ends %d of its %s, %s", w, s.toUpdate(), pods(s.replicas), s.pace())
	}
	line := fmt.Sprintf("scale %s from %d to %d: ends %s", w, s.replicas, d.Scale.To, pods(s.replicas-d.Scale.To))
	if restores(d.Scale) {
		return fmt.Sprintf("%s, then back to %d", line, s.replicas)
	}
	return line + ", and it stays so"
}

// pace says how many pods there are while a rollout is under way. Surge rounds
// up, unavailable down, and not both are 0 (kubernetes
// pkg/controller/deployment/util, ResolveFenceposts).
func (s state) pace() string {
	if s.allAtOnce {
		return "all before the first replacement is made"
	}
	unavailable := share(s.maxUnavailable, s.replicas, false)
	surge := share(s.maxSurge, s.replicas, true)
	if unavailable == 0 && surge == 0 {
		unavailable = 1
	}
	return fmt.Sprintf("with at least %d available and at most %d at once", max(s.replicas-unavailable, 0), s.replicas+surge)
}

func share(value *intstr.IntOrString, of int32, up bool) int32 {
	if value == nil {
		return 0
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(value, int(of), up)
	if err != nil {
		return 0
	}
	return int32(n)
}
