package render

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/junit"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// JUnit writes the report as one suite: a case per stream, per disruption, and one
// for the budget, which carries the verdict and the findings whole. The others name the
// findings that are about them, so that nothing is read more than once. A failed run has failures, an
// inconclusive one an error and its cases skipped, so that the suite is green if and
// only if the run passed.
func JUnit(w io.Writer, r *report.Report) error {
	suite := &junit.Suite{
		Name:  fmt.Sprintf("shutdowncheck %s in namespace %s", r.Workload, r.Namespace),
		Began: r.Began, Took: r.Ended.Sub(r.Began),
		Cases: []junit.Case{budgetCase(r)},
	}
	for i := range r.Streams {
		suite.Cases = append(suite.Cases, streamCase(r, &r.Streams[i]))
	}
	for i := range r.Disruptions {
		suite.Cases = append(suite.Cases, disruptionCase(r, i))
	}
	if err := junit.Write(w, suite); err != nil {
		return fmt.Errorf("write the report as JUnit: %w", err)
	}
	return nil
}

// budgetCase carries the verdict.
func budgetCase(r *report.Report) junit.Case {
	c := junit.Case{Class: junitClass(r), Name: "budget"}
	message := strings.Join(r.Reasons, "; ")
	switch r.Verdict {
	case report.Passed:
		c.Out = []string{message}
	case report.Failed:
		c.Failure = &junit.Result{Message: message, Type: string(report.Failed), Lines: findingLines(r)}
	case report.Inconclusive:
		c.Error = &junit.Result{Message: message, Type: string(report.Inconclusive)}
	}
	return c
}

func streamCase(r *report.Report, s *report.Stream) junit.Case {
	c := junit.Case{Class: junitClass(r), Name: "stream " + s.Name, Took: new(r.Ended.Sub(r.Began))}
	c.Out = []string{fmt.Sprintf("sent %d = ok %d + failed %d + client %d + unfinished %d", s.Sent, s.OK, s.Failed, s.Client, s.Unfinished)}
	switch {
	case r.Verdict == report.Inconclusive:
		c.Skipped = notProven()
	case r.Verdict == report.Failed && (s.Failed > 0 || len(s.Exceeded) > 0):
		messages := s.Exceeded
		if len(messages) == 0 {
			messages = []string{fmt.Sprintf("%d of %s failed", s.Failed, count(s.Sent, "request"))}
		}
		c.Failure = &junit.Result{
			Message: strings.Join(messages, "; "), Type: string(report.Failed),
			Lines: namedFindings(r, func(f *report.Finding) bool { return slices.Contains(f.Streams, s.Name) }),
		}
	}
	return c
}

func disruptionCase(r *report.Report, i int) junit.Case {
	d := &r.Disruptions[i]
	c := junit.Case{Class: junitClass(r), Name: fmt.Sprintf("disruption %d: %s", i+1, d.Kind), Out: []string{outcome(d)}}
	if d.Took != nil {
		c.Took = new(time.Duration(*d.Took))
	}
	ofIt := func(f *report.Finding) bool {
		return slices.ContainsFunc(f.Pods, func(pod string) bool { return slices.Contains(d.Terminated, pod) })
	}
	switch {
	case r.Verdict == report.Inconclusive && d.Unsteady != "":
		c.Error = &junit.Result{Message: d.Unsteady, Type: string(report.Inconclusive)}
	case r.Verdict == report.Inconclusive:
		c.Skipped = notProven()
	case r.Verdict == report.Failed && slices.ContainsFunc(r.Findings, func(f report.Finding) bool { return ofIt(&f) }):
		c.Failure = &junit.Result{Message: "requests failed when its pods ended", Type: string(report.Failed), Lines: namedFindings(r, ofIt)}
	}
	return c
}

func notProven() *junit.Result {
	return &junit.Result{Message: "the run is inconclusive: it proves nothing about this"}
}

func junitClass(r *report.Report) []string {
	return []string{"shutdowncheck", r.Namespace, r.Workload}
}

// namedFindings names those that are about a case, a line each.
func namedFindings(r *report.Report, about func(*report.Finding) bool) (lines []string) {
	for i := range r.Findings {
		if f := &r.Findings[i]; about(f) {
			lines = append(lines, findingName(r, f))
		}
	}
	if len(lines) > 0 {
		lines = append(lines, "The case \"budget\" has the evidence and what to change. The counts are of all streams.")
	}
	return lines
}

func findingName(r *report.Report, f *report.Finding) string {
	return string(f.Cause) + sureness(f) + ": " + losses(r, f)
}

// findingLines tell all findings whole.
func findingLines(r *report.Report) (lines []string) {
	for i := range r.Findings {
		f := &r.Findings[i]
		lines = append(lines, findingName(r, f), upperFirst(f.Says)+".")
		lines = append(lines, f.Evidence...)
		lines = append(lines, "Fix: "+f.Fix.Text)
		if f.Fix.Patch != "" {
			command, patch := patchCommand(r, f)
			lines = append(lines, command+" "+patch)
		}
		if recipe := f.Fix.Recipe; recipe != nil {
			whose, _ := recipeFor(recipe)
			lines = append(lines, strings.TrimSpace(whose+": "+recipe.Text), recipe.URL)
		}
		lines = append(lines, "")
	}
	return lines
}
