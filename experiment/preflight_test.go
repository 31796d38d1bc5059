package experiment

import (
	"testing"

	"github.com/shutdowncheck/shutdowncheck/chaos"
)

func TestRightsErrorSaysWhere(t *testing.T) {
	scale := chaos.Permission{Verb: "patch", Group: "apps", Resource: "deployments", Subresource: "scale", Name: "web"}
	pods := chaos.Permission{Verb: "list", Resource: "pods"}
	nodes := chaos.Permission{Verb: "list", Resource: "nodes", Cluster: true}
	for want, missing := range map[string][]chaos.Permission{
		"rights are missing in namespace shop: patch deployments.apps/scale web, list pods":       {scale, pods},
		"rights are missing to list nodes in the whole cluster":                                   {nodes},
		"rights are missing in namespace shop: list pods; and to list nodes in the whole cluster": {nodes, pods},
	} {
		if got := (&RightsError{Namespace: "shop", Missing: missing}).Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
