package chaos

import (
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/shell"
)

// PlanError is a disruption that the workload, as it is now, cannot undergo.
// Only the cluster could tell, and nothing was changed. It wraps the
// FieldError that names the check's field.
type PlanError struct {
	Field *check.FieldError
}

// Error gives "field: problem" on one line.
func (e *PlanError) Error() string { return e.Field.Error() }

// Unwrap gives the FieldError.
func (e *PlanError) Unwrap() error { return e.Field }

// UnhealthyError is a workload that is not fit for a check as it is now.
type UnhealthyError struct {
	// Problem names the workload, and the pods that are amiss.
	Problem string
}

func (e *UnhealthyError) Error() string { return e.Problem }

// ClaimedError is a workload that another run holds.
type ClaimedError struct {
	// Object is kind/name.
	Object    string
	Namespace string
	// Run is the other run's id.
	Run string
	// Changed tells that it has still something to undo. If not, it holds the
	// workload until Until, or if that is zero until it is released.
	Changed bool
	Until   time.Time
	// Restore is the command that puts it back.
	Restore string
}

// Error names the run and the way out.
func (e *ClaimedError) Error() string {
	run := shell.Word(e.Run)
	switch {
	case e.Changed:
		return fmt.Sprintf("%s bears what run %s has still to undo; if that run is over, put it back with: %s", e.Object, run, e.Restore)
	case e.Until.IsZero():
		return fmt.Sprintf("run %s is at work on %s; if it is over, release that with: %s", run, e.Object, e.Restore)
	default:
		return fmt.Sprintf("run %s is at work on %s, until %s at most; if it is over, release that with: %s",
			run, e.Object, e.Until.UTC().Format(time.RFC3339), e.Restore)
	}
}

// LeftError is what could not be put back, although nobody else has changed it.
type LeftError struct {
	// Object is kind/name.
	Object    string
	Namespace string
	// What is left, in words.
	What string
	// Restore is the command that puts it back.
	Restore string
	Err     error
}

// Error says what is left, why, and how it is put back.
func (e *LeftError) Error() string {
	why := e.Err.Error()
	if apierrors.IsForbidden(e.Err) || apierrors.IsUnauthorized(e.Err) {
		why = "the right to put it back is gone, which was there when the run began: " + why
	}
	return fmt.Sprintf("%s is left changed: %s (%s); put it back with: %s", e.Object, e.What, why, e.Restore)
}

// Unwrap gives why.
func (e *LeftError) Unwrap() error { return e.Err }

// ChangedError is a change that was not put back because somebody else has
// changed the same thing since: theirs is left as it is.
type ChangedError struct {
	// Object is kind/name.
	Object  string
	Problem string
	// Released tells that nothing of the run is left there: somebody has put it back, or
	// given the workload free.
	Released bool
}

// Error says what was found.
func (e *ChangedError) Error() string { return e.Object + " " + e.Problem }

// NotSteadyError is a disruption that was begun and did not come to its end.
type NotSteadyError struct {
	// Name says what kind of disruption it is, Object what it was done to.
	Name   check.DisruptionKind
	Object string
	// Reason names the pods that hung, or what else was missing.
	Reason string
	// Err is why the waiting ended: the context's cause, or that an eviction was
	// refused where none may be.
	Err error
}

// Error gives all of it on one line.
func (e *NotSteadyError) Error() string {
	return fmt.Sprintf("%s of %s did not come to its end (%v): %s", e.Name, e.Object, e.Err, e.Reason)
}

// Unwrap gives Err.
func (e *NotSteadyError) Unwrap() error { return e.Err }
