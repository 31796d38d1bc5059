package lint

import (
	"fmt"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/report"
)

var replicasReset = rule{
	id:    "replicas-beside-autoscaler",
	cause: report.NoCapacity,
	doc:   "The manifest says spec.replicas of a workload that is autoscaled: each apply sets it back, and ends at once what the autoscaler has added (kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale, migrating to horizontal autoscaling).",
	find: func(w *workload, report func(breach)) {
		// In a cluster the number is always there, and is the autoscaler's.
		if w.source.File == "" || w.daemonSet != nil || !w.autoscaled() || len(w.serving()) == 0 {
			return
		}
		by, stated := w.scale.by, w.stated()
		if stated == nil || *stated == 0 || by.most > 0 && int(*stated) >= by.most {
			return
		}
		report(breach{
			severity: Note, field: "spec.replicas",
			why: fmt.Sprintf("The %s %s sets the number of pods, and so does spec.replicas: whenever the manifest is applied that is %d again, and the pods that were added end at once, until the autoscaler starts them anew.", by.kind, by.name, *stated),
			fix: fmt.Sprintf("Leave spec.replicas out; where kubectl apply has put it there, take it out of the last applied configuration first (kubectl apply edit-last-applied %s/%s), as it comes to 1 otherwise.", strings.ToLower(w.kind), w.meta.Name),
		})
	},
}

var autoscalerInert = rule{
	id:    "autoscaler-finds-none",
	cause: report.NoCapacity,
	doc:   "A HorizontalPodAutoscaler names a workload, but not the group that has its kind (scaleTargetRef.apiVersion is missing, or one that went): it finds none and never scales (kubernetes pkg/controller/podautoscaler/horizontal.go, reconcileAutoscaler). API servers of 1.37 refuse to create one without a group, older ones take it.",
	find: func(w *workload, report func(breach)) {
		inert := w.scale.inert
		if inert == nil {
			return
		}
		severity := Warning
		if len(w.serving()) == 0 {
			severity = Note
		}
		report(breach{
			severity: severity, of: inert, field: "spec.scaleTargetRef.apiVersion",
			why:   fmt.Sprintf("The autoscaler finds no %s, as scaleTargetRef.apiVersion is not of the group apps: it never scales, and the number of pods stays what the %s itself says.", w.kind, w.kind),
			fix:   "Set apiVersion of its scaleTargetRef to apps/v1.",
			patch: `{"spec":{"scaleTargetRef":{"apiVersion":"apps/v1"}}}`,
		})
	},
}
