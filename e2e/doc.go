// Package e2e tests the real binary against the real cluster of
// scripts/cluster-up:
//
//	eval "$(scripts/cluster-env)"
//	go test -tags e2e -count 1 -timeout 30m ./e2e
//
// Each test has a namespace and a NodePort of its own and compares what the
// tool claims with what the services themselves logged. The recordings stay in
// out/e2e.
package e2e
