package check_test

import (
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func ExampleRead() {
	c, err := check.Read("check.yaml", []byte(`apiVersion: shutdowncheck/v1alpha1
kind: Check
workload: deployment/web
target: {url: http://127.0.0.1:30080/}
disruptions: [{restart: {}}]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range c.Streams {
		fmt.Println(s.Name, s.Rate, s.Connections)
	}

	_, err = check.Read("check.yaml", []byte(`apiVersion: shutdowncheck/v1alpha1
kind: Check
workload: deployment/web
target: {url: http://127.0.0.1:30080/}
streams: [{name: slow, rate: 0, connections: new}]
`))
	fmt.Println(err)
	// Output:
	// short-new 100 new
	// short-reused 100 reused
	// check.yaml:5: streams[0].rate: 0 requests per second; want more than 0 and at most 20000
}
