package report

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// lagMargin is added to a measured propagation lag: a kube-proxy may wait up to
// 1 s longer another time (its minSyncPeriod), and the kubelet may begin up to
// 1 s earlier (both measured on a kind cluster).
const lagMargin = 2 * time.Second

// drainMargin is added to the longest request when a grace is computed.
const drainMargin = 2 * time.Second

// fix computes what to change from what was measured. It looks at all failures,
// so that the fixes of one report agree with each other.
func (s *scene) fix(cause Cause, all []*failure, r *recording.Recording) Fix {
	var members []*failure
	for _, f := range all {
		if f.cause == cause {
			members = append(members, f)
		}
	}
	sleep := wholeSeconds(propagationLag(all) + lagMargin)
	var longest time.Duration
	for _, d := range s.longest {
		longest = max(longest, d)
	}
	switch cause {
	case NoDrain:
		return Fix{
			Text: fmt.Sprintf("Handle SIGTERM: answer what is in flight (up to %s was seen here) and exit only then. "+
				"Let requests stop arriving first, with a preStop sleep of %d s; the patch adds it. "+
				"It saves short requests on new connections even without a change of the program; kept-alive connections need the program to answer with \"Connection: close\" while it drains.",
				human(longest), sleep),
			Patch: preStopPatch(members, sleep, longest),
		}
	case ListenerClosedEarly:
		return Fix{
			Text: fmt.Sprintf("Keep accepting until the cluster has stopped sending: a preStop sleep of %d s. "+
				"The last request that was turned away was sent %s after the kubelet began to stop the pod; %s are added for slower moments.",
				sleep, human(propagationLag(members)), human(lagMargin)),
			Patch: preStopPatch(members, sleep, longest),
		}
	case GraceTooShort:
		grace := s.neededGrace(members, longest)
		return Fix{
			Text: fmt.Sprintf("Set terminationGracePeriodSeconds to %d: requests took up to %s here, and the grace also has to hold preStop and the time in which requests still arrive. "+
				"Or make the requests shorter.", grace, human(longest)),
			Patch: podPatch(map[string]any{"terminationGracePeriodSeconds": grace}),
		}
	case KeepaliveCut:
		return Fix{Text: "While draining, answer with \"Connection: close\" and close a kept-alive connection only after that answer, or when it has been idle for long. " +
			"Clients that replay idempotent requests hide this loss; others do not."}
	case NoCapacity:
		return noCapacityFix(r)
	default:
		return Fix{Text: "No claim is made. Look at the failures' times in report.json beside the logs of the service and of what stands in front of it."}
	}
}

// propagationLag is the longest time from the kubelet's start to a request that
// was still sent to the pod. Where several pods may have been meant, it was that
// long at least since the last of them.
func propagationLag(members []*failure) time.Duration {
	var lag time.Duration
	for _, m := range members {
		var last time.Time
		for _, t := range m.suspects {
			start := t.KubeletStarted
			if !start.Known() {
				start = t.Requested
			}
			last = later(last, start.From)
		}
		if !last.IsZero() {
			lag = max(lag, m.SentAt().Sub(last))
		}
	}
	return lag
}

// neededGrace is the grace, in whole seconds, that would have let the cut
// requests finish: until the last of them was sent, plus the longest request.
func (s *scene) neededGrace(members []*failure, longest time.Duration) int {
	var age, grace time.Duration
	for _, m := range members {
		age = max(age, m.End-m.Sent)
		for _, t := range m.suspects {
			grace = max(grace, time.Duration(t.Grace))
		}
	}
	needed := propagationLag(members) + max(longest, age) + drainMargin
	return wholeSeconds(max(needed, grace+time.Second))
}

func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// preStopPatch adds the sleep, and the grace that it needs.
func preStopPatch(members []*failure, sleep int, longest time.Duration) string {
	var t *Termination
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

func noCapacityFix(r *recording.Recording) Fix {
	w := r.Header.Workload
	fix := Fix{Text: "Keep at least one pod ready at every moment: "}
	switch {
	case w.Replicas <= 1 && w.MaxUnavailable != "0":
		fix.Text += "run two replicas or more, and let a rollout start the new pod before it stops the old one (maxSurge 1, maxUnavailable 0)."
	case w.Replicas <= 1:
		fix.Text += "run two replicas or more."
	default:
		fix.Text += "let a rollout start new pods before it stops old ones (maxSurge 1, maxUnavailable 0), give the pods a readiness probe that tells the truth, and add a PodDisruptionBudget."
	}
	if w.Kind == "Deployment" && w.MaxUnavailable != "0" {
		fix.Patch = encode(map[string]any{"spec": map[string]any{"strategy": map[string]any{
			"rollingUpdate": map[string]any{"maxSurge": 1, "maxUnavailable": 0},
		}}})
	}
	return fix
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
