// Package chaos does the disruptions of a check to a workload through the
// Kubernetes API, and undoes them.
//
// Open finds the workload, Plan says what would be done to it, a Driver does
// one disruption at a time (Do) and puts back what has to be put back
// (Restore). Whatever is changed is first written down twice: in the run's
// journal and in an annotation on the workload itself, so that Undo can put it
// back after a run that was killed.
package chaos
