package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// group are findings of one rule and severity whose words are the same but for numbers
// and one name: a person reads them as one.
type group struct {
	members []*Finding
	// why and fix are true of each member. Where their numbers differ, why has the range
	// of them; what else differs is "[...]" there, and stands in values.
	why, fix string
	// values are what stands for each member in the place of "[...]"; empty if nothing.
	values []string
	// usual is what the members have alike of their places, objects how many they are of.
	usual   Place
	objects int
	// twice are the places at which several workloads lose: of a budget or a service that
	// they share.
	twice map[Place]bool

	sharedWhy, sharedFix frame
}

// groups brings findings together, in the order of the first of each.
func groups(findings []Finding) []*group {
	var all []*group
	for i := range findings {
		f := &findings[i]
		at := slices.IndexFunc(all, func(g *group) bool { return g.takes(f) })
		if at < 0 {
			all = append(all, &group{members: []*Finding{f}, sharedWhy: newFrame(shape(f.Why)), sharedFix: newFrame(shape(f.Fix))})
			continue
		}
		all[at].members = append(all[at].members, f)
	}
	for _, g := range all {
		g.word()
		g.place()
	}
	return all
}

// takes tells whether f is of the group, and makes the group ready for it.
func (g *group) takes(f *Finding) bool {
	first := g.members[0]
	if f.Rule != first.Rule || f.Severity != first.Severity || f.Cause != first.Cause || !sameRecipe(f.Recipe, first.Recipe) {
		return false
	}
	why, alike := g.sharedWhy.with(shape(f.Why))
	if !alike {
		return false
	}
	fix, alike := g.sharedFix.with(shape(f.Fix))
	if !alike {
		return false
	}
	g.sharedWhy, g.sharedFix = why, fix
	return true
}

func sameRecipe(a, b *report.Recipe) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// digits are a whole word, without the signs around it.
var digits = regexp.MustCompile(`^\d+(\.\d+)?$`)

// punctuation may stand around a number or a name without being a part of it.
const punctuation = `.,:;()"'`

// shape are the words of a sentence, with # for each number.
func shape(s string) []string {
	words := strings.Fields(s)
	for i, w := range words {
		bare := strings.Trim(w, punctuation)
		switch {
		case digits.MatchString(bare) && !strings.ContainsAny(w, `"'`) && (i == 0 || words[i-1] != "port"): // of ports and texts there is no range
			words[i] = strings.Replace(w, bare, "#", 1)
		case i > 0 && words[i-1] == "#" && len(bare) > 2:
			words[i] = strings.Replace(w, bare, strings.TrimSuffix(bare, "s"), 1) // pod, pods
		}
	}
	return words
}

// differing stands in a group's words for what is told of each member by itself.
const differing = "[...]"

// frame is a sentence of which the first and the last words are shared.
type frame struct {
	words         []string
	before, after int
}

func newFrame(words []string) frame { return frame{words, len(words), 0} }

// most is how many words a name may have, least how many must stand around it.
const (
	mostOfName  = 4
	leastAround = 6
)

// with is what is shared with another sentence too. They are alike if they differ by
// numbers alone, or by a few words in one place: a name.
func (s frame) with(other []string) (frame, bool) {
	before, after := common(s.words, other)
	before = min(s.before, before)
	if before == len(s.words) && before == len(other) {
		return s, true
	}
	if s.after > 0 || s.before < len(s.words) {
		after = min(s.after, after)
	}
	after = min(after, len(s.words)-before, len(other)-before)
	least, most := min(len(s.words), len(other))-before-after, max(len(s.words), len(other))-before-after
	// A word that only one of them has, such as "not", is no name.
	return frame{s.words, before, after}, least > 0 && most <= mostOfName && before+after >= leastAround
}

// common counts the words that both begin and both end with.
func common(x, y []string) (before, after int) {
	least := min(len(x), len(y))
	for before < least && x[before] == y[before] {
		before++
	}
	for after < least-before && x[len(x)-1-after] == y[len(y)-1-after] {
		after++
	}
	return before, after
}

// word finds the words that are true of all members.
func (g *group) word() {
	var whys, fixes []string
	for _, f := range g.members {
		whys, fixes = append(whys, f.Why), append(fixes, f.Fix)
	}
	var values, more [][]string
	g.why, values = g.sharedWhy.merge(whys, true)
	g.fix, more = g.sharedFix.merge(fixes, false)
	g.values = make([]string, len(g.members))
	for i := range g.values {
		var own []string
		for _, column := range slices.Concat(values, more) {
			if !slices.Contains(own, column[i]) {
				own = append(own, column[i])
			}
		}
		g.values[i] = strings.Join(own, ", ")
	}
}

