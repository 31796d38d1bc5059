package chaos

import (
	"context"
	"fmt"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Settings are how the pods are to end: what the template says of it.
type Settings struct {
	// Container is the one whose hook is meant, a main one.
	Container string `json:"container"`
	// PreStop is its hook, nil for none.
	PreStop *corev1.LifecycleHandler `json:"preStop"`
	// Grace is terminationGracePeriodSeconds.
	Grace int64 `json:"grace"`
}

// settingsOf gives those of a template; false where it has no such container.
func settingsOf(pods corev1.PodTemplateSpec, container string) (Settings, bool) {
	c := containerOf(pods.Spec, container)
	if c == nil {
		return Settings{}, false
	}
	s := Settings{Container: c.Name, Grace: graceOf(pods.Spec)}
	if c.Lifecycle != nil {
		s.PreStop = c.Lifecycle.PreStop
	}
	return s, true
}

// are tells whether they are those of a template.
func (s Settings) are(pods corev1.PodTemplateSpec) bool {
	now, there := settingsOf(pods, s.Container)
	return there && s.Grace == now.Grace && apiequality.Semantic.DeepEqual(s.PreStop, now.PreStop)
}

// String says them in words.
func (s Settings) String() string {
	return fmt.Sprintf("container %s with %s, and a grace period of %d s", s.Container, s.Hook(), s.Grace)
}

// Hook says the preStop hook in words.
func (s Settings) Hook() string {
	switch hook := s.PreStop; {
	case hook == nil:
		return "no preStop hook"
	case hook.Sleep != nil:
		return fmt.Sprintf("a preStop sleep of %d s", hook.Sleep.Seconds)
	case hook.Exec != nil:
		return "a preStop hook that runs " + strings.Join(hook.Exec.Command, " ")
	default:
		return "a preStop hook"
	}
}

// Instead is the part of a strategic merge patch that puts the hook in the place of
// another one's.
func (s Settings) Instead(of Settings) any { return handler(s.PreStop, of.PreStop) }

// settingsChange is how the template said that its pods end, and says it. It stands for a
// whole run, while other changes are made and undone.
type settingsChange struct {
	From Settings `json:"from"`
	To   Settings `json:"to"`
	// Bare tells that the container had no lifecycle at all.
	Bare bool `json:"bare,omitempty"`
	// Graceless tells that the template named no grace, which an API server would fill in.
	Graceless bool `json:"graceless,omitempty"`
	// RestartedAt is the template annotation by which a restart is asked for, nil for
	// none. What restarts the pods while the settings stand is put back with them.
	RestartedAt *string `json:"restartedAt"`
}

func newSettingsChange(pods corev1.PodTemplateSpec, to Settings) (*settingsChange, bool) {
	from, there := settingsOf(pods, to.Container)
	if !there {
		return nil, false
	}
	return &settingsChange{
		From: from, To: to, Bare: containerOf(pods.Spec, to.Container).Lifecycle == nil,
		Graceless: pods.Spec.TerminationGracePeriodSeconds == nil, RestartedAt: restartedAt(pods),
	}, true
}

// kindSettings is what the journal and the records call it: no check asks for it.
const kindSettings check.DisruptionKind = "settings"

func (*settingsChange) name() check.DisruptionKind { return kindSettings }

func (c *settingsChange) left() string {
	return "container " + c.To.Container + " has this run's preStop hook, and the pods its grace period"
}

func (*settingsChange) byOthers() string { return "was given another preStop hook or grace period" }

func (c *settingsChange) isFrom(pods corev1.PodTemplateSpec) bool {
	return c.From.are(pods) && equal(restartedAt(pods), c.RestartedAt)
}

// isTo takes the former settings, too: where somebody has put them back, a restart under
// those of the run is still to be undone.
func (c *settingsChange) isTo(pods corev1.PodTemplateSpec) bool {
	return c.To.are(pods) || c.From.are(pods)
}

func (c *settingsChange) forth() edit {
	return edit{
		containers: []any{map[string]any{"name": c.To.Container, "lifecycle": map[string]any{"preStop": handler(c.To.PreStop, c.From.PreStop)}}},
		grace:      c.To.Grace,
	}
}

func (c *settingsChange) back(*Workload) (edit, string) {
	var lifecycle any
	if !c.Bare {
		lifecycle = map[string]any{"preStop": handler(c.From.PreStop, c.To.PreStop)}
	}
	e := edit{
		containers:          []any{map[string]any{"name": c.From.Container, "lifecycle": lifecycle}},
		grace:               c.From.Grace,
		templateAnnotations: map[string]any{restartedAtKey: nil},
	}
	if c.Graceless {
		e.grace = removed{}
	}
	if c.RestartedAt != nil {
		e.templateAnnotations[restartedAtKey] = *c.RestartedAt
	}
	return e, fmt.Sprintf("the preStop hook of container %s and the grace period of %d s put back", c.From.Container, c.From.Grace)
}

func (*settingsChange) clear(context.Context, *Workload) error { return nil }

// handler is the part of a strategic merge patch that puts one handler in the place of
// another: a handler has one action, so that the other's has to go.
func handler(to, from *corev1.LifecycleHandler) any {
	if to == nil {
		return nil
	}
	patch := map[string]any{}
	for field := range actions(from) {
		patch[field] = nil
	}
	maps.Copy(patch, actions(to))
	return patch
}

// actions gives those that a handler has, by their fields.
func actions(h *corev1.LifecycleHandler) map[string]any {
	all := map[string]any{}
	if h == nil {
		return all
	}
	if h.Exec != nil {
		all["exec"] = h.Exec
	}
	if h.HTTPGet != nil {
		all["httpGet"] = h.HTTPGet
	}
	if h.TCPSocket != nil {
		all["tcpSocket"] = h.TCPSocket
	}
	if h.Sleep != nil {
		all["sleep"] = h.Sleep
	}
	return all
}
