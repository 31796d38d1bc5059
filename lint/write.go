package lint

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/shell"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/manifest"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// WriteJSON writes the report as indented JSON.
func WriteJSON(w io.Writer, r *Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("write the findings as JSON: %w", err)
	}
	return nil
}

// WriteText writes the report for a person at a terminal 80 columns wide. Its
// first line sums it up.
func WriteText(w io.Writer, r *Report) error {
	p := &printer{bufio.NewWriter(w)}
	p.wrapped("", "  ", summary(r))
	for i := range r.Findings {
		p.line("")
		p.finding(i+1, &r.Findings[i])
	}
	for _, note := range r.Notes {
		p.line("")
		p.wrapped("Not looked at: ", "  ", note)
	}
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("write the findings as text: %w", err)
	}
	return nil
}

func summary(r *Report) string {
	var counts []string
	for _, s := range Severities {
		counts = append(counts, text.Count(r.Count(s), string(s)))
	}
	of := text.Count(len(r.Workloads), "workload")
	if len(r.Workloads) == 1 {
		of = r.Workloads[0]
	}
	return fmt.Sprintf("%s in %s", strings.Join(counts, ", "), of)
}

type printer struct{ w *bufio.Writer }

// line writes one line; what a terminal would obey instead of show is replaced.
// A failed write is kept by the bufio.Writer.
func (p *printer) line(s string) { _, _ = p.w.WriteString(text.Clean(s) + "\n") }

// wrapped writes s with each line indented, the first one by first.
func (p *printer) wrapped(first, indent, s string) {
	for line := range text.Wrap(first, indent, s) {
		p.line(line)
	}
}

func settingsOf(r *report.Recipe) string {
	switch {
	case r.Server == "":
		return "Settings of common servers"
	case r.RecognisedBy == string(manifest.Image):
		return "Settings of " + r.Server + ", as the image is called"
	default:
		return "Settings of " + r.Server + ", as the container's command says"
	}
}

func (p *printer) finding(number int, f *Finding) {
	head := fmt.Sprintf("%s: %s", f.Severity, f.Rule)
	if f.Cause != "" {
		head += fmt.Sprintf(" (leads to %s)", f.Cause)
	}
	p.wrapped(fmt.Sprintf("%d. ", number), "   ", head)
	place := strings.ToLower(f.Place.Kind) + "/" + f.Place.Name
	where := place
	if f.Place.Namespace != "" {
		where += " in namespace " + f.Place.Namespace
	}
	if f.Place.Container != "" {
		where += ", container " + f.Place.Container
	}
	p.wrapped("   ", "   ", where)
	at := f.Place.Field
	if f.Place.File != "" {
		at = fmt.Sprintf("%s:%d: %s", f.Place.File, f.Place.Line, at)
	}
	p.wrapped("   ", "   ", at)
	p.wrapped("   Why: ", "        ", f.Why)
	p.wrapped("   Fix: ", "        ", f.Fix)
	if r := f.Recipe; r != nil {
		p.wrapped("   ", "   ", settingsOf(r)+":")
		p.line("   " + r.URL)
	}
	if f.Patch != "" {
		command := shell.Line("kubectl patch %s", place)
		if f.Place.Namespace != "" {
			command += shell.Line(" -n %s", f.Place.Namespace)
		}
		p.line("   " + command + " --patch \\")
		p.line("     " + shell.Word(f.Patch))
	}
}
