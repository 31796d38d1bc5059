package chaos

import (
	"fmt"

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

// ClaimedError is a workload that bears the undo annotation of another run.
type ClaimedError struct {
	// Object is kind/name.
	Object    string
	Namespace string
	// Run is the other run's id.
	Run string
}

// Error names the run and the way out.
func (e *ClaimedError) Error() string {
	return fmt.Sprintf("%s bears what run %s has still to undo; if that run is over, put it back with: %s",
		e.Object, shell.Word(e.Run), restoreCommand(e.Object, e.Namespace))
}

// restoreCommand puts a workload back by hand. What it names may be another's
// annotation.
func restoreCommand(workload, namespace string) string {
	return shell.Line("shutdowncheck restore %s -n %s", workload, namespace)
}

// ChangedError is a change that was not put back because somebody else has
// changed the same thing since: theirs is left as it is.
type ChangedError struct {
	// Object is kind/name.
	Object  string
	Problem string
}

// Error says what was found.
func (e *ChangedError) Error() string { return e.Object + " " + e.Problem }

// NotSteadyError is a disruption that was begun and did not come to its end.
type NotSteadyError struct {
	// Name says what kind of disruption it is, Object what it was done to.
	Name, Object string
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
