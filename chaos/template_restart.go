package chaos

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// restartChange is what the template's restartedAt annotation was and became.
type restartChange struct {
	// From is nil where there was none.
	From *string `json:"from"`
	To   string  `json:"to"`
}

func (*restartChange) name() check.DisruptionKind { return check.KindRestart }

func (*restartChange) left() string { return "the template annotation " + restartedAtKey + " is set" }

func (*restartChange) byOthers() string { return "was restarted" }

func (r *restartChange) isFrom(pods corev1.PodTemplateSpec) bool {
	return equal(restartedAt(pods), r.From)
}

func (r *restartChange) isTo(pods corev1.PodTemplateSpec) bool {
	return equal(restartedAt(pods), &r.To)
}

func (r *restartChange) forth() edit {
	return edit{templateAnnotations: map[string]any{restartedAtKey: r.To}}
}

func (r *restartChange) back(*Workload) (edit, string) {
	if r.From == nil {
		return edit{templateAnnotations: map[string]any{restartedAtKey: nil}}, "template annotation " + restartedAtKey + " removed again"
	}
	return edit{templateAnnotations: map[string]any{restartedAtKey: *r.From}}, fmt.Sprintf("template annotation %s set back to %s", restartedAtKey, *r.From)
}

func (*restartChange) clear(context.Context, *Workload) error { return nil }

// restartedAt is the template's annotation by which kubectl and this package
// ask for a restart; nil where there is none.
func restartedAt(pods corev1.PodTemplateSpec) *string {
	value, ok := pods.Annotations[restartedAtKey]
	if !ok {
		return nil
	}
	return &value
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
