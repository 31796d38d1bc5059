package analysis

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/shutdowncheck/shutdowncheck/internal/shell"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// lagMargin is added to a measured propagation lag: a kube-proxy may wait up to
// 1 s longer another time (its minSyncPeriod), and the kubelet may begin up to
// 1 s earlier (both measured on a kind cluster).
const lagMargin = 2 * time.Second

// drainMargin is added to the longest request when a grace is computed.
const drainMargin = 2 * time.Second

// measured is what the fixes of one report are computed from.
type measured struct {
	// members are the failures of the cause at hand.
	members []*failure
	// longest is how long an answered request took at the most.
	longest time.Duration
	// lag is how long after the kubelet's start a pod was still sent new
	// connections, over all failures, so that the fixes agree with each other.
	lag    time.Duration
	header *recording.Header
}

// sleep is the preStop sleep, in whole seconds, that outlasts the lag.
func (m *measured) sleep() int { return wholeSeconds(m.lag + lagMargin) }

// fixes computes, for each cause, what to change.
var fixes = map[report.Cause]func(*measured) report.Fix{
	report.NoDrain:             fixNoDrain,
	report.ListenerClosedEarly: fixListenerClosedEarly,
	report.GraceTooShort:       fixGraceTooShort,
	report.SigtermIgnored:      fixSigtermIgnored,
	report.KeepaliveCut:        fixKeepaliveCut,
	report.PrestopEatsGrace:    fixPrestopEatsGrace,
	report.ErrorsWhileDraining: fixErrorsWhileDraining,
	report.NotReadyYet:         fixNotReadyYet,
	report.NoCapacity:          fixNoCapacity,
	report.Restarted:           fixRestarted,
	report.Killed:              fixKilled,
	report.Node:                fixNode,
	report.ObservationGap: func(*measured) report.Fix {
		return report.Fix{Text: "No claim is made. Run the check again; if gaps come back, run it inside the cluster."}
	},
	report.Unknown: func(*measured) report.Fix {
		return report.Fix{Text: "No claim is made. Look at the failures' times in report.json beside the logs of the service and of what stands in front of it."}
	},
}

func (s *scene) fix(cause report.Cause, all []*failure, r *recording.Recording) report.Fix {
	m := &measured{lag: propagationLag(all), longest: s.longestOfAll(), header: &r.Header}
	for _, f := range all {
		if f.cause == cause {
			m.members = append(m.members, f)
		}
	}
	return fixes[cause](m)
}

func fixNoDrain(m *measured) report.Fix {
	return report.Fix{
		Text: fmt.Sprintf("Handle SIGTERM: answer what is in flight (up to %s was seen here) and exit only then. "+
			"Let requests stop arriving first, with a preStop sleep of %d s; the patch adds it. "+
			"It saves short requests on new connections even without a change of the program; kept-alive connections need the program to answer with \"Connection: close\" while it drains.",
			text.Coarse(m.longest), m.sleep()),
		Patch: preStopPatch(m.members, m.sleep(), m.longest),
	}
}

func fixListenerClosedEarly(m *measured) report.Fix {
	return report.Fix{
		Text: fmt.Sprintf("Keep accepting until the cluster has stopped sending: a preStop sleep of %d s. "+
			"The last request that was turned away was sent %s after the kubelet began to stop the pod; %s are added for slower moments.",
			m.sleep(), text.Coarse(propagationLag(m.members)), text.Coarse(lagMargin)),
		Patch: preStopPatch(m.members, m.sleep(), m.longest),
	}
}

func fixGraceTooShort(m *measured) report.Fix {
	grace, sum := m.neededGrace()
	return report.Fix{
		Text:  fmt.Sprintf("Set terminationGracePeriodSeconds to %d: %s. Or make the requests shorter.", grace, sum),
		Patch: podPatch(map[string]any{"terminationGracePeriodSeconds": grace}),
	}
}

func fixSigtermIgnored(m *measured) report.Fix {
	return report.Fix{Text: fmt.Sprintf("Handle SIGTERM in the container's first process: stop when it comes, after answering what is in flight (up to %s was seen here). "+
		"The kernel does not deliver a signal without a handler to PID 1; a shell as PID 1 does not pass it on: start the program with exec (in a Dockerfile: CMD [\"app\"], not CMD app), or under an init such as tini. "+
		"A longer grace only makes each rollout slower.", text.Coarse(m.longest))}
}

func fixKeepaliveCut(*measured) report.Fix {
	return report.Fix{Text: "While draining, answer with \"Connection: close\" and close a kept-alive connection only after that answer, or when it has been idle for long. " +
		"Clients that replay idempotent requests hide this loss; others do not."}
}

func fixPrestopEatsGrace(m *measured) report.Fix {
	grace, sum := m.neededGrace()
	return report.Fix{
		Text: fmt.Sprintf("The grace counts from the beginning of the preStop hook, not from its end. Set terminationGracePeriodSeconds to %d: %s. "+
			"Or make the hook shorter: %d s would have outlasted the time in which new connections still came.",
			grace, sum, m.sleep()),
		Patch: podPatch(map[string]any{"terminationGracePeriodSeconds": grace}),
	}
}

