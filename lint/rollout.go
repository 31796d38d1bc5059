package lint

import (
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

var rolloutRules = []rule{{
	id:    "one-replica",
	cause: report.NoCapacity,
	doc:   "One pod alone: whatever ends it leaves none.",
	find: func(w *workload, report func(breach)) {
		n, known := w.replicas()
		if !known || n != 1 || len(w.serving()) == 0 {
			return
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
		}
		if w.autoscaler != nil {
			b.why = "The autoscaler's minReplicas is 1. " + b.why
			b.fix = "Set the autoscaler's minReplicas to 2 or more."
			b.patch = ""
		}
		report(b)
	},
}, {
	id:    "recreate",
	cause: report.NoCapacity,
	doc:   "The strategy Recreate ends all pods before it starts new ones.",
	find: func(w *workload, report func(breach)) {
		if w.deployment != nil && w.deployment.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType && len(w.serving()) > 0 {
			report(breach{
				severity: Error, field: "spec.strategy.type",
				why:   "The strategy is Recreate: every rollout ends all pods before the first new one starts.",
				fix:   "Use RollingUpdate.",
				patch: patch.JSON(patch.Object{"spec": patch.Object{"strategy": patch.Object{"type": "RollingUpdate"}}}),
			})
		}
	},
}, {
	id:    "rollout-leaves-none",
	cause: report.NoCapacity,
	doc:   "maxUnavailable lets a rollout take all pods at once (pkg/controller/deployment/util ResolveFenceposts: maxSurge rounds up, maxUnavailable down, not both 0).",
	find: func(w *workload, report func(breach)) {
		if len(w.serving()) == 0 {
			return
		}
		if d := w.daemonSet; d != nil {
			if r := d.Spec.UpdateStrategy.RollingUpdate; r != nil && r.MaxUnavailable != nil && r.MaxUnavailable.StrVal == "100%" {
				report(breach{
					severity: Error, field: "spec.updateStrategy.rollingUpdate.maxUnavailable",
					why:   "maxUnavailable is 100%: a rollout may end the pods of all nodes at once.",
					fix:   "Set maxUnavailable to 1.",
					patch: patch.JSON(patch.Object{"spec": patch.Object{"updateStrategy": patch.Object{"rollingUpdate": patch.Object{"maxUnavailable": 1}}}}),
				})
			}
			return
		}
		n, known := w.replicas()
		surge, unavailable, rolling := w.fenceposts(n)
		if known && rolling && unavailable >= n {
			report(breach{
				severity: Error, field: "spec.strategy.rollingUpdate.maxUnavailable",
				why:   fmt.Sprintf("Of %s %d may be unavailable during a rollout (maxSurge comes to %d): none has to be ready.", text.Count(n, "pod"), unavailable, surge),
				fix:   "Set maxUnavailable to 0 and maxSurge to 1, so that a pod ends only once its replacement is ready.",
				patch: rollingPatch(),
			})
		}
	},
}, {
	id:    "rollout-halves",
	cause: report.NoCapacity,
	doc:   "Without surge a rollout of few pods runs on half of them or fewer.",
	find: func(w *workload, report func(breach)) {
		n, known := w.replicas()
		surge, unavailable, rolling := w.fenceposts(n)
		if known && rolling && surge == 0 && unavailable < n && 2*unavailable >= n && len(w.serving()) > 0 {
			report(breach{
				severity: Note, field: "spec.strategy.rollingUpdate.maxSurge",
				why:   fmt.Sprintf("maxSurge is 0 and %d of %s may be unavailable: a rollout runs on %d.", unavailable, text.Count(n, "pod"), n-unavailable),
				fix:   "Set maxUnavailable to 0 and maxSurge to 1.",
				patch: rollingPatch(),
			})
		}
	},
}, {
	id:    "host-port-surge",
	cause: report.NoCapacity,
	doc:   "Pods that take a port of their node cannot stand beside their replacement there.",
	find: func(w *workload, report func(breach)) {
		n, _ := w.replicas()
		surge, _, rolling := w.fenceposts(n)
		if !rolling || surge == 0 {
			return
		}
		for _, c := range w.containers() {
			for _, p := range c.Ports {
				if p.HostPort != 0 || w.template.Spec.HostNetwork {
					report(breach{
						severity: Note, container: c.Name, field: c.field + ".ports",
						why: fmt.Sprintf("The pod takes port %d of its node: of %d pods that a rollout adds, each needs a node where the port is free, or the rollout stands still.", max(p.HostPort, p.ContainerPort), surge),
						fix: "Have more nodes than pods, or do without host ports.",
					})
					return
				}
			}
		}
	},
}}

// fenceposts are how many pods a Deployment's rollout may add and take away.
func (w *workload) fenceposts(replicas int) (surge, unavailable int, rolling bool) {
	d := w.deployment
	if d == nil || d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
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
		return 0, 0, false // the API refuses such a manifest
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
