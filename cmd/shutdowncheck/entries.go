package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/shell"
)

// noURLError is a call without a URL that is not to be asked from inside the cluster.
type noURLError struct {
	*usageError
	workload check.Workload
}

func (e *noURLError) Unwrap() error { return e.usageError }

// entriesTimeout bounds how long a user waits for what the cluster could tell.
const entriesTimeout = 5 * time.Second

// suggest adds to the error what the cluster, if it can be asked, tells of the ways that
// lead to the workload.
func (r *runCommand) suggest(ctx context.Context, missing *noURLError) error {
	cluster, err := connect(r.connection)
	if err != nil {
		return usagef("%w, or --inside, which needs none", missing.usageError)
	}
	ctx, cancel := context.WithTimeout(ctx, entriesTimeout)
	defer cancel()
	entries, err := chaos.Entries(ctx, cluster.observe, cluster.namespace, missing.workload)
	if err != nil {
		return missing.with(err, cluster.namespace)
	}
	hint := "nothing is seen to lead to " + missing.workload.String() + " from outside the cluster"
	if len(entries) > 0 {
		hint = missing.workload.String() + " is led to by " + strings.Join(entries, "; ")
	}
	return missing.with(errors.New(hint), cluster.namespace)
}

// with adds what is known, and the way that needs no URL.
func (e *noURLError) with(known error, namespace string) error {
	return &usageError{errors.Join(e.usageError, known, errors.New("--inside needs no URL: it has the requests sent from inside the cluster, as in: "+
		shell.Line("shutdowncheck run %s -n %s --inside", e.workload.String(), namespace)))}
}
