package analysis

import (
	"slices"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// says puts a cause into one sentence for someone who has never seen the tool.
var says = map[report.Cause]string{
	report.NoDrain:             "the pod exits on SIGTERM while requests are still in flight",
	report.ListenerClosedEarly: "the pod stops accepting connections before the cluster has stopped sending them",
	report.GraceTooShort:       "the pod is still answering when its grace period ends, and is killed",
	report.SigtermIgnored:      "the pod goes on as if nothing had happened after SIGTERM, until its grace period ends and it is killed",
	report.KeepaliveCut:        "the pod closes kept-alive connections without telling the clients first",
	report.PrestopEatsGrace:    "the preStop hook leaves the pod too little of its grace period to finish what it has",
	report.ErrorsWhileDraining: "the pod answers with errors while it is shutting down",
	report.NotReadyYet:         "a new pod is given requests before it can answer them",
	report.NoCapacity:          "no pod was ready to take the request",
	report.Restarted:           "a container of the pod ended by itself, or was restarted, while the pod was in service",
	report.Killed:              "the pod was killed without being given time: the loss is the disruption's own doing",
	report.Node:                "the node ended the pod by itself and went on calling it ready meanwhile",
	report.ObservationGap:      "the watch of the cluster had a gap just then, so no claim is made",
	report.Unknown:             "no termination explains these failures",
}

// before tells whether c is tried before d.
func before(c, d report.Cause) bool {
	return slices.Index(report.Causes, c) < slices.Index(report.Causes, d)
}

// confidences orders them, the strongest first.
var confidences = []report.Confidence{report.Certain, report.Likely, report.Possible}

// sharedConfidence is the strongest one that at least half of the failures
// have: a single request on a loose end does not weaken a clear case, and a
// single clear one does not carry the rest.
func sharedConfidence(members []*failure) report.Confidence {
	if !members[0].attributed() {
		return ""
	}
	reached := 0
	for _, c := range confidences {
		for _, m := range members {
			if m.confidence == c {
				reached++
			}
		}
		if 2*reached >= len(members) {
			return c
		}
	}
	return report.Possible
}
