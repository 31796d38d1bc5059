package lint

import (
	"fmt"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

var rolloutRules = []rule{{
	id:    "one-replica",
	cause: report.NoCapacity,
	doc:   "One pod alone behind a service: whatever ends it leaves none.",
	find: func(w *workload, report func(breach)) {
		n, known := w.replicas()
		if !known || n != 1 || len(w.serving()) == 0 || w.othersStay() {
			return
		}
		if w.claim != nil && w.recreated() {
			return // which says as much, and more
		}
		b := breach{
			severity: Warning, field: "spec.replicas",
			why:   "There is one pod: while a drain, an eviction or a failing node ends it, none is ready until its replacement is.",
			fix:   "Run 2 replicas or more.",
			patch: patch.JSON(patch.Object{"spec": patch.Object{"replicas": 2}}),
		}
		if w.statefulSet != nil {
			b.severity = Error
			b.why = "There is one pod, and a StatefulSet ends a pod before it starts its replacement: none is ready during every restart."
			// Its pods are not each other's likes (apps/v1 StatefulSet): two databases that know
			// nothing of each other would answer in turns.
			b.fix, b.patch = "Run 2 replicas or more, if the program keeps what they hold alike", ""
			if len(w.statefulSet.Spec.VolumeClaimTemplates) > 0 {
				b.fix += ": each has a claim of its own"
			}
			b.fix += "."
		}
		if by := w.scale.by; by != nil {
			b.of, b.field = &by.other, by.field
			b.why = by.keeps(1) + ": while there are no more, whatever ends it leaves none ready until its replacement is."
			b.fix = by.raise()
			b.patch = ""
		}
		if w.claim != nil {
			b.why += " " + w.claim.why()
			b.fix, b.patch = w.claim.fix(), ""
		}
		if why := w.single(); why != "" && b.patch != "" {
			b.why += " " + why
			b.fix, b.patch = "Run 2 replicas or more, if the program allows for two of itself.", ""
			if w.leads() != "" && w.traffic < certain {
				b.severity = Note // what it does goes on, by its own accord, where it was left
			}
		}
		if alone, beside := w.lonely(); beside {
			b.severity = Note
			b.why = fmt.Sprintf("Behind the service %s this is the only pod: while it ends, requests to that service find none.", alone[0].Value.Name)
		}
		report(b)
	},
}, {
	id:    "scales-to-zero",
	cause: report.NoCapacity,
	doc:   "An autoscaler may take the last pod away: requests find none until the next is ready (keda.sh: minReplicaCount is 0 by default).",
	find: func(w *workload, report func(breach)) {
		by := w.scale.by
		n, known := w.replicas()
		if by == nil || !known || n != 0 || len(w.serving()) == 0 || w.othersStay() {
			return
		}
		b := breach{
			severity: Warning, of: &by.other, field: by.field,
			why: fmt.Sprintf("The %s may leave no pod at all: requests that come then find none, and the next is only started once it notices.", by.kind),
			fix: by.raise() + " Or put something before the service that holds requests until a pod is ready.",
		}
		if _, beside := w.lonely(); beside || w.traffic < certain {
			b.severity = Note
		}
		report(b)
	},
}, {
	id:    "recreate",
	cause: report.NoCapacity,
	doc:   "The strategy Recreate ends all pods before it starts new ones.",
	find: func(w *workload, report func(breach)) {
		if !w.recreated() || w.scale.off || len(w.serving()) == 0 {
			return
		}
		b := breach{
			severity: Error, field: "spec.strategy.type",
			why:   "The strategy is Recreate: every rollout ends all pods before the first new one starts.",
			fix:   "Use RollingUpdate.",
			patch: w.rollingInstead(),
		}
		if b.patch == "" {
			b.fix = "Use RollingUpdate, if two of the program may run at once."
		}
		if store := w.dataStore(); store != "" {
			b.severity = Warning
			b.why += fmt.Sprintf(" %s keeps data of its own in each pod.", store)
		}
		if w.claim != nil {
			b.severity = Warning
			b.why += " " + w.claim.why()
			b.fix = w.claim.fix()
		}
		if w.othersStay() {
			b.severity = Note
			b.why += " The service has other pods too, which have to bear all requests meanwhile."
		}
		report(b)
	},
}, {
	id:    "rollout-leaves-none",
	cause: report.NoCapacity,
	doc:   "maxUnavailable lets a rollout take all pods at once (pkg/controller/deployment/util ResolveFenceposts: maxSurge rounds up, maxUnavailable down, not both 0; of StatefulSets and DaemonSets maxUnavailable rounds up).",
	find: func(w *workload, report func(breach)) {
		if len(w.serving()) == 0 || w.scale.off || w.othersStay() {
			return
		}
		switch {
		case w.daemonSet != nil:
			daemonSetLeavesNone(w.daemonSet, report)
		case w.statefulSet != nil:
			statefulSetLeavesNone(w, report)
		default:
			deploymentLeavesNone(w, report)
		}
	},
}, {
	id:    "claim-holds-rollout",
	cause: report.NoCapacity,
	doc:   "A rollout that starts new pods first waits where their volume is held by the old ones (Multi-Attach; ReadWriteOncePod).",
	find: func(w *workload, report func(breach)) {
		n, known := w.replicas()
		surge, unavailable, rolling := w.fenceposts(n)
		if w.claim == nil || !w.claim.known || !known || !rolling || surge == 0 || unavailable > 0 || !w.claim.holds() {
			return
		}
		report(breach{
			severity: Note, field: "spec.strategy",
			why: w.claim.why() + " A rollout ends no old one before that, and stands still.",
			fix: w.claim.fix() + " Until then the strategy Recreate ends the old pod first, with a gap at each rollout.",
		})
	},
}, {
	id:    "rollout-halves",
	cause: report.NoCapacity,
	doc:   "Without surge a rollout of few pods runs on half of them or fewer.",
	find: func(w *workload, report func(breach)) {
		n, known := w.replicas()
		surge, unavailable, rolling := w.fenceposts(n)
		if known && rolling && surge == 0 && unavailable < n && 2*unavailable >= n && len(w.serving()) > 0 && !w.othersStay() {
			b := breach{
				severity: Note, field: "spec.strategy.rollingUpdate.maxSurge",
				why:   fmt.Sprintf("maxSurge is 0 and %d of %s may be unavailable: a rollout runs on %d.", unavailable, text.Count(n, "pod"), n-unavailable),
				fix:   "Set maxUnavailable to 0 and maxSurge to 1.",
				patch: rollingPatch(),
			}
			if w.claim != nil {
				b.why += " " + w.claim.why()
				b.fix, b.patch = w.claim.fix(), ""
			}
			report(b)
		}
	},
}, {
	id:    "host-port-surge",
	cause: report.NoCapacity,
	doc:   "Pods that take a port of their node cannot stand beside their replacement there.",
	find: func(w *workload, report func(breach)) {
		n, _ := w.replicas()
		surge, _, rolling := w.fenceposts(n)
		ofNode := w.daemonSet != nil && surges(w.daemonSet) && !w.void("spec.updateStrategy")
		if !ofNode && (!rolling || surge == 0) {
			return
		}
		c, port := w.hostPort()
		if port == 0 && !ofNode {
			if b := w.undeclaredHostPort(surge); b.why != "" {
				report(b)
			}
		}
		switch {
		case port == 0:
		case ofNode:
			report(breach{
				severity: Warning, always: true, container: c.Name, field: c.field + ".ports",
				why: fmt.Sprintf("The pod takes port %d of its node, and maxSurge has a rollout start the node's new pod beside the old one: it finds the port taken, and the rollout never ends.", port),
				fix: "Leave maxSurge at 0, or do without host ports.",
			})
		default:
			report(breach{
				severity: Note, container: c.Name, field: c.field + ".ports",
				why: fmt.Sprintf("The pod takes port %d of its node: a rollout adds %s, and each needs a node where the port is free, or the rollout stands still.", port, text.Count(surge, "pod")),
				fix: "Have more nodes than pods, or do without host ports.",
			})
		}
	},
}}

// hostPort is the first port of the node that the pod takes, 0 if it takes none. With the
// node's network a container's ports are the node's (core/v1 PodSpec.HostNetwork).
func (w *workload) hostPort() (c container, port int32) {
	for _, c := range w.containers() {
		for _, p := range c.Ports {
			switch {
			case p.HostPort != 0:
				return c, p.HostPort
			case w.template.Spec.HostNetwork:
				return c, p.ContainerPort
			}
		}
	}
	return container{}, 0
}

// undeclaredHostPort tells of a port of the node that a service leads to and no container declares:
// the scheduler keeps pods apart by the ports that are declared (kubernetes scheduler, NodePorts).
func (w *workload) undeclaredHostPort(surge int) breach {
	if !w.template.Spec.HostNetwork {
		return breach{}
	}
	for _, r := range w.routes {
		if r.port != 0 {
			return breach{
				severity: Note, container: r.to.Name, field: r.to.field,
				why: fmt.Sprintf("The pod takes port %d of its node and does not declare it: a rollout adds %s, which the scheduler may put beside an old one, where the port is taken.", r.port, text.Count(surge, "pod")),
				fix: "Declare the port, and have more nodes than pods; or set maxSurge to 0.",
			}
		}
	}
	return breach{}
}

// surges tells whether a DaemonSet's rollout starts new pods beside the old ones.
func surges(d *appsv1.DaemonSet) bool {
	u := d.Spec.UpdateStrategy
	return u.Type != appsv1.OnDeleteDaemonSetStrategyType && u.RollingUpdate != nil && u.RollingUpdate.MaxSurge != nil &&
		u.RollingUpdate.MaxSurge.String() != "0" && u.RollingUpdate.MaxSurge.String() != "0%"
}

func deploymentLeavesNone(w *workload, report func(breach)) {
	n, known := w.replicas()
	surge, unavailable, rolling := w.fenceposts(n)
	if !known || n == 0 || !rolling || unavailable < n {
		return
	}
	b := breach{
		severity: Error, field: "spec.strategy.rollingUpdate.maxUnavailable",
		why:   fmt.Sprintf("Of %s %d may be unavailable during a rollout (maxSurge comes to %d): none has to be ready.", text.Count(n, "pod"), unavailable, surge),
		fix:   "Set maxUnavailable to 0 and maxSurge to 1, so that a pod ends only once its replacement is ready.",
		patch: rollingPatch(),
	}
	if w.autoscaled() {
		b.severity = Warning
		b.why = fmt.Sprintf("Of %s, the fewest that autoscaling keeps, %d may be unavailable during a rollout (maxSurge comes to %d): none has to be ready.", text.Count(n, "pod"), unavailable, surge)
	}
	if w.claim != nil {
		b.severity = Warning
		b.why += " " + w.claim.why()
		b.fix, b.patch = w.claim.fix(), ""
	} else if n == 1 && (surge == 0 || w.dataStore() != "") {
		b.fix, b.patch = "Set maxUnavailable to 0 and maxSurge to 1, if two of the program may run at once.", ""
	}
	report(b)
}

// daemonSetLeavesNone judges what holds for every number of nodes, which no manifest
// tells; a percentage rounds up (apps/v1 RollingUpdateDaemonSet).
func daemonSetLeavesNone(d *appsv1.DaemonSet, report func(breach)) {
	rolling := d.Spec.UpdateStrategy.RollingUpdate
	if d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType || rolling == nil || rolling.MaxUnavailable == nil {
		return
	}
	b := breach{
		severity: Error, field: "spec.updateStrategy.rollingUpdate.maxUnavailable",
		why:   fmt.Sprintf("maxUnavailable is %s: a rollout may end the pods of all nodes at once.", rolling.MaxUnavailable),
		fix:   "Set maxUnavailable to 1.",
		patch: patch.JSON(patch.Object{"spec": patch.Object{"updateStrategy": patch.Object{"rollingUpdate": patch.Object{"maxUnavailable": 1}}}}),
	}
	of100, err := intstr.GetScaledValueFromIntOrPercent(rolling.MaxUnavailable, 100, true)
	switch {
	case err != nil:
		return
	case rolling.MaxUnavailable.Type == intstr.String && of100 >= 100:
	case rolling.MaxUnavailable.Type == intstr.String && of100 > 50:
		b.severity = Note
		b.why = fmt.Sprintf("maxUnavailable is %s and rounds up: with few nodes a rollout may end all pods at once; how many there are is not known here.", rolling.MaxUnavailable)
	case rolling.MaxUnavailable.Type == intstr.Int && of100 > 1:
		b.severity = Note
		b.why = fmt.Sprintf("maxUnavailable is %s: with no more nodes than that a rollout may end all pods at once; how many there are is not known here.", rolling.MaxUnavailable)
	default:
		return
	}
	report(b)
}

// statefulSetLeavesNone judges maxUnavailable of a StatefulSet, which rounds up and counts
// only where the feature gate MaxUnavailableStatefulSet is on (KEP-961). The pods below
// the partition stay as they are.
func statefulSetLeavesNone(w *workload, report func(breach)) {
	n, known := w.replicas()
	strategy := w.statefulSet.Spec.UpdateStrategy
	rolling := strategy.RollingUpdate
	if !known || n < 2 || strategy.Type == appsv1.OnDeleteStatefulSetStrategyType || rolling == nil || rolling.MaxUnavailable == nil {
		return
	}
	unavailable, err := intstr.GetScaledValueFromIntOrPercent(rolling.MaxUnavailable, n, true)
	if err != nil || unavailable < n || orDefault(rolling.Partition, 0) > 0 {
		return
	}
	report(breach{
		severity: Warning, field: "spec.updateStrategy.rollingUpdate.maxUnavailable",
		why:   fmt.Sprintf("Of %s %s may be unavailable during a rollout: none has to be ready, where the cluster heeds maxUnavailable of StatefulSets (MaxUnavailableStatefulSet).", text.Count(n, "pod"), rolling.MaxUnavailable),
		fix:   "Set maxUnavailable to 1.",
		patch: patch.JSON(patch.Object{"spec": patch.Object{"updateStrategy": patch.Object{"rollingUpdate": patch.Object{"maxUnavailable": 1}}}}),
	})
}

// rollingInstead is the patch by which a Deployment's pods are replaced one by one and not
// all at once; empty where two of the program may be too many.
func (w *workload) rollingInstead() string {
	n, known := w.replicas()
	if w.claim != nil || w.dataStore() != "" || w.traffic < certain || known && n == 1 {
		return ""
	}
	return patch.JSON(patch.Object{"spec": patch.Object{"strategy": patch.Object{"type": "RollingUpdate"}}})
}

func (w *workload) recreated() bool {
	return w.deployment != nil && w.deployment.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType
}

func lastStep(field string) string { return field[strings.LastIndex(field, ".")+1:] }

// fenceposts are how many pods a Deployment's rollout may add and take away.
func (w *workload) fenceposts(replicas int) (surge, unavailable int, rolling bool) {
	d := w.deployment
	if d == nil || d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType || w.void("spec.strategy") {
		return 0, 0, false
	}
	quarter := intstr.FromString("25%")
	maxSurge, maxUnavailable := &quarter, &quarter
	if r := d.Spec.Strategy.RollingUpdate; r != nil {
		if r.MaxSurge != nil {
			maxSurge = r.MaxSurge
		}
		if r.MaxUnavailable != nil {
			maxUnavailable = r.MaxUnavailable
		}
	}
	surge, errSurge := intstr.GetScaledValueFromIntOrPercent(maxSurge, replicas, true)
	unavailable, errUnavailable := intstr.GetScaledValueFromIntOrPercent(maxUnavailable, replicas, false)
	if errSurge != nil || errUnavailable != nil {
		return 0, 0, false
	}
	if surge == 0 && unavailable == 0 {
		unavailable = 1
	}
	return surge, min(unavailable, replicas), true
}

// minReady tells that nothing makes up for a missing readiness probe.
func (w *workload) minReady() string {
	if w.deployment != nil && w.deployment.Spec.MinReadySeconds == 0 {
		return ", as minReadySeconds is 0"
	}
	return ""
}

func rollingPatch() string {
	return patch.JSON(patch.Object{"spec": patch.Object{"strategy": patch.Object{"rollingUpdate": patch.Object{"maxUnavailable": 0, "maxSurge": 1}}}})
}
