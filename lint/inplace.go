package lint

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	apiyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/shutdowncheck/shutdowncheck/internal/yamlpatch"
)

// Rewritten is a file with the patches of the objects in it.
type Rewritten struct {
	Text []byte
	// Changed is how many objects have their patches, Refused says of each of the others
	// why it stays as it is.
	Changed int
	Refused []error
}

// InPlace puts the patches into the text of a file that the objects were read from. What
// is not a part of a patch stays as it is, to the byte.
func (f *Fix) InPlace(file string, text []byte) Rewritten {
	r := Rewritten{Text: text}
	var of []*Patched
	for i := range f.Patched {
		if f.Patched[i].source.File == file {
			of = append(of, &f.Patched[i])
		}
	}
	// From the last document to the first, so that lines keep their numbers.
	slices.SortStableFunc(of, func(a, b *Patched) int { return b.source.before - a.source.before })
	for _, p := range of {
		after, err := p.inPlace(r.Text)
		if err != nil {
			r.Refused = append(r.Refused, fmt.Errorf("%s:%d: %s stays as it is: %w", file, p.source.line(""), object(&Place{Kind: p.Kind, Name: p.Name}), err))
			continue
		}
		r.Text = after
		r.Changed++
	}
	slices.Reverse(r.Refused)
	return r
}

func (p *Patched) inPlace(text []byte) ([]byte, error) {
	if !utf8.Valid(text) || bytes.HasPrefix(text, []byte("\ufeff")) {
		return nil, errors.New("the file is not in UTF-8, or has a byte order mark")
	}
	if apiyaml.IsJSONBuffer(text) {
		return nil, errors.New("the file is JSON")
	}
	from, to := p.source.within(text)
	var whole struct {
		Kind     string
		Metadata struct{ Name string }
	}
	if err := yaml.Unmarshal(text[from:to], &whole); err != nil || whole.Kind != p.Kind || whole.Metadata.Name != p.Name {
		return nil, errors.New("it is an item of a list")
	}
	after, err := yamlpatch.Apply(text[from:to], p.patch)
	if err != nil {
		return nil, err
	}
	return slices.Concat(text[:from], after, text[to:]), nil
}

// within is where the source's document stands in the text of its file, in bytes.
func (s Source) within(text []byte) (from, to int) {
	number := 0
	for line := range bytes.Lines(text) {
		switch number++; {
		case number <= s.before:
			from += len(line)
			to = from
		case bytes.HasPrefix(line, separator):
			return from, to
		default:
			to += len(line)
		}
	}
	return from, to
}
