package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
)

// usageError is a call that can be seen to be wrong without a cluster.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// exactlyOne takes the argument that name stands for.
func exactlyOne(name string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usagef("%s; want one %s", given(args), name)
		}
		return nil
	}
}

// atMostOneWorkload takes a workload, with a command behind "--".
func atMostOneWorkload(cmd *cobra.Command, args []string) error {
	args, _ = splitCommand(cmd, args)
	if len(args) > 1 {
		return usagef("%s; want at most one WORKLOAD%s", given(args), withSlash(args))
	}
	return nil
}

// withSlash suggests the form that is taken to those who know kubectl's other one.
func withSlash(args []string) string {
	w, err := check.ParseWorkload(args[0] + "/" + args[1])
	if err != nil || len(args) != 2 {
		return ""
	}
	return ", as " + w.String()
}

func given(args []string) string {
	if len(args) == 0 {
		return "no argument"
	}
	return fmt.Sprintf("%s (%s)", text.Count(len(args), "argument"), strings.Join(args, " "))
}

// onlyCommands refuses what is none of the command's children.
func onlyCommands(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() {
			names = append(names, child.Name())
		}
	}
	return usagef("unknown command %q; want one of %s", args[0], strings.Join(names, ", "))
}

// flagProblem tells what is wrong with a flag the way a check's own problems
// are told.
func flagProblem(cmd *cobra.Command, err error) error {
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return usagef("--%s: %s", invalid.GetFlag().Name, valueProblem(invalid))
	}
	if _, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return usagef("%w; want one of those that %s --help lists", err, cmd.CommandPath())
	}
	return &usageError{err}
}

// untold are the flags whose values are not repeated: they may hold secrets, also where
// they are wrong.
var untold = []string{"header", "env", "stream"}

func valueProblem(invalid *pflag.InvalidValueError) string {
	if slices.Contains(untold, invalid.GetFlag().Name) {
		return errors.Unwrap(invalid).Error()
	}
	value := strconv.Quote(invalid.GetValue())
	if errors.Is(invalid, strconv.ErrRange) {
		return value + " is out of range"
	}
	switch invalid.GetFlag().Value.Type() {
	case "float64":
		return value + "; want a number"
	case "int", "int32":
		return value + "; want a whole number"
	case "duration":
		return value + "; want a number with a unit, for example 250ms, 10s or 5m"
	case "bool":
		return value + "; want true or false"
	default:
		return value + "; " + errors.Unwrap(invalid).Error()
	}
}
