package main

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// windowFlags ask for how long pods that end have to go on answering.
type windowFlags struct {
	off      bool
	window   check.Window
	outlasts time.Duration
	path     string
}

func (f *windowFlags) add(flags *pflag.FlagSet) {
	flags.BoolVar(&f.off, "no-window", false, "do not ask pods that end on their own addresses")
	flags.StringVar(&f.window.Path, "window-path", "", "`PATH` that they are asked for there (default that of the first stream of short requests)")
	flags.Float64Var(&f.window.Rate, "window-rate", check.DefaultWindowRate, "how often each of them is asked in a second")
	flags.DurationVar(&f.outlasts, "budget-outlasts", 0, "for how long each has to go on answering there after it has left its EndpointSlice")
	flags.StringVar(&f.path, "budget-path", "", "kind of `PATH` that users' requests take (alb, nlb, ...), whose time they have to go on for")
}

// onto sets what the flags say.
func (f *windowFlags) onto(c *check.Check) {
	c.Window = &f.window
	if f.off {
		c.Window = nil
	}
	c.Budget.Outlasts, c.Budget.Path = check.Duration(f.outlasts), f.path
}
