package experiment_test

import (
	"fmt"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/experiment"
)

func ExampleRights() {
	c := check.Check{
		Workload:    check.Workload{Kind: check.Deployment, Name: "web"},
		Target:      check.Target{URL: "http://127.0.0.1:30080/"},
		Disruptions: []check.Disruption{{Evict: &check.Evict{Pods: 1}}},
	}.WithDefaults()
	for _, right := range experiment.Rights(c) {
		if right.Verb == "create" || right.Verb == "patch" {
			fmt.Println(strings.TrimSpace(right.Verb + " " + right.Resource + " " + right.Subresource))
		}
	}
	// Output:
	// patch deployments
	// create pods eviction
}
