// Package analysis turns a recording into a report.
//
//	r, err := recording.Open("runs/web")
//	if err != nil {
//		return err
//	}
//	rep, err := analysis.Analyze(ctx, r)
//	if err != nil {
//		return fmt.Errorf("read the recording: %w", err)
//	}
//	for _, f := range rep.Findings {
//		fmt.Println(f.Cause, f.Failed, f.Fix.Text)
//	}
//
// [Analyze] is made of stages, each a function of values to values: events become
// endings, the samples add what the traffic showed of them, each failure is tied to
// the terminations that explain it, each such pair gets a cause, and the whole is
// judged. They know neither the cluster nor the clock, so an old recording gives
// the same report again, or a better one with better rules.
package analysis
