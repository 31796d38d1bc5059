package chaos

import (
	"slices"
	"strconv"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// shown gives a value as it may be told: hidden, unless ShowValues is set.
func (w *Workload) shown(value string) string {
	if w.ShowValues {
		return value
	}
	return check.HiddenText(value)
}

// quoted is shown, with quotes around what is not hidden.
func (w *Workload) quoted(value string) string {
	if w.ShowValues {
		return strconv.Quote(value)
	}
	return check.HiddenText(value)
}

// withoutValues gives the change as the journal has it: nobody reads values back
// from there, for the annotation has them, beside the same ones in the object.
func (c change) withoutValues() change {
	if c.Image == nil {
		return c
	}
	c.Image = new(*c.Image)
	c.Image.Env = slices.Clone(c.Image.Env)
	for i := range c.Image.Env {
		v := &c.Image.Env[i]
		v.To = check.HiddenText(v.To)
		if v.From != nil {
			v.From = new(check.HiddenText(*v.From))
		}
	}
	return c
}
