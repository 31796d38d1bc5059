package lint

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
)

// WriteJUnit writes the report as one suite in the dialect that CI systems read
// (Jenkins' junit-10.xsd, without its tool-specific parts): a case for each workload, and
// one for each finding. What counts is a failure, what is ignored or in the baseline is
// skipped, so that the suite is green if and only if the exit code is 0.
func WriteJUnit(w io.Writer, r *Report) error {
	suite := junitSuite{Name: "shutdowncheck lint"}
	for _, workload := range slices.Compact(slices.Sorted(slices.Values(r.Workloads))) {
		suite.add(junitCase{Class: "shutdowncheck.lint", Name: text.Clean(workload) + " was looked at"})
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		c := newJUnitCase(f)
		if rank(f.Severity) <= rank(r.FailOn) {
			c.Failure = &junitResult{Message: text.Clean(f.Why), Type: string(f.Severity), Text: details(f)}
		} else {
			c.Out = string(f.Severity) + ": " + text.Clean(f.Why) + "\n" + details(f)
		}
		suite.add(c)
	}
	for i := range r.Known {
		c := newJUnitCase(&r.Known[i])
		c.Skipped = &junitResult{Message: "in the baseline: " + text.Clean(r.Known[i].Why)}
		suite.add(c)
	}
	for i := range r.Ignored {
		c := newJUnitCase(&r.Ignored[i].Finding)
		c.Skipped = &junitResult{Message: text.Clean(fmt.Sprintf("ignored (%s): %s", r.Ignored[i].From, r.Ignored[i].Reason))}
		suite.add(c)
	}
	var after []string
	for _, part := range remarks(r) {
		for _, said := range part.said {
			after = append(after, text.Clean(part.title+": "+said))
		}
	}
	suite.Out = strings.Join(after, "\n")
	written, err := xml.MarshalIndent(suite, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, written)
	}
	if err != nil {
		return fmt.Errorf("write the findings as JUnit: %w", err)
	}
	return nil
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
	Out      string      `xml:"system-out,omitempty"`
}

type junitCase struct {
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	Failure *junitResult `xml:"failure,omitempty"`
	Skipped *junitResult `xml:"skipped,omitempty"`
	Out     string       `xml:"system-out,omitempty"`
}

type junitResult struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Skipped != nil:
		s.Skipped++
	}
}

// newJUnitCase names the finding's case by its place, and groups those of a workload in
// the trees of CI systems.
func newJUnitCase(f *Finding) junitCase {
	class := []string{"shutdowncheck", "lint"}
	if f.Place.Namespace != "" {
		class = append(class, f.Place.Namespace)
	}
	class = append(class, strings.ReplaceAll(cmp.Or(f.Workload, object(&f.Place)), "/", "."))
	place := f.Place
	place.Namespace = ""
	return junitCase{Class: text.Clean(strings.Join(class, ".")), Name: text.Clean(f.Rule + " of " + whereabouts(&place))}
}

func details(f *Finding) string {
	lines := []string{at(&f.Place), "Fix: " + f.Fix}
	if f.Recipe != nil {
		lines = append(lines, settingsOf(f.Recipe)+": "+f.Recipe.URL)
	}
	if f.Patch != "" {
		command, patch := patchCommand(f)
		lines = append(lines, command+" "+patch)
	}
	for i := range lines {
		lines[i] = text.Clean(lines[i])
	}
	return strings.Join(lines, "\n")
}
