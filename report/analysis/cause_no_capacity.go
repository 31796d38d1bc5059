package analysis

import (
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// causeNoCapacity: the request came when no endpoint was ready.
var causeNoCapacity = cause{
	name:      report.NoCapacity,
	says:      "no pod was ready to take the request",
	turnsAway: true,
	explains:  func(l loss) bool { return l.nobodyReady && (l.end == nil || l.end.orderly()) },
	fix: func(m *measured) report.Fix {
		w := &m.workload
		fix := report.Fix{Text: "Keep at least one pod ready at every moment: "}
		switch {
		case m.learnsLate():
			return m.waitUntilLearned()
		case m.toNone:
			fix.Text = "The check itself asked for no pods (scale to 0), and no change of the workload keeps what comes then. Scale to 1 or more to test its ends. " +
				"To be without pods on purpose takes something in front that holds requests until one is ready."
			return fix
		case w.LocalNode != "":
			fix.Text = "A node without a ready pod turns away whatever comes to it, as the service's externalTrafficPolicy is Local. " +
				"Keep a pod ready on each node that traffic comes to (let a rollout start the new one there before it stops the old one), " +
				"have a load balancer in front that asks the nodes' health check port, or set externalTrafficPolicy to Cluster."
			return fix
		case w.Kind == "StatefulSet":
			// It ends a pod before it makes the next one, and has no maxSurge.
			fix.Text += "run two replicas or more, give the pods a readiness probe that tells the truth, and add a PodDisruptionBudget: a StatefulSet ends a pod before it starts the one in its place."
		case w.Kind == "DaemonSet":
			// It has no replicas: a node has one pod, or two while a rollout has a surge.
			// No patch: with maxSurge pods must not take a port of their node.
			fix.Text += "let a rollout start a node's new pod before it stops the old one (updateStrategy RollingUpdate with maxSurge 1 and maxUnavailable 0; " +
				"pods that take a port of their node, by hostPort or hostNetwork, cannot stand beside each other), and give the pods a readiness probe that tells the truth."
		case w.Recreates():
			// The strategy is one for programs of which two must not run at once.
			fix.Text += "the strategy is Recreate, with which every rollout ends all pods before it starts new ones. Use RollingUpdate, which starts the new pod before it stops the old one (maxSurge 1, maxUnavailable 0)"
			if w.Replicas <= 1 {
				fix.Text += ", and run two replicas or more"
			}
			fix.Text += ", if two versions may run side by side. A volume that one node or one pod alone may mount (ReadWriteOnce, ReadWriteOncePod) stands against that: the new pod cannot start where it cannot mount it."
		case w.Replicas <= 1 && w.MaxUnavailable != "0":
			fix.Text += "run two replicas or more, and let a rollout start the new pod before it stops the old one (maxSurge 1, maxUnavailable 0)."
		case w.Replicas <= 1:
			fix.Text += "run two replicas or more."
		default:
			fix.Text += "let a rollout start new pods before it stops old ones (maxSurge 1, maxUnavailable 0), give the pods a readiness probe that tells the truth, and add a PodDisruptionBudget."
		}
		if w.Kind == "Deployment" && w.MaxUnavailable != "0" {
			strategy := patch.Object{"rollingUpdate": patch.Object{"maxSurge": 1, "maxUnavailable": 0}}
			if w.Recreates() {
				// Beside Recreate the API forbids rollingUpdate (kubernetes
				// pkg/apis/apps/validation, ValidateDeploymentStrategy).
				strategy["type"] = "RollingUpdate"
			}
			fix.Patch = patch.JSON(patch.Object{"spec": patch.Object{"strategy": strategy}})
		}
		return fix
	},
}

// learnsLate tells that requests were lost as the played balancer had forgotten the old pods
// and not learned of the new ones yet, though some were ready.
func (m *measured) learnsLate() bool {
	return m.played != nil && m.played.LagIn > 0 && m.unknown > 0 && !m.toNone
}

// waitUntilLearned lets a rollout wait until the balancer has learned of its new pods. Only
// minReadySeconds holds it up for a fixed time (kubernetes pkg/controller/deployment,
// and the same of other workloads); a readiness gate of the balancer's controller does so for
// as long as it takes.
func (m *measured) waitUntilLearned() report.Fix {
	seconds := wholeSeconds(m.played.late() + smallMargin)
	fix := report.Fix{Text: fmt.Sprintf("Let a rollout end old pods only when the balancer knows the new ones: the one that was played (%s) learns of a pod %s after it is ready. "+
		"Set minReadySeconds to %d, or have the balancer's controller set a readiness gate on the pods; and let new pods start before old ones end (maxSurge 1, maxUnavailable 0).", m.played, text.Coarse(m.played.late()), seconds)}
	spec := patch.Object{"minReadySeconds": seconds}
	if m.workload.Kind == "Deployment" && m.workload.MaxUnavailable != "0" && !m.workload.Recreates() {
		spec["strategy"] = patch.Object{"rollingUpdate": patch.Object{"maxSurge": 1, "maxUnavailable": 0}}
	}
	fix.Patch = patch.JSON(patch.Object{"spec": spec})
	return fix
}
