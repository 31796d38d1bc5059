package analysis_test

import (
	"context"
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report/analysis"
)

func ExampleAnalyze() {
	r, err := recording.Open("../testdata/golden/exits-by-itself")
	if err != nil {
		fmt.Println(err)
		return
	}
	rep, err := analysis.Analyze(context.Background(), r)
	if err != nil {
		fmt.Println("read the recording:", err)
		return
	}
	fmt.Println(rep.Verdict, rep.Reasons)
	for _, f := range rep.Findings {
		fmt.Println(f.Cause, f.Confidence, f.Failed, f.Phase)
	}
	// Output:
	// failed [140 of 1842 requests failed, the budget is 0 (4 of them maskable: a client that replays would have hidden them; 0 allowed)]
	// restarted likely 140 while its container was away
}
