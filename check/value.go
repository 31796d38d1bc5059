package check

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Value is a text that may well be a secret: the value of a variable, an argument,
// a body. Wherever it is written or printed its length stands for it, unless
// Recorded was told to show values. There is no hash of it either: most values are
// so short or so common that a hash can be tried out.
type Value struct {
	text  string
	shown bool
}

// NewValue hides a text.
func NewValue(text string) Value { return Value{text: text} }

// NewValues hides several.
func NewValues(texts ...string) []Value {
	values := make([]Value, len(texts))
	for i, text := range texts {
		values[i] = NewValue(text)
	}
	return values
}

// Reveal gives the text itself, to be used. Of a check that was read from a
// recording it is what the recording shows.
func (v Value) Reveal() string { return v.text }

// Shown gives the value as one that is written out.
func (v Value) Shown() Value { return Value{text: v.text, shown: true} }

// String gives what may be shown of it.
func (v Value) String() string {
	if v.shown {
		return v.text
	}
	return HiddenText(v.text)
}

// GoString gives what may be shown of it.
func (v Value) GoString() string { return v.String() }

// MarshalText gives what may be shown of it.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText takes any text of a check file.
func (v *Value) UnmarshalText(text []byte) error {
	*v = NewValue(string(text))
	return nil
}

// UnmarshalJSON takes what a recording shows. What is hidden there stays so, with
// the length that it had.
func (v *Value) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	*v = NewValue(text).Shown()
	return nil
}

// HiddenText stands for a text that is not shown.
func HiddenText(text string) string {
	if len(text) == 1 {
		return "(hidden, 1 byte)"
	}
	return fmt.Sprintf("(hidden, %d bytes)", len(text))
}

// ShownURL gives what is shown of a URL: all but user and password, the values of
// its query, and what stands behind '#'. Host and path say where the requests go;
// a query is where tokens are.
func ShownURL(raw string) string {
	raw, _, _ = strings.Cut(raw, "#")
	address, query, asks := strings.Cut(raw, "?")
	if scheme, rest, ok := strings.Cut(address, "://"); ok {
		authority, _, _ := strings.Cut(rest, "/")
		address = scheme + "://" + rest[strings.LastIndex(authority, "@")+1:]
	}
	if !asks {
		return address
	}
	parts := strings.Split(query, "&")
	for i, part := range parts {
		if name, value, named := strings.Cut(part, "="); named {
			parts[i] = name + "=" + hiddenInQuery(value)
		} else if part != "" {
			parts[i] = hiddenInQuery(part)
		}
	}
	return address + "?" + strings.Join(parts, "&")
}

// hiddenInQuery counts what a value of a query means, not how it is written there. One
// that is hidden already stays as it is, so that a recorded URL can be shown again.
func hiddenInQuery(value string) string {
	if strings.HasPrefix(value, "(hidden") {
		return value
	}
	if plain, err := url.QueryUnescape(value); err == nil {
		value = plain
	}
	return HiddenText(value)
}

// Recorded gives the check as it may be written down: with the values of URLs
// hidden, a command as its program's name with arguments hidden, and with all values
// in full where they are to be shown. Header values stay hidden in any case.
func (c Check) Recorded(showValues bool) Check {
	value, address := func(v Value) Value { return v }, ShownURL
	if showValues {
		value, address = Value.Shown, func(raw string) string { return raw }
	}
	c.Target.URL = address(c.Target.URL)
	if c.Control != nil {
		c.Control = new(*c.Control)
		c.Control.URL = address(c.Control.URL)
	}
	if c.Window != nil {
		c.Window = new(*c.Window)
		c.Window.Path = address(c.Window.Path)
	}
	c.Streams = slices.Clone(c.Streams)
	for i := range c.Streams {
		s := &c.Streams[i]
		s.URL = address(s.URL)
		if s.Body != nil && s.Body.Text != (Value{}) {
			s.Body = new(*s.Body)
			s.Body.Text = value(s.Body.Text)
		}
		if s.GRPC != nil && s.GRPC.Body != (Value{}) {
			s.GRPC = new(*s.GRPC)
			s.GRPC.Body = value(s.GRPC.Body)
		}
	}
	c.Disruptions = slices.Clone(c.Disruptions)
	for i := range c.Disruptions {
		d := &c.Disruptions[i]
		if d.Image != nil {
			d.Image = new(*d.Image)
			d.Image.Env = slices.Clone(d.Image.Env)
			for j := range d.Image.Env {
				d.Image.Env[j].Value = value(d.Image.Env[j].Value)
			}
		}
		d.Command = slices.Clone(d.Command)
		for j := range d.Command {
			d.Command[j] = value(d.Command[j])
			if j == 0 {
				d.Command[j] = d.Command[j].Shown()
			}
		}
	}
	return c
}
