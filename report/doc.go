// Package report holds what a run saw, why it was so, and what to change: the model
// behind report.json and every other format. A [Report] is made by package
// analysis, or read from JSON:
//
//	var base, next report.Report
//	if err := json.Unmarshal(text, &base); err != nil {
//		return err
//	}
//	...
//	c := report.Compare(&base, &next, report.DefaultTolerance)
//	fmt.Println(c.Outcome, c.Reasons)
//
// [Compare] tells whether one report is worse than another.
package report