// merge gives one sentence for all. Numbers that differ become a range if ranges is
// true; all else that differs becomes "[...]", and a column with what it is in each.
func (s frame) merge(all []string, ranges bool) (sentence string, columns [][]string) {
	before, after := s.before, s.after
	middles := make([]string, len(all))
	fields := make([][]string, len(all))
	for i, one := range all {
		fields[i] = strings.Fields(one)
		middles[i] = strings.Join(fields[i][before:len(fields[i])-after], " ")
	}
	var words []string
	add := func(column []string) {
		word, differs := mergeWord(column, ranges)
		words = append(words, word)
		if differs {
			for i := range column {
				column[i] = strings.Trim(column[i], punctuation)
			}
			columns = append(columns, column)
		}
	}
	at := func(index func(i int) int) []string {
		column := make([]string, len(all))
		for i := range all {
			column[i] = fields[i][index(i)]
		}
		return column
	}
	for n := range before {
		add(at(func(int) int { return n }))
	}
	if slices.ContainsFunc(middles, func(s string) bool { return s != "" }) {
		around := shared(middles)
		words = append(words, around.before+differing+around.after)
		for i, m := range middles {
			middles[i] = strings.TrimSuffix(strings.TrimPrefix(m, around.before), around.after)
		}
		columns = append(columns, middles)
	}
	for n := range after {
		add(at(func(i int) int { return len(fields[i]) - after + n }))
	}
	return strings.Join(words, " "), columns
}

// signs are what belongs to a sentence around a name.
type signs struct{ before, after string }

// shared gives the signs that all names have around them: those that end a part of the sentence, and
// quotes or brackets around the whole.
func shared(names []string) (s signs) {
	all := func(is func(name string) bool) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return !is(name) })
	}
	for _, sign := range []string{":", ",", ";", "."} {
		if all(func(name string) bool { return len(name) > 1 && strings.HasSuffix(name, sign) }) {
			s.after = sign
		}
	}
	for _, pair := range []signs{{"(", ")"}, {`"`, `"`}} {
		bare := func(name string) string { return strings.TrimSuffix(name, s.after) }
		switch {
		case all(func(name string) bool { return wraps(pair, bare(name)) }):
			return signs{pair.before, pair.after + s.after}
		case all(func(name string) bool {
			return strings.HasPrefix(name, pair.before) && strings.Count(name, pair.after) == 0
		}):
			return signs{pair.before, s.after}
		case all(func(name string) bool {
			return strings.HasSuffix(bare(name), pair.after) && strings.Count(name, pair.before) == 0
		}):
			return signs{"", pair.after + s.after}
		}
	}
	return s
}

// wraps tells whether a pair of signs stands around the whole of a name, and not around a part at each end.
func wraps(pair signs, name string) bool {
	inner, begins := strings.CutPrefix(name, pair.before)
	inner, ends := strings.CutSuffix(inner, pair.after)
	open := 0
	for _, r := range inner {
		switch string(r) {
		case pair.after:
			if open--; open < 0 {
				return false
			}
		case pair.before:
			open++
		}
	}
	return begins && ends && inner != "" && open == 0
}

// mergeWord merges words of one shape.
func mergeWord(column []string, ranges bool) (word string, differs bool) {
	word = column[0]
	if !slices.ContainsFunc(column, func(w string) bool { return w != word }) {
		return word, false
	}
	if bare := strings.Trim(word, punctuation); !digits.MatchString(bare) {
		return slices.MaxFunc(column, func(a, b string) int { return len(a) - len(b) }), false // pod, pods
	}
	if !ranges {
		return strings.Replace(word, strings.Trim(word, punctuation), differing, 1), true
	}
	var least, most float64
	for i, w := range column {
		n, err := strconv.ParseFloat(strings.Trim(w, punctuation), 64)
		if err != nil {
			return differing, true
		}
		if i == 0 {
			least, most = n, n
		}
		least, most = min(least, n), max(most, n)
	}
	return strings.Replace(word, strings.Trim(word, punctuation), fmt.Sprintf("%g to %g", least, most), 1), false
}

// patches are the group's different patches, with the members that each is of.
func (g *group) patches() (all []patchOf) {
	for _, f := range g.members {
		if f.Patch == "" {
			continue
		}
		at := slices.IndexFunc(all, func(p patchOf) bool { return p.patch == f.Patch })
		if at < 0 {
			all = append(all, patchOf{patch: f.Patch})
			at = len(all) - 1
		}
		all[at].of = append(all[at].of, f)
	}
	return all
}

type patchOf struct {
	patch string
	of    []*Finding
}

// place finds what the members' places have alike, empty where they differ, and the
// container of most of them.
func (g *group) place() {
	p := g.members[0].Place
	containers, objects, seen := map[string]int{}, map[Place]bool{}, map[Place]bool{}
	g.twice = map[Place]bool{}
	for _, f := range g.members {
		if f.Place.Kind != p.Kind {
			p.Kind = ""
		}
		if f.Place.Namespace != p.Namespace {
			p.Namespace = ""
		}
		if f.Place.File != p.File {
			p.File = ""
		}
		if c := f.Place.Container; c != "" {
			containers[c]++
			if containers[c] > containers[p.Container] {
				p.Container = c
			}
		}
		objects[Place{Namespace: f.Place.Namespace, Kind: f.Place.Kind, Name: f.Place.Name, File: f.Place.File}] = true
		g.twice[f.Place] = g.twice[f.Place] || seen[f.Place]
		seen[f.Place] = true
	}
	g.usual, g.objects = p, len(objects)
}
