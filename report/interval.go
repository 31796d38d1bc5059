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

// Known tells whether anything is known about the moment.
func (i Interval) Known() bool { return !i.From.IsZero() }

// IsZero lets encoding/json leave out what is not known.
func (i Interval) IsZero() bool { return !i.Known() }