func fixErrorsWhileDraining(m *measured) report.Fix {
	return report.Fix{
		Text: fmt.Sprintf("After SIGTERM go on answering requests as before; only the readiness probe's path may say no. "+
			"A preStop sleep of %d s keeps SIGTERM away until new connections have stopped coming; the patch adds it. Kept-alive connections still need a program that answers properly, with \"Connection: close\".", m.sleep()),
		Patch: preStopPatch(m.members, m.sleep(), m.longest),
	}
}

func fixNotReadyYet(m *measured) report.Fix {
	var longest time.Duration
	probed := true
	for _, f := range m.members {
		for _, life := range f.starting {
			probed = probed && life.probed
			if !life.served.IsZero() {
				longest = max(longest, life.served.Sub(life.entered.From))
			}
		}
	}
	line := "Add a readiness probe that fails until the program can answer requests: without one a pod gets traffic as soon as its process runs. "
	if probed {
		line = "Let the readiness probe fail until the program can answer requests, not only until it listens. "
	}
	if longest > 0 {
		line += fmt.Sprintf("The first answer came up to %s after the pod was called ready. ", text.Coarse(longest))
	}
	return report.Fix{Text: line + "minReadySeconds slows a rollout down, but does not keep traffic away."}
}

func fixRestarted(m *measured) report.Fix {
	var texts []string
	patch := ""
	once := map[report.EndedBy]bool{}
	for _, f := range m.members {
		for _, t := range f.suspects {
			if once[t.EndedBy] {
				continue
			}
			once[t.EndedBy] = true
			switch t.EndedBy {
			case report.ByOOM:
				texts = append(texts, "Give the container the memory it needs under this load, or find the leak: it was killed at its memory limit"+limitOf(t)+".")
			case report.ByProbe:
				texts = append(texts, fmt.Sprintf("Make the liveness probe more patient than the service is slow, and let it ask for less than the readiness probe does: requests took up to %s here. "+
					"A liveness probe is there to end what is stuck; a busy pod gets slower, and the others too, when it is restarted.", text.Coarse(m.longest)))
				patch = livenessPatch(t, m.longest)
			default:
				texts = append(texts, fmt.Sprintf("Find out why container %s ended (exit code %s): %s.", t.Container, codeOf(t), shell.Line("kubectl logs %s -c %s --previous", t.Pod, t.Container)))
			}
		}
	}
	return report.Fix{Text: strings.Join(texts, " "), Patch: patch}
}

func limitOf(t *termination) string {
	if t.memoryLimit == 0 {
		return ""
	}
	return " of " + size(t.memoryLimit)
}

func codeOf(t *termination) string {
	if t.ExitCode == nil {
		return "not known"
	}
	return fmt.Sprint(*t.ExitCode)
}

func fixKilled(*measured) report.Fix {
	return report.Fix{Text: "Nothing in the manifest prevents this loss: the pod was given no time, which is what the disruption did. Keep forced deletes and signals for pods that are beyond help. " +
		"Clients that try again, and enough replicas, make it small; give it a budget where it has to be borne."}
}

func fixNode(*measured) report.Fix {
	return report.Fix{Text: "The kubelet ended the pod by itself, and its endpoint stays ready until the containers have stopped (kubernetes#116965), so a preStop sleep alone does not help. " +
		"Drain a node before it is shut down, and give the pods requests and limits that keep the node out of pressure."}
}

func fixNoCapacity(m *measured) report.Fix {
	w := m.header.Workload
	fix := report.Fix{Text: "Keep at least one pod ready at every moment: "}
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

// propagationLag is the longest time from the kubelet's start to a request that
// was still sent to the pod on a new connection.
func propagationLag(failures []*failure) time.Duration {
	return arrivalLag(slices.DeleteFunc(slices.Clone(failures), func(f *failure) bool { return !f.Fresh() }))
}

// arrivalLag is the longest time from the kubelet's start to a request that was
// still sent to the pod. Where several pods may have been meant, it was that
// long at least since the last of them.
func arrivalLag(failures []*failure) time.Duration {
	var lag time.Duration
	for _, f := range failures {
		var last time.Time
		for _, t := range f.suspects {
			if t.Container != "" {
				continue
			}
			start := t.KubeletStarted
			if !start.Known() {
				start = t.Requested
			}
			last = later(last, start.From)
		}
		if !last.IsZero() {
			lag = max(lag, f.SentAt().Sub(last))
		}
	}
	return lag
}

// longestSeen is how long a request took at the most, answered or cut.
func (m *measured) longestSeen() time.Duration { return max(m.longest, oldest(m.members)) }

// neededGrace is the grace, in whole seconds, that would have let the cut
// requests finish, and how it comes about: the preStop hook, or longer where
// requests still came, be it on kept connections; then the longest request.
func (m *measured) neededGrace() (seconds int, sum string) {
	var hook, grace time.Duration
	for _, f := range m.members {
		for _, t := range f.suspects {
			hook = max(hook, time.Duration(t.PreStopSleep))
			grace = max(grace, time.Duration(t.Grace))
		}
	}
	arrivals := arrivalLag(m.members)
	first := text.Coarse(hook) + " for the preStop hook"
	if arrivals > hook {
		first = text.Coarse(arrivals) + " in which requests still came after the stop had begun"
	}
	needed := max(arrivals, hook) + m.longestSeen() + drainMargin
	return wholeSeconds(max(needed, grace+time.Second)),
		fmt.Sprintf("%s, %s for the longest request, and %s to spare", first, text.Coarse(m.longestSeen()), text.Coarse(drainMargin))
}

func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
