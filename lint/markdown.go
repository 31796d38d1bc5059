package lint

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/shutdowncheck/shutdowncheck/internal/markdown"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
)

// shownPlaces is how many places stand open in the Markdown; more are folded.
const shownPlaces = 5

// WriteMarkdown writes the report for a comment on a pull request, in GitHub's flavour.
// Where it would exceed markdown.Limit it leaves out the last findings and says so.
func WriteMarkdown(w io.Writer, r *Report) error {
	mark := ":white_check_mark:"
	if r.Failed() || len(r.Errors) > 0 {
		mark = ":x:"
	}
	blocks := []string{"### " + mark + " " + markdown.Prose(summary(r))}
	last := text.Clip(markdown.Bullets(remarkLines(r)), markdown.Limit/3)
	room := markdown.Limit - utf8.RuneCountInString(blocks[0]+last) - 200
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
		fmt.Sprintf("#### %d. %s", number, markdown.Prose(g.title())), "",
		markdown.Prose(g.why), "", "**Fix:** " + markdown.Prose(g.fix),
	}
	if r := first.Recipe; r != nil {
		lines = append(lines, "", fmt.Sprintf("[%s](%s)", markdown.Prose(settingsOf(r)), r.URL))
	}
	var places []string
	for i, f := range g.members {
		if i == most {
			places = append(places, fmt.Sprintf("- and %d more", len(g.members)-most))
			break
		}
		place := "- " + markdown.Code(whereabouts(&f.Place))
		if f.Place.File != "" {
			place += fmt.Sprintf(" at %s", markdown.Code(fmt.Sprintf("%s:%d", f.Place.File, f.Place.Line)))
		}
		if g.twice[f.Place] {
			place += ", for " + markdown.Code(f.Workload)
		}
		if value := g.values[i]; value != "" {
			place += ", " + markdown.Prose(differing) + " is " + markdown.Code(value)
		}
		places = append(places, place)
	}
	if len(places) > shownPlaces {
		lines = append(lines, "", markdown.Folded(text.Count(len(g.members), "place"), strings.Join(places, "\n")))
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
		lines = append(lines, "", said, "", markdown.Fenced("sh", command+" "+patch))
	}
	return strings.Join(lines, "\n")
}
