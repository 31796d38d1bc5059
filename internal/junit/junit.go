// Package junit writes test results in the dialect that CI systems read: Jenkins'
// junit-10.xsd, without its tool-specific parts.
package junit

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
)

// Suite is a document. Its words may be of any origin: what a terminal would obey is
// replaced.
type Suite struct {
	Name string
	// Began and Took are left out where they are zero.
	Began time.Time
	Took  time.Duration
	Cases []Case
	// Out are the lines that the suite says.
	Out []string
}

// Case is one test. It passed if it has no Result.
type Case struct {
	// Class are the steps by which CI systems group cases; empty ones are left out.
	Class []string
	Name  string
	// Took is left out where it is nil.
	Took *time.Duration
	// Of these there is one at the most.
	Failure, Error, Skipped *Result
	// Out are the lines that the case says.
	Out []string
}

// Result is why a case did not pass.
type Result struct {
	Message, Type string
	Lines         []string
}

type xmlSuite struct {
	XMLName   xml.Name  `xml:"testsuite"`
	Name      string    `xml:"name,attr"`
	Tests     int       `xml:"tests,attr"`
	Failures  int       `xml:"failures,attr"`
	Errors    int       `xml:"errors,attr"`
	Skipped   int       `xml:"skipped,attr"`
	Time      string    `xml:"time,attr,omitempty"`
	Timestamp string    `xml:"timestamp,attr,omitempty"`
	Cases     []xmlCase `xml:"testcase"`
	Out       string    `xml:"system-out,omitempty"`
}

type xmlCase struct {
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	Time    string     `xml:"time,attr,omitempty"`
	Failure *xmlResult `xml:"failure,omitempty"`
	Error   *xmlResult `xml:"error,omitempty"`
	Skipped *xmlResult `xml:"skipped,omitempty"`
	Out     string     `xml:"system-out,omitempty"`
}

type xmlResult struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// Write writes the suite with its sums.
func Write(w io.Writer, s *Suite) error {
	suite := xmlSuite{Name: text.Clean(s.Name), Tests: len(s.Cases), Out: lines(s.Out)}
	if s.Took != 0 {
		suite.Time = seconds(s.Took)
	}
	if !s.Began.IsZero() {
		suite.Timestamp = s.Began.UTC().Format("2006-01-02T15:04:05")
	}
	for i := range s.Cases {
		c := &s.Cases[i]
		suite.Cases = append(suite.Cases, c.xml())
		switch {
		case c.Failure != nil:
			suite.Failures++
		case c.Error != nil:
			suite.Errors++
		case c.Skipped != nil:
			suite.Skipped++
		}
	}
	written, err := xml.MarshalIndent(suite, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, written)
	}
	return err
}

func (c *Case) xml() xmlCase {
	x := xmlCase{
		Class: c.class(), Name: text.Clean(c.Name), Out: lines(c.Out),
		Failure: c.Failure.xml(), Error: c.Error.xml(), Skipped: c.Skipped.xml(),
	}
	if c.Took != nil {
		x.Time = seconds(*c.Took)
	}
	return x
}

// class joins the steps by dots, at which CI systems take them apart.
func (c *Case) class() string {
	var steps []string
	for _, step := range c.Class {
		if step != "" {
			steps = append(steps, strings.ReplaceAll(step, "/", "."))
		}
	}
	return text.Clean(strings.Join(steps, "."))
}

func (r *Result) xml() *xmlResult {
	if r == nil {
		return nil
	}
	return &xmlResult{Message: text.Clean(r.Message), Type: r.Type, Text: lines(r.Lines)}
}

func lines(all []string) string { return strings.Join(text.CleanAll(all), "\n") }

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
