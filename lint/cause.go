package lint

import "github.com/shutdowncheck/shutdowncheck/report"

// The causes that a finding may lead to in a report.
const (
	noDrain             = report.NoDrain
	listenerClosedEarly = report.ListenerClosedEarly
	graceTooShort       = report.GraceTooShort
	noCapacity          = report.NoCapacity

	sigtermIgnored   report.Cause = "sigterm-ignored"
	prestopEatsGrace report.Cause = "prestop-eats-grace"
	notReadyYet      report.Cause = "not-ready-yet"
	restarted        report.Cause = "restarted"
)
