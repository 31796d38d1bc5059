package main

import (
	"errors"
	"os"

	"golang.org/x/term"

	"github.com/shutdowncheck/shutdowncheck/report"
	"github.com/shutdowncheck/shutdowncheck/report/render"
)

// format is what goes to stdout.
type format string

const (
	formatText format = "text"
	formatJSON format = "json"
)

// String, Set and Type make a format a flag.
func (f *format) String() string { return string(*f) }

func (f *format) Set(value string) error {
	switch format(value) {
	case formatText, formatJSON:
		*f = format(value)
		return nil
	default:
		return errors.New("want text or json")
	}
}

func (*format) Type() string { return "FORMAT" }

func (f *format) write(s streams, rep *report.Report) error {
	if *f == formatJSON {
		return render.JSON(s.out, rep)
	}
	return render.Text(s.out, rep, render.TextOptions{Color: s.color && isTerminal(s.out)})
}

func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
