package lint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Baseline are the findings that somebody has decided to live with for now.
type Baseline struct {
	// worst is how bad each was.
	worst map[Identity]Severity
	order []Identity
}

// ReadBaseline reads what WriteJSON has written of an earlier lint: its findings, and
// those that its own baseline had.
func ReadBaseline(r io.Reader, file string) (*Baseline, error) {
	var earlier Report
	switch err := json.NewDecoder(r).Decode(&earlier); {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s is empty; want what lint -o json has written (into another file than the baseline that it reads)", file)
	case err != nil:
		return nil, fmt.Errorf("%s: %w; want what lint -o json has written", file, err)
	case earlier.Kind != reportKind || earlier.APIVersion != apiVersion:
		return nil, fmt.Errorf("%s: apiVersion %q and kind %q; want %s and %s, as lint -o json writes them", file, earlier.APIVersion, earlier.Kind, apiVersion, reportKind)
	}
	b := &Baseline{worst: map[Identity]Severity{}}
	for _, f := range slices.Concat(earlier.Findings, earlier.Known) {
		id := f.Identity()
		if rank(f.Severity) < 0 {
			return nil, fmt.Errorf("%s: severity %q of %s; want error, warning or note", file, f.Severity, id)
		}
		before, has := b.worst[id]
		if !has {
			b.order = append(b.order, id)
		}
		if !has || rank(f.Severity) < rank(before) {
			b.worst[id] = f.Severity
		}
	}
	return b, nil
}

// Since takes the findings of the baseline out of those that count, unless they have
// become worse, and tells which of the baseline's are found no more.
func (r *Report) Since(b *Baseline) {
	found := map[Identity]bool{}
	r.Findings = slices.DeleteFunc(r.Findings, func(f Finding) bool {
		id := f.Identity()
		found[id] = true
		before, has := b.worst[id]
		if !has || rank(f.Severity) < rank(before) {
			return false
		}
		r.Known = append(r.Known, f)
		return true
	})
	for i := range r.Ignored {
		found[r.Ignored[i].Identity()] = true
	}
	for _, id := range b.order {
		if !found[id] {
			r.Gone = append(r.Gone, id)
		}
	}
}
