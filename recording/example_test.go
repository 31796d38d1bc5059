package recording_test

import (
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

func ExampleRecording_Samples() {
	r, err := recording.Open("../report/testdata/golden/exits-at-sigterm")
	if err != nil {
		fmt.Println(err)
		return
	}
	lost := map[recording.Phase]int{}
	for s, err := range r.Samples() {
		if err != nil {
			fmt.Println(err)
			return
		}
		if s.Outcome == recording.Failed {
			lost[s.Phase]++
		}
	}
	fmt.Println(r.Header.Check.Workload, "lost requests at", lost)
	// Output:
	// deployment/careless lost requests at map[first-byte:18]
}
