package report

import "time"

// Interval is a moment that is known only to lie between From and To. The zero
// Interval is a moment that is not known at all.
type Interval struct {
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// Source says what the moment is known from.
	Source string `json:"source,omitempty"`
}

// at is a moment that is known exactly.
func at(t time.Time) Interval { return Interval{From: t, To: t} }

// sourced names what the moment is known from.
func sourced(i Interval, source string) Interval {
	if i.Known() {
		i.Source = source
	}
	return i
}

// Known tells whether anything is known about the moment.
func (i Interval) Known() bool { return !i.From.IsZero() }

// IsZero lets encoding/json leave out what is not known.
func (i Interval) IsZero() bool { return !i.Known() }

// shift moves the moment by d.
func (i Interval) shift(d time.Duration) Interval {
	if !i.Known() {
		return i
	}
	i.From, i.To = i.From.Add(d), i.To.Add(d)
	return i
}

// notBefore raises the lower bound, as far as the upper one allows.
func (i Interval) notBefore(t time.Time) Interval {
	if i.Known() && t.After(i.From) {
		i.From = earlier(t, i.To)
	}
	return i
}

// notAfter lowers the upper bound, as far as the lower one allows.
func (i Interval) notAfter(t time.Time) Interval {
	if i.Known() && t.Before(i.To) {
		i.To = later(t, i.From)
	}
	return i
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
