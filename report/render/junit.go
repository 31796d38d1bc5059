package render

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// JUnit writes the report as one suite in the dialect that CI systems read
// (Jenkins' junit-10.xsd, without its tool-specific parts): a case per stream,
// per disruption, and one for the budget, which carries the verdict. A failed
// run has failures, an inconclusive one an error and its cases skipped, so that
// the suite is green if and only if the run passed.
func JUnit(w io.Writer, r *report.Report) error {
	suite := junitSuite{
		Name:      clean(fmt.Sprintf("shutdowncheck %s in namespace %s", r.Workload, r.Namespace)),
		Timestamp: r.Began.UTC().Format("2006-01-02T15:04:05"),
		Time:      seconds(r.Ended.Sub(r.Began)),
	}
	suite.add(budgetCase(r))
	for i := range r.Streams {
		suite.add(streamCase(r, &r.Streams[i]))
	}
	for i := range r.Disruptions {
		suite.add(disruptionCase(r, i))
	}
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	}
	if err != nil {
		return fmt.Errorf("write the report as JUnit: %w", err)
	}
	return nil
}

type junitSuite struct {
	XMLName   xml.Name    `xml:"testsuite"`
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	Time    string       `xml:"time,attr,omitempty"`
	Failure *junitResult `xml:"failure,omitempty"`
	Error   *junitResult `xml:"error,omitempty"`
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
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

// budgetCase carries the verdict.
func budgetCase(r *report.Report) junitCase {
	c := junitCase{Class: junitClass(r), Name: "budget"}
	message := clean(strings.Join(r.Reasons, "; "))
	switch r.Verdict {
	case report.Passed:
		c.Out = message
	case report.Failed:
		c.Failure = &junitResult{Message: message, Type: string(report.Failed), Text: findingsText(r, func(*report.Finding) bool { return true })}
	case report.Inconclusive:
		c.Error = &junitResult{Message: message, Type: string(report.Inconclusive)}
	}
	return c
}

func streamCase(r *report.Report, s *report.Stream) junitCase {
	c := junitCase{Class: junitClass(r), Name: clean("stream " + s.Name), Time: seconds(r.Ended.Sub(r.Began))}
	sums := fmt.Sprintf("sent %d = ok %d + failed %d + client %d + unfinished %d", s.Sent, s.OK, s.Failed, s.Client, s.Unfinished)
	switch {
	case r.Verdict == report.Inconclusive:
		c.Skipped = notProven()
	case r.Verdict == report.Failed && s.Failed > 0:
		c.Failure = &junitResult{
			Message: fmt.Sprintf("%d of %s failed", s.Failed, count(s.Sent, "request")), Type: string(report.Failed),
			Text: findingsText(r, func(f *report.Finding) bool { return slices.Contains(f.Streams, s.Name) }),
		}
	}
	c.Out = sums
	return c
}

func disruptionCase(r *report.Report, i int) junitCase {
	d := &r.Disruptions[i]
	c := junitCase{Class: junitClass(r), Name: clean(fmt.Sprintf("disruption %d: %s", i+1, d.Kind)), Out: clean(outcome(d))}
	if d.Took != nil {
		c.Time = seconds(time.Duration(*d.Took))
	}
	ofIt := func(f *report.Finding) bool {
		return slices.ContainsFunc(f.Pods, func(pod string) bool { return slices.Contains(d.Terminated, pod) })
	}
	switch {
	case r.Verdict == report.Inconclusive && d.Unsteady != "":
		c.Error = &junitResult{Message: clean(d.Unsteady), Type: string(report.Inconclusive)}
	case r.Verdict == report.Inconclusive:
		c.Skipped = notProven()
	case r.Verdict == report.Failed && slices.ContainsFunc(r.Findings, func(f report.Finding) bool { return ofIt(&f) }):
		c.Failure = &junitResult{Message: "requests failed when its pods ended", Type: string(report.Failed), Text: findingsText(r, ofIt)}
	}
	return c
}

func notProven() *junitResult {
	return &junitResult{Message: "the run is inconclusive: it proves nothing about this"}
}

// junitClass groups the cases of one workload in the trees of CI systems.
func junitClass(r *report.Report) string {
	return clean("shutdowncheck." + r.Namespace + "." + strings.ReplaceAll(r.Workload, "/", "."))
}

func findingsText(r *report.Report, about func(*report.Finding) bool) string {
	var lines []string
	for i := range r.Findings {
		f := &r.Findings[i]
		if !about(f) {
			continue
		}
		lines = append(lines, string(f.Cause)+sureness(f)+": "+losses(r, f), upperFirst(f.Says)+".")
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
	return strings.Join(cleaned(lines), "\n")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
