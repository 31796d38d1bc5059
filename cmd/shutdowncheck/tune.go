package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/experiment"
	"github.com/shutdowncheck/shutdowncheck/internal/shell"
	"github.com/shutdowncheck/shutdowncheck/report"
	"github.com/shutdowncheck/shutdowncheck/tune"
)

// The longest that a tuning tries unless it is told otherwise. Requests were seen to come
// for up to 1.3 s after a pod's end had begun (kube-proxy, docs/measuring.md), and some
// balancers in front of a cluster take longer than that by far.
const (
	defaultLongestSleep = 30 * time.Second
	defaultLongestDrain = 30 * time.Second
)

type tuneCommand struct {
	runCommand
	container                  string
	longestSleep, longestDrain time.Duration
	keep                       bool
}

func newTune(s streams, connection *genericclioptions.ConfigFlags) *cobra.Command {
	t := &tuneCommand{runCommand: runCommand{streams: s, connection: connection, format: newFormatFlag(formatText, formatJSON)}}
	cmd := &cobra.Command{
		Use:   "tune WORKLOAD (--url URL | --inside) [flags]",
		Short: "Find the smallest safe preStop sleep and grace period by measuring",
		Long: `tune restarts a workload under load while its pods have a long preStop sleep and
grace period. From when the last new request came to each ending pod, and how long
its exit took after SIGTERM, it computes the smallest sleep and grace period, with a
margin that it states. A second run with these confirms them, and a third one with a
sleep that is too short shows what they are needed for: it is ended by its first
loss. It prints the settings as a patch, and leaves the report of each run.

Each run rolls its settings out before anything is sent, and puts the workload's own
back at its end. What no settings mend is told instead: a program that exits with
requests in flight, or that ignores SIGTERM.

Exit codes: 0 found and confirmed, 1 cannot be tuned, or the confirming run failed,
2 bad usage (nothing was done), 3 inconclusive, 4 tool or cluster error, 130
interrupted.`,
		Example: `  shutdowncheck tune deployment/web --inside
  shutdowncheck tune deployment/web --url http://127.0.0.1:30080/ --slow '/report?for=5s'
  shutdowncheck tune deployment/web --inside --keep -o json`,
		Args: exactlyOne("WORKLOAD"),
		RunE: t.run,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	t.check.addTraffic(flags)
	t.check.addTiming(flags)
	others := pflag.NewFlagSet("", pflag.ContinueOnError) // their defaults count
	t.check.addCourse(others)
	t.check.addBudget(others)
	flags.StringVar(&t.container, "container", "", "`NAME` of the container to tune (default the one that serves)")
	flags.DurationVar(&t.longestSleep, "longest-sleep", defaultLongestSleep, "preStop sleep of the run that measures, in whole seconds")
	flags.DurationVar(&t.longestDrain, "longest-drain", defaultLongestDrain, "how long pods may take to exit after SIGTERM in that run, at the least")
	flags.BoolVar(&t.keep, "keep", false, "leave the settings in place that were found and confirmed")
	flags.StringVar(&t.out, "out", "", "`FOLDER` for the runs' recordings and reports (default shutdowncheck-runs/NAME-TIME)")
	t.format.add(flags)
	flags.BoolVar(&t.dryRun, "dry-run", false, "print what would be done and change nothing")
	flags.BoolVar(&t.showValues, "show-values", false, "show and record the values of queries and bodies; header values stay hidden")
	connection.AddFlags(flags)
	return cmd
}

func (t *tuneCommand) run(cmd *cobra.Command, args []string) error {
	surviveBrokenPipes()
	if err := t.validate(); err != nil {
		return err
	}
	c, err := t.check.read(cmd, args)
	if missing, ok := errors.AsType[*noURLError](err); ok {
		return t.suggest(cmd.Context(), missing)
	}
	if err != nil {
		return err
	}
	if err := t.outlastsVia(c.Target.Via); err != nil {
		return err
	}
	cluster, err := connect(t.connection)
	if err != nil {
		return err
	}
	cfg, err := t.tuning(c, cluster)
	if err != nil {
		return err
	}
	if t.dryRun {
		return t.printSteps(cmd.Context(), cfg)
	}
	made, err := makeFolder(cfg.Experiment.Dir)
	if err != nil {
		made.remove()
		return usagef("--out: %w", err)
	}
	defer made.remove() // where nothing is in them
	restoreGC := relaxGC()
	result, err := tune.Tune(cmd.Context(), cfg)
	restoreGC()
	return t.finish(cmd.Context(), result, err, cfg.Experiment.Dir)
}

// finish tells what became of a tuning. Settings that were confirmed are told, and kept beside
// the runs, also where something went wrong afterwards: the error comes with them.
func (t *tuneCommand) finish(ctx context.Context, result *tune.Result, failed error, dir string) error {
	worded, ran := t.refused, result != nil && len(result.Runs) > 0
	if ran {
		worded = t.stopped
	}
	err := interrupted(ctx, worded(failed))
	if err == nil {
		return t.tell(result, dir)
	}
	if result != nil && result.Confirmed {
		if unsaved := t.print(result, dir); unsaved != nil {
			err = errors.Join(err, unsaved)
		}
	}
	if ran {
		_, _ = fmt.Fprintf(t.streams.err, "recordings and reports: %s\n", shell.Word(dir))
	}
	return err
}

// maxTuned bounds the sleep and the drain of a run that measures.
const maxTuned = time.Hour

func (t *tuneCommand) validate() error {
	switch {
	case t.longestSleep < 3*time.Second || t.longestSleep > maxTuned || t.longestSleep%time.Second != 0:
		return usagef("--longest-sleep: %s; want whole seconds, from 3s to %s", t.longestSleep, maxTuned)
	case t.longestDrain < time.Second || t.longestDrain > maxTuned:
		return usagef("--longest-drain: %s; want 1s to %s", t.longestDrain, maxTuned)
	}
	return nil
}

// outlastsVia refuses a sleep that is over while the balancer that is played still sends:
// how long requests come would not be seen.
func (t *tuneCommand) outlastsVia(via *check.Via) error {
	if via == nil || via.Lag == nil {
		return nil
	}
	if least := time.Duration(*via.Lag) + report.LagMargin; t.longestSleep <= least {
		return usagef("--longest-sleep: %s, and the balancer that is played sends for %s after a pod has left its slice; want more than %s", t.longestSleep, *via.Lag, least)
	}
	return nil
}

func (t *tuneCommand) tuning(c check.Check, cluster *cluster) (tune.Config, error) {
	cfg, err := t.experiment(c, cluster)
	if err != nil {
		return tune.Config{}, err
	}
	return tune.Config{
		Experiment: cfg, Container: t.container, LongestSleep: t.longestSleep, LongestDrain: t.longestDrain, Keep: t.keep,
		Prepare: func(cfg *experiment.Config) {
			cfg.ID = runID(cfg.Now())
			t.follow(cfg)
		},
		Reported: func(dir string, rep *report.Report) error {
			defer spareMemory()()
			return saveReport(dir, rep)
		},
	}, nil
}

// refused puts an error of the tuning into words that name the flag. What the workload
// itself keeps from being tuned is found before anything is done. A workload that could not
// be put back is the news, whatever else went wrong.
func (t *tuneCommand) refused(err error) error {
	if _, ok := errors.AsType[*experiment.RestoreError](err); ok {
		return err
	}
	if plan, ok := errors.AsType[*chaos.PlanError](err); ok {
		return &usageError{t.check.planProblem(plan.Field)}
	}
	return t.explained(err)
}

// stopped does so for a tuning that has made runs: a workload that somebody has changed
// since, so that another one is refused, is no call that was wrong.
func (t *tuneCommand) stopped(err error) error {
	err = t.refused(err)
	if wrong, ok := errors.AsType[*usageError](err); ok {
		return fmt.Errorf("the tuning could not go on: %w", wrong.err)
	}
	return err
}

func (t *tuneCommand) printSteps(ctx context.Context, cfg tune.Config) error {
	steps, err := tune.Plan(ctx, cfg)
	if err != nil {
		return interrupted(ctx, t.refused(err))
	}
	for _, step := range steps {
		if _, err := fmt.Fprintln(t.streams.out, step); err != nil {
			return err
		}
	}
	return nil
}

// tell prints what was found, and gives the verdict as an error.
func (t *tuneCommand) tell(result *tune.Result, dir string) error {
	if err := t.print(result, dir); err != nil {
		return err
	}
	switch result.Outcome {
	case tune.Found:
		return nil
	case tune.Untunable:
		return &verdictError{report.Failed}
	default:
		return &verdictError{report.Inconclusive}
	}
}

// print prints what was found, and leaves it beside the runs.
func (t *tuneCommand) print(result *tune.Result, dir string) error {
	data, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	data = append(data, '\n')
	unsaved := os.WriteFile(filepath.Join(dir, "tuning.json"), data, 0o600)
	if t.format.format == formatJSON {
		_, err = t.streams.out.Write(data)
	} else {
		err = tune.Text(t.streams.out, result)
	}
	return errors.Join(err, unsaved)
}
