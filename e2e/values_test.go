//go:build e2e

package e2e

import "testing"

// Neither the old value of a variable, which is the cluster's, nor the new one is told.
func TestValuesOfVariablesLeaveNoTrace(t *testing.T) {
	const before, after = "f3a5c0ffeeold", "f3a5c0ffeenew"
	careless := newPlace(t).deploy(t, "careless", env("E2E_TOKEN", before))
	run := careless.check(t, append(quick, "--env", "E2E_TOKEN="+after)...)
	run.want(t, failed)
	run.wantNoTrace(t, before)
	run.wantNoTrace(t, after)
}
