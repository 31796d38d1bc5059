package analysis

import (
	"encoding/json"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// preStopPatch adds the sleep, and the grace that it needs.
func preStopPatch(members []*failure, sleep int, longest time.Duration) string {
	var t *termination
	for _, m := range members {
		if len(m.suspects) > 0 {
			t = m.suspects[0]
			break
		}
	}
	if t == nil || t.container == "" {
		return ""
	}
	preStop := map[string]any{"sleep": map[string]any{"seconds": sleep}}
	// A hook has exactly one handler: another one has to go.
	switch t.PreStop {
	case recording.PreStopExec:
		preStop["exec"] = nil
	case recording.PreStopHTTP:
		preStop["httpGet"] = nil
	}
	spec := map[string]any{
		"containers": []any{map[string]any{
			"name":      t.container,
			"lifecycle": map[string]any{"preStop": preStop},
		}},
	}
	if needed := time.Duration(sleep)*time.Second + longest + drainMargin; time.Duration(t.Grace) < needed {
		spec["terminationGracePeriodSeconds"] = wholeSeconds(needed)
	}
	return podPatch(spec)
}

// podPatch wraps a pod spec's change into a strategic merge patch of the
// workload.
func podPatch(spec map[string]any) string {
	return encode(map[string]any{"spec": map[string]any{"template": map[string]any{"spec": spec}}})
}

// livenessPatch makes the probe twice as patient as the longest request, and at
// least as patient as Kubernetes' own default of three attempts.
func livenessPatch(t *termination, longest time.Duration) string {
	p := t.liveness
	if p == nil {
		return ""
	}
	return podPatch(map[string]any{
		"containers": []any{map[string]any{
			"name": t.Container,
			"livenessProbe": map[string]any{
				"timeoutSeconds":   max(wholeSeconds(2*longest), wholeSeconds(2*p.Timeout)),
				"failureThreshold": max(p.Failures, 3),
			},
		}},
	})
}

// encode writes a patch. Maps of plain values always encode, with their keys in
// order.
func encode(patch map[string]any) string {
	data, err := json.Marshal(patch)
	if err != nil {
		return ""
	}
	return string(data)
}
