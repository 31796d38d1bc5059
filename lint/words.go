package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
)

// summary is what the report comes to, in one sentence.
func summary(r *Report) string {
	of := text.Count(len(r.Workloads), "workload")
	if len(r.Workloads) == 1 {
		of = r.Workloads[0]
	}
	sum := counts(r.Findings) + " in " + of
	if n := len(r.Known); n > 0 {
		sum += fmt.Sprintf("; %d in the baseline", n)
	}
	if n := len(r.Ignored); n > 0 {
		sum += fmt.Sprintf("; %d ignored", n)
	}
	return sum
}

func counts(findings []Finding) string {
	var counts []string
	for _, s := range Severities {
		n := 0
		for i := range findings {
			if findings[i].Severity == s {
				n++
			}
		}
		counts = append(counts, text.Count(n, string(s)))
	}
	return strings.Join(counts, ", ")
}

// title names a group's rule.
func (g *group) title() string {
	first := g.members[0]
	title := fmt.Sprintf("%s: %s", first.Severity, first.Rule)
	if n := len(g.members); n > 1 {
		title += fmt.Sprintf(", %d times", n)
	}
	if first.Cause != "" {
		title += fmt.Sprintf(" (leads to %s)", first.Cause)
	}
	return title
}

// object is the place's, as kubectl takes it.
func object(p *Place) string { return strings.ToLower(p.Kind) + "/" + p.Name }

func whereabouts(p *Place) string {
	where := object(p)
	if p.Namespace != "" {
		where += " in namespace " + p.Namespace
	}
	if p.Container != "" {
		where += ", container " + p.Container
	}
	return where
}

// at is file, line and field.
func at(p *Place) string {
	if p.File == "" {
		return p.Field
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Field)
}

// places lists the members' places in one sentence, which says first what they have
// alike and how the rest is written.
// At most so many are listed.
func (g *group) places(most int) string {
	all := make([]string, min(most, len(g.members)))
	for i := range all {
		all[i] = g.placeOf(i)
	}
	places := g.sharedPlace() + ": " + strings.Join(all, ", ")
	if more := len(g.members) - len(all); more > 0 {
		places += fmt.Sprintf(" and %d more", more)
	}
	return places
}

// sharedPlace says what the members' places have alike.
func (g *group) sharedPlace() string {
	of := g.usual
	said := text.Count(g.objects, "object")
	if of.Kind != "" {
		said = text.Count(g.objects, of.Kind)
	}
	if of.File != "" {
		said += " in " + of.File
	}
	if of.Namespace != "" {
		said += ", namespace " + of.Namespace
	}
	if of.Container != "" {
		said += ", container " + of.Container
		if slices.ContainsFunc(g.members, func(f *Finding) bool { return f.Place.Container != of.Container }) {
			said += " unless another is named"
		}
	}
	form := "name"
	if of.Kind == "" {
		form = "kind/" + form
	}
	if of.Namespace == "" && slices.ContainsFunc(g.members, func(f *Finding) bool { return f.Place.Namespace != "" }) {
		form = "namespace/" + form
	}
	if of.File != "" {
		form += ":line"
	}
	if form != "name" {
		said += ", as " + form
	}
	return said
}

// placeOf says what is particular about the place of member i.
func (g *group) placeOf(i int) string {
	of, p := g.usual, &g.members[i].Place
	said := p.Name
	if of.Kind == "" {
		said = object(p)
	}
	if p.Namespace != "" && p.Namespace != of.Namespace {
		said = p.Namespace + "/" + said
	}
	if of.File != "" {
		said = fmt.Sprintf("%s:%d", said, p.Line)
	}
	var own []string
	if p.File != of.File {
		own = append(own, fmt.Sprintf("%s:%d", p.File, p.Line))
	}
	if p.Container != of.Container {
		own = append(own, "container "+p.Container)
	}
	if g.twice[*p] {
		own = append(own, "for "+g.members[i].Workload)
	}
	if g.values[i] != "" {
		own = append(own, differing+" is "+g.values[i])
	}
	if len(own) == 0 {
		return said
	}
	return fmt.Sprintf("%s (%s)", said, strings.Join(own, ", "))
}

// remark is what is said after the findings under one title.
type remark struct {
	title string
	said  []string
}

// remarks are what else there is to say, what nobody looked at last.
func remarks(r *Report) (all []remark) {
	add := func(title string, said ...string) {
		if len(said) > 0 {
			all = append(all, remark{title, said})
		}
	}
	add("Not read", r.Errors...)
	if len(r.Known) > 0 {
		add("In the baseline and not counted", counts(r.Known))
	}
	if n := len(r.Gone); n > 0 {
		names := make([]string, n)
		for i, id := range r.Gone {
			names[i] = id.String()
		}
		add("In the baseline and not found any more", strings.Join(names, "; ")+". A new baseline would let none of it back in.")
	}
	add("Ignored", ignored(r.Ignored)...)
	idle := make([]string, len(r.IdleIgnores))
	for i, ignore := range r.IdleIgnores {
		idle[i] = fmt.Sprintf("%s (%s): %s", ignore.Text, ignore.From, ignore.Why)
	}
	add("Ignores nothing", idle...)
	add("Not looked at", r.Notes...)
	if len(r.NotJudged) > 0 {
		add("Not judged", KindsNotJudged(r.NotJudged))
	}
	return all
}

// remarkLines are the remarks with their titles, a line each.
func remarkLines(r *Report) (lines []string) {
	for _, part := range remarks(r) {
		for _, said := range part.said {
			lines = append(lines, strings.Join(strings.Fields(part.title+": "+said), " "))
		}
	}
	return lines
}

// ignored says for each rule and reason what is ignored.
func ignored(findings []IgnoredFinding) (said []string) {
	type by struct{ rule, reason, from string }
	var order []by
	of := map[by][]string{}
	for i := range findings {
		f := &findings[i]
		key := by{f.Rule, f.Reason, f.From}
		if f.Annotated {
			key.from = "annotation" // the objects are named anyway
		}
		if of[key] == nil {
			order = append(order, key)
		}
		if name := whereabouts(&f.Place); !slices.Contains(of[key], name) {
			of[key] = append(of[key], name)
		}
	}
	for _, key := range order {
		said = append(said, fmt.Sprintf("%s, as %q (%s): %s", key.rule, key.reason, key.from, strings.Join(of[key], "; ")))
	}
	return said
}
