package lint

import (
	"bufio"
	"fmt"
	"io"

	"github.com/shutdowncheck/shutdowncheck/internal/shell"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/manifest"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// WriteText writes the report for a person at a terminal 80 columns wide. Its first line
// sums it up, and findings of one kind are one paragraph.
func WriteText(w io.Writer, r *Report) error {
	p := &printer{bufio.NewWriter(w)}
	p.wrapped("", "  ", summary(r))
	for i, g := range groups(r.Findings) {
		p.line("")
		p.group(i+1, g)
	}
	for _, part := range remarks(r) {
		p.line("")
		for _, said := range part.said {
			p.wrapped(part.title+": ", "  ", said)
		}
	}
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("write the findings as text: %w", err)
	}
	return nil
}

// notePlaces is how many places of a note are listed in the text, so that what counts
// stays on one screen.
const notePlaces = 4

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

func (p *printer) group(number int, g *group) {
	first := g.members[0]
	p.wrapped(fmt.Sprintf("%d. ", number), "   ", g.title())
	if len(g.members) == 1 {
		p.wrapped("   ", "   ", whereabouts(&first.Place))
		p.wrapped("   ", "   ", at(&first.Place))
	}
	p.wrapped("   Why: ", "        ", g.why)
	p.wrapped("   Fix: ", "        ", g.fix)
	if r := first.Recipe; r != nil {
		p.wrapped("   ", "   ", settingsOf(r)+":")
		p.line("   " + r.URL)
	}
	if len(g.members) > 1 {
		most := len(g.members)
		if first.Severity == Note {
			most = notePlaces
		}
		p.wrapped("   Where: ", "          ", g.places(most))
	}
	patches := g.patches()
	switch {
	case len(patches) == 0:
		return
	case len(g.members) > 1 && len(patches) == 1:
		p.wrapped("   ", "   ", fmt.Sprintf("The same patch for %s, such as:", patches[0].many(g)))
	case len(patches) > 1:
		p.wrapped("   ", "   ", fmt.Sprintf("%d different patches (%s), such as:", len(patches), allPatches(&first.Place)))
	}
	command, patch := patchCommand(patches[0].of[0])
	p.line("   " + command + " \\")
	p.line("     " + patch)
}

// allPatches says how to have all of them.
func allPatches(p *Place) string {
	if p.File == "" {
		return "-o json has them all"
	}
	return "--fix-in-place or --fix applies them all"
}

// many says whose patch it is.
func (p *patchOf) many(g *group) string {
	if len(p.of) == len(g.members) {
		return "each"
	}
	return fmt.Sprintf("%d of them", len(p.of))
}

func patchCommand(f *Finding) (command, patch string) {
	command = shell.Line("kubectl patch %s", object(&f.Place))
	if f.Place.Namespace != "" {
		command += shell.Line(" -n %s", f.Place.Namespace)
	}
	return command + " --patch", shell.Word(f.Patch)
}
