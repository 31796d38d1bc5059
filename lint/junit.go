package lint

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/shutdowncheck/shutdowncheck/internal/junit"
)

// WriteJUnit writes the report as one suite: a case for each workload, and one for each
// finding. What counts is a failure, and so is what is wrong with the manifests themselves;
// what is ignored or in the baseline is skipped, so that the suite is green if and only if
// the exit code is 0.
func WriteJUnit(w io.Writer, r *Report) error {
	suite := &junit.Suite{Name: "shutdowncheck lint"}
	for _, workload := range slices.Compact(slices.Sorted(slices.Values(r.Workloads))) {
		suite.Cases = append(suite.Cases, junit.Case{Class: []string{"shutdowncheck", "lint"}, Name: workload + " was looked at"})
	}
	for _, wrong := range r.Errors {
		suite.Cases = append(suite.Cases, junit.Case{
			Class: []string{"shutdowncheck", "lint"}, Name: "all manifests were read",
			Failure: &junit.Result{Message: wrong, Type: string(Error)},
		})
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		c := newCase(f)
		if rank(f.Severity) <= rank(r.FailOn) {
			c.Failure = &junit.Result{Message: f.Why, Type: string(f.Severity), Lines: details(f)}
		} else {
			c.Out = append([]string{string(f.Severity) + ": " + f.Why}, details(f)...)
		}
		suite.Cases = append(suite.Cases, c)
	}
	for i := range r.Known {
		c := newCase(&r.Known[i])
		c.Skipped = &junit.Result{Message: "in the baseline: " + r.Known[i].Why}
		suite.Cases = append(suite.Cases, c)
	}
	for i := range r.Ignored {
		c := newCase(&r.Ignored[i].Finding)
		c.Skipped = &junit.Result{Message: fmt.Sprintf("ignored (%s): %s", r.Ignored[i].From, r.Ignored[i].Reason)}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Out = remarkLines(r)
	if err := junit.Write(w, suite); err != nil {
		return fmt.Errorf("write the findings as JUnit: %w", err)
	}
	return nil
}

// newCase names the finding's case by its place, and groups those of a workload.
func newCase(f *Finding) junit.Case {
	place := f.Place
	place.Namespace = ""
	return junit.Case{
		Class: []string{"shutdowncheck", "lint", f.Place.Namespace, cmp.Or(f.Workload, object(&f.Place))},
		Name:  f.Rule + " of " + whereabouts(&place),
	}
}

func details(f *Finding) []string {
	lines := []string{at(&f.Place), "Fix: " + f.Fix}
	if f.Recipe != nil {
		lines = append(lines, settingsOf(f.Recipe)+": "+f.Recipe.URL)
	}
	if f.Patch != "" {
		command, patch := patchCommand(f)
		lines = append(lines, command+" "+patch)
	}
	return lines
}
