package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/shutdowncheck/shutdowncheck/lint"
)

// lintOutput says which findings count, and how all of them are shown.
type lintOutput struct {
	*formatFlag
	failOn               severity
	ignoreFile, baseline string
}

func newLintOutput() *lintOutput {
	return &lintOutput{
		formatFlag: newFormatFlag(formatText, formatJSON, formatSARIF, formatJUnit, formatMarkdown),
		failOn:     severity(lint.Warning),
	}
}

func (o *lintOutput) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	o.formatFlag.add(flags)
	flags.Var(&o.failOn, "fail-on", "the least severity that makes the exit code 1: error or warning")
	flags.StringVar(&o.ignoreFile, "ignore-file", "", "file of findings that do not count, each with its reason")
	flags.StringVar(&o.baseline, "baseline", "", "what lint -o json has written before: only findings that are new since, or worse, count")
	formats := make([]cobra.Completion, len(o.allowed))
	for i, f := range o.allowed {
		formats[i] = string(f)
	}
	// An error would say that there is no such flag.
	_ = errors.Join(
		cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder)),
		cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions([]cobra.Completion{string(lint.Error), string(lint.Warning)}, cobra.ShellCompDirectiveNoFileComp)),
	)
}

// judgement are the files that bear on what counts, read before anything else: whether
// they are right can be seen without a cluster.
type judgement struct {
	failOn   lint.Severity
	ignores  []lint.Ignore
	baseline *lint.Baseline
}

func (o *lintOutput) read() (j judgement, err error) {
	j.failOn = lint.Severity(o.failOn)
	if o.ignoreFile != "" {
		if j.ignores, err = readNamed("--ignore-file", o.ignoreFile, func(f *os.File) ([]lint.Ignore, error) {
			return lint.ReadIgnores(f, o.ignoreFile)
		}); err != nil {
			return j, err
		}
	}
	if o.baseline != "" {
		j.baseline, err = readNamed("--baseline", o.baseline, func(f *os.File) (*lint.Baseline, error) {
			return lint.ReadBaseline(f, o.baseline)
		})
	}
	return j, err
}

func readNamed[T any](flag, name string, read func(*os.File) (T, error)) (value T, err error) {
	file, err := os.Open(name)
	if err != nil {
		return value, usagef("%s: %w", flag, err)
	}
	defer file.Close()
	if value, err = read(file); err != nil {
		return value, usagef("%s: %w", flag, err)
	}
	return value, nil
}

// on sets aside what does not count.
func (j *judgement) on(r *lint.Report) {
	r.FailOn = j.failOn
	r.Ignore(j.ignores...)
	if j.baseline != nil {
		r.Since(j.baseline)
	}
}

// show writes the report.
func (o *lintOutput) show(s streams, r *lint.Report) error {
	write := lint.WriteText
	switch o.format {
	case formatJSON:
		write = lint.WriteJSON
	case formatSARIF:
		write = lint.WriteSARIF
	case formatJUnit:
		write = lint.WriteJUnit
	case formatMarkdown:
		write = lint.WriteMarkdown
	}
	if err := write(s.out, r); err != nil {
		return fmt.Errorf("show the findings: %w", err)
	}
	return nil
}
