package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// checkFlags are the flags that make up a check. Each stands for a field of the
// check file.
type checkFlags struct {
	file string

	url           string
	podHeader     string
	rate          float64
	pool          int
	streamTimeout time.Duration
	restart       bool
	scaleTo       int32
	baseline      time.Duration
	settle        time.Duration
	timeout       time.Duration

	budgetFailed       int
	budgetMaskable     int
	budgetUnattributed int
}

// fileFlag is the flag that excludes all others of a check.
const fileFlag = "filename"

func (f *checkFlags) add(flags *pflag.FlagSet) {
	flags.StringVarP(&f.file, fileFlag, "f", "", "read the check from a `FILE` instead of from flags")
	flags.StringVar(&f.url, "url", "", "`URL` that the requests go to")
	flags.StringVar(&f.podHeader, "pod-header", check.DefaultPodHeader, "response `HEADER` that names the pod")
	flags.Float64Var(&f.rate, "rate", check.DefaultRate, "requests per second of each stream")
	flags.IntVar(&f.pool, "pool", check.DefaultPool, "connections that the stream on reused connections keeps")
	flags.DurationVar(&f.streamTimeout, "stream-timeout", time.Duration(check.DefaultStreamTimeout), "how long a request may take before it counts as failed")
	flags.BoolVar(&f.restart, "restart", false, "restart the workload, as kubectl rollout restart does (the default disruption)")
	flags.Int32Var(&f.scaleTo, "scale-to", 0, "scale the workload down to `N` replicas and back")
	flags.DurationVar(&f.baseline, "baseline", time.Duration(check.DefaultBaseline), "how long the undisturbed service is watched first")
	flags.DurationVar(&f.settle, "settle", time.Duration(check.DefaultSettle), "how long the load goes on after each disruption")
	flags.DurationVar(&f.timeout, "timeout", time.Duration(check.DefaultTimeout), "how long each disruption may take")
	flags.IntVar(&f.budgetFailed, "budget-failed", 0, "failed requests that are tolerated")
	flags.IntVar(&f.budgetMaskable, "budget-maskable", 0, "failed requests that are tolerated beyond that if a replaying client would have hidden them")
	flags.IntVar(&f.budgetUnattributed, "budget-unattributed", 0, "failed requests that may stay without an explanation")
}

// names lists the flags that conflict with --filename.
func (f *checkFlags) names() []string {
	var names []string
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(checkFlags).add(set)
	set.VisitAll(func(flag *pflag.Flag) {
		if flag.Name != fileFlag {
			names = append(names, flag.Name)
		}
	})
	return names
}

// read makes the check out of a file or out of the flags and the workload.
func (f *checkFlags) read(cmd *cobra.Command, args []string) (check.Check, error) {
	if cmd.Flags().Changed(fileFlag) {
		return f.fromFile(cmd, args)
	}
	if len(args) != 1 {
		return check.Check{}, usagef("want one workload, as KIND/NAME (for example deployment/web), or --%s FILE", fileFlag)
	}
	return f.fromFlags(cmd.Flags(), args[0])
}

func (f *checkFlags) fromFile(cmd *cobra.Command, args []string) (check.Check, error) {
	if len(args) > 0 {
		return check.Check{}, usagef("both --%s and the workload %s: the file names the workload", fileFlag, args[0])
	}
	for _, name := range f.names() {
		if cmd.Flags().Changed(name) {
			return check.Check{}, usagef("both --%s and --%s: write it into the file", fileFlag, name)
		}
	}
	data, err := os.ReadFile(f.file)
	if err != nil {
		return check.Check{}, usagef("--%s: %w", fileFlag, err)
	}
	c, err := check.Read(f.file, data)
	if err != nil {
		return check.Check{}, &usageError{err}
	}
	return c, nil
}

func (f *checkFlags) fromFlags(flags *pflag.FlagSet, workload string) (check.Check, error) {
	ref, err := check.ParseWorkload(workload)
	if err != nil {
		return check.Check{}, &usageError{err}
	}
	c := check.Check{Workload: ref, Target: check.Target{URL: f.url, PodHeader: f.podHeader}}
	if f.restart {
		c.Disruptions = append(c.Disruptions, check.Disruption{Restart: &check.Restart{}})
	}
	if flags.Changed("scale-to") {
		c.Disruptions = append(c.Disruptions, check.Disruption{Scale: &check.Scale{To: f.scaleTo}})
	}
	// Defaults first: a zero that was asked for has to stay a zero, so that it
	// can be refused.
	c = c.WithDefaults()
	c.Target.PodHeader = f.podHeader
	for i := range c.Streams {
		c.Streams[i].Rate = f.rate
		c.Streams[i].Timeout = check.Duration(f.streamTimeout)
		if c.Streams[i].Connections == check.Reused {
			c.Streams[i].Pool = f.pool
		}
	}
	c.Timing = check.Timing{
		Baseline: check.Duration(f.baseline), Settle: check.Duration(f.settle), Timeout: check.Duration(f.timeout),
	}
	c.Budget = check.Budget{Failed: f.budgetFailed, Maskable: f.budgetMaskable, Unattributed: f.budgetUnattributed}
	if err := c.Validate(); err != nil {
		return check.Check{}, &usageError{inFlags(err)}
	}
	return c, nil
}

// flagOfField tells which flag a field of the check came from, by the last part
// of the field's path.
var flagOfField = map[string]string{
	"target.url": "url", "target.podHeader": "pod-header",
	"rate": "rate", "pool": "pool", "timeout": "stream-timeout", "to": "scale-to", "scale": "scale-to",
	"timing.baseline": "baseline", "timing.settle": "settle", "timing.timeout": "timeout",
	"budget.failed": "budget-failed", "budget.maskable": "budget-maskable", "budget.unattributed": "budget-unattributed",
}

// inFlags tells a problem of the check in the words of the command line. A flag
// that both streams share is complained about once.
func inFlags(err error) error {
	var lines []string
	for _, err := range flatten(err) {
		line := err.Error()
		if field, ok := errors.AsType[*check.FieldError](err); ok {
			line = flagName(field.Field) + ": " + field.Problem
		}
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}

func flagName(field string) string {
	last := field[strings.LastIndexByte(field, '.')+1:]
	for _, key := range []string{field, last} {
		if flag, ok := flagOfField[key]; ok {
			return "--" + flag
		}
	}
	return field
}

func flatten(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// planProblem tells a problem that only the cluster could find in the words of
// the command line or of the file.
func (f *checkFlags) planProblem(err error) error {
	field, ok := errors.AsType[*check.FieldError](err)
	switch {
	case !ok:
		return err
	case f.file != "":
		return fmt.Errorf("%s: %w", f.file, err)
	default:
		return fmt.Errorf("%s: %s", flagName(field.Field), field.Problem)
	}
}
