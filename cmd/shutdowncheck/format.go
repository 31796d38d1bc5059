package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/shutdowncheck/shutdowncheck/report"
	"github.com/shutdowncheck/shutdowncheck/report/render"
)

// format is what goes to stdout.
type format string

const (
	formatText     format = "text"
	formatJSON     format = "json"
	formatJUnit    format = "junit"
	formatMarkdown format = "markdown"
	formatHTML     format = "html"
	formatSARIF    format = "sarif"
)

// reportFormats are those of a report.
var reportFormats = []format{formatText, formatJSON, formatJUnit, formatMarkdown, formatHTML}

// formatFlag is --output of a command that knows the allowed formats, the first
// unless told otherwise.
type formatFlag struct {
	format
	allowed []format
}

func newFormatFlag(allowed ...format) *formatFlag { return &formatFlag{allowed[0], allowed} }

func (f *formatFlag) add(flags *pflag.FlagSet) {
	flags.VarP(f, "output", "o", "what to print: "+f.choice())
}

// String, Set and Type make it a flag.
func (f *formatFlag) String() string { return string(f.format) }

func (f *formatFlag) Set(value string) error {
	if !slices.Contains(f.allowed, format(value)) {
		return errors.New("want " + f.choice())
	}
	f.format = format(value)
	return nil
}

func (*formatFlag) Type() string { return "FORMAT" }

func (f *formatFlag) choice() string {
	names := make([]string, len(f.allowed))
	for i, allowed := range f.allowed {
		names[i] = string(allowed)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func (f format) write(s streams, rep *report.Report) error {
	switch f {
	case formatJSON:
		return render.JSON(s.out, rep)
	case formatJUnit:
		return render.JUnit(s.out, rep)
	case formatMarkdown:
		return render.Markdown(s.out, rep)
	case formatHTML:
		return render.HTML(s.out, rep)
	default:
		return render.Text(s.out, rep, s.textOptions())
	}
}

func (s streams) textOptions() render.TextOptions {
	return render.TextOptions{Color: s.color && isTerminal(s.out) && obeysEscapes(descriptor(s.out))}
}

func isTerminal(w any) bool {
	return term.IsTerminal(int(descriptor(w)))
}
