package lint

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
)

// MarkdownLimit is how many characters the Markdown has at the most, as a report's:
// GitHub takes 65,536 in a comment.
const MarkdownLimit = 60_000

// shownPlaces is how many places stand open in the Markdown; more are folded.
const shownPlaces = 5

// WriteMarkdown writes the report for a comment on a pull request, in GitHub's flavour.
// Where it would exceed MarkdownLimit it leaves out the last findings and says so.
func WriteMarkdown(w io.Writer, r *Report) error {
	mark := ":white_check_mark:"
	if r.Failed() {
		mark = ":x:"
	}
	blocks := []string{"### " + mark + " " + prose(summary(r))}
	var after []string
	for _, part := range remarks(r) {
		for _, said := range part.said {
			after = append(after, "- "+prose(clipped(part.title+": "+said, 2000)))
		}
	}
	last := clipped(strings.Join(after, "\n"), MarkdownLimit/3)
	room := MarkdownLimit - utf8.RuneCountInString(blocks[0]+last) - 200
	all := groups(r.Findings)
	// later is what the groups behind one take without their lists.
	later := make([]int, len(all)+1)
	for i, g := range slices.Backward(all) {
		later[i] = later[i+1] + utf8.RuneCountInString(markdownGroup(i+1, g, 0)) + 2
	}
	for i, g := range all {
		// A long list gives way before a finding does.
		block := markdownGroup(i+1, g, len(g.members))
		for _, most := range []int{100, 20, 0} {
			if utf8.RuneCountInString(block)+2 > room-later[i+1] {
				block = markdownGroup(i+1, g, most)
			}
		}
		if room -= utf8.RuneCountInString(block) + 2; room < 0 {
			blocks = append(blocks, fmt.Sprintf("_%d kinds of findings are left out here for their length; `-o json` has them all._", len(all)-i))
			break
		}
		blocks = append(blocks, block)
	}
	if last != "" {
		blocks = append(blocks, last)
	}
	if _, err := io.WriteString(w, strings.Join(blocks, "\n\n")+"\n"); err != nil {
		return fmt.Errorf("write the findings as Markdown: %w", err)
	}
	return nil
}

// markdownGroup lists so many places at the most.
func markdownGroup(number int, g *group, most int) string {
	first := g.members[0]
	lines := []string{
		fmt.Sprintf("#### %d. %s", number, prose(g.title())), "",
		prose(g.why), "", "**Fix:** " + prose(g.fix),
	}
	if r := first.Recipe; r != nil {
		lines = append(lines, "", fmt.Sprintf("[%s](%s)", prose(settingsOf(r)), r.URL))
	}
	var places []string
	for i, f := range g.members {
		if i == most {
			places = append(places, fmt.Sprintf("- and %d more", len(g.members)-most))
			break
		}
		place := "- " + code(whereabouts(&f.Place))
		if f.Place.File != "" {
			place += fmt.Sprintf(" at %s", code(fmt.Sprintf("%s:%d", f.Place.File, f.Place.Line)))
		}
		if g.twice[f.Place] {
			place += ", for " + code(f.Workload)
		}
		if value := g.values[i]; value != "" {
			place += ", " + prose(differing) + " is " + code(value)
		}
		places = append(places, place)
	}
	if len(places) > shownPlaces {
		lines = append(lines, "", fmt.Sprintf("<details><summary>%d places</summary>", len(g.members)), "", strings.Join(places, "\n"), "", "</details>")
	} else {
		lines = append(lines, "", strings.Join(places, "\n"))
	}
	if patches := g.patches(); len(patches) > 0 {
		command, patch := patchCommand(patches[0].of[0])
		said := "Patch:"
		switch {
		case len(patches) > 1:
			said = fmt.Sprintf("%d different patches, such as:", len(patches))
		case len(g.members) > 1:
			said = fmt.Sprintf("The same patch for %s, such as:", patches[0].many(g))
		}
		whole, fence := text.Clean(command+" "+patch), "```"
		for strings.Contains(whole, fence) {
			fence += "`"
		}
		lines = append(lines, "", said, "", fence+"sh", whole, fence)
	}
	return strings.Join(lines, "\n")
}

// prose writes text of any origin so that Markdown takes it for words: it forms no
// elements, calls nobody and opens no line.
func prose(s string) string {
	var escaped strings.Builder
	for _, c := range text.Clean(strings.Join(strings.Fields(s), " ")) {
		switch c {
		case '<':
			escaped.WriteString("&lt;")
		case '>':
			escaped.WriteString("&gt;")
		case '&':
			escaped.WriteString("&amp;")
		case '\\', '`', '*', '_', '[', ']', '~', '#', '$', '|':
			escaped.WriteRune('\\')
			escaped.WriteRune(c)
		case '@':
			escaped.WriteString("@\u200b") // or GitHub would call a person
		default:
			escaped.WriteRune(c)
		}
	}
	return escaped.String()
}

// code writes a name; whatever it holds stays inside of the code span.
func code(s string) string {
	s = clipped(text.Clean(s), 300)
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		s = " " + s + " "
	}
	return fence + s + fence
}

// clipped bounds a text's length in characters.
func clipped(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit]) + "..."
}
