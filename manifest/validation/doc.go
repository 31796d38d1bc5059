// Package validation tells for which fields the API server refuses an object, of those
// fields by which it is judged how pods end and are replaced: selectors, numbers of pods,
// strategies, ports, hooks, stop signals, probes. It is a part of what Kubernetes itself checks
// (pkg/apis/*/validation of 1.37), and takes what a manifest leaves out for its default
// (pkg/apis/*/v1/defaults.go), so that what it refuses the server refuses too; the server
// may refuse what it does not:
//
//	for _, refusal := range validation.Refused(&deployment) {
//		fmt.Println(refusal.Field, refusal.Why)
//	}
package validation
