package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/experiment"
	"github.com/shutdowncheck/shutdowncheck/fleet"
	"github.com/shutdowncheck/shutdowncheck/internal/shell"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

type runCommand struct {
	streams    streams
	connection *genericclioptions.ConfigFlags
	check      checkFlags
	out        string
	format     *formatFlag
	dryRun     bool
	showValues bool
}

func newRun(s streams, connection *genericclioptions.ConfigFlags) *cobra.Command {
	r := &runCommand{streams: s, connection: connection, format: newFormatFlag(reportFormats...)}
	cmd := &cobra.Command{
		Use:   "run (WORKLOAD (--url URL | --inside) | -f FILE) [flags] [-- COMMAND...]",
		Short: "Run a check and exit with its verdict",
		Long: `run sends an even load to a service, makes the pods behind it end in the ways
that the flags or the check file name, and waits for each until its replacements
are Ready. Everything it saw, the report and what it says go to a folder of their
own; what it changed in the cluster is put back.

With --inside pods of this tool send the load from inside the cluster, so that
nothing but a kubeconfig is needed: the service that leads to the workload tells
the URL, and the pods are removed again.

Exit codes: 0 passed, 1 failed, 2 bad usage (nothing was done), 3 inconclusive
(nothing was proven, and the report says why), 4 tool or cluster error, 130
interrupted (what was seen until then is reported).`,
		Example: `  shutdowncheck run deployment/web --inside
  shutdowncheck run deployment/web --inside --senders all --rate 1000
  shutdowncheck run deployment/web --url http://127.0.0.1:30080/
  shutdowncheck run deployment/web --url http://127.0.0.1:30080/ --rate 200 --restart --scale-to 1
  shutdowncheck run deployment/web --url http://127.0.0.1:30080/ --evict 1 --restart --repeat 3 --pause 30s
  shutdowncheck run deployment/web --url http://127.0.0.1:30080/ -- helm upgrade web ./chart
  shutdowncheck run -f check.yaml -o json`,
		Args: atMostOneWorkload,
		RunE: r.run,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	r.check.add(flags)
	flags.StringVar(&r.out, "out", "", "`FOLDER` for the recording and the report (default shutdowncheck-runs/NAME-TIME)")
	r.format.add(flags)
	flags.BoolVar(&r.dryRun, "dry-run", false, "print what would be done, where and for how long, and change nothing")
	flags.BoolVar(&r.showValues, "show-values", false, "show and record the values of variables, queries and bodies, and the arguments and output of commands; header values stay hidden")
	connection.AddFlags(flags)
	return cmd
}

func (r *runCommand) run(cmd *cobra.Command, args []string) error {
	surviveBrokenPipes()
	c, err := r.check.read(cmd, args)
	if missing, ok := errors.AsType[*noURLError](err); ok {
		return r.suggest(cmd.Context(), missing)
	}
	if err != nil {
		return err
	}
	cluster, err := connect(r.connection)
	if err != nil {
		return err
	}
	cfg, err := r.experiment(c, cluster)
	if err != nil {
		return err
	}
	progress := r.follow(&cfg)
	if c.Prove != nil {
		cfg.Ends = func(ctx context.Context) (experiment.Ends, error) { return endsSoFar(ctx, cfg.Dir) }
	}
	if r.dryRun {
		return r.printPlan(cmd.Context(), cfg, cluster.name)
	}
	made, err := makeFolder(cfg.Dir)
	if err != nil {
		made.remove()
		return usagef("--out: %w", err)
	}
	if c.Control != nil {
		cfg.Control, err = r.tryControl(cmd.Context(), cfg)
		if err != nil {
			made.remove()
			return interrupted(cmd.Context(), r.explained(err))
		}
	}
	restoreGC := relaxGC()
	runErr := interrupted(cmd.Context(), r.explained(experiment.Run(cmd.Context(), cfg)))
	restoreGC()
	progress.end()
	if !holdsRecording(cfg.Dir) {
		made.remove()
		return runErr
	}
	// What an interrupted run has seen is reported all the same.
	return r.conclude(context.WithoutCancel(cmd.Context()), cfg.Dir, runErr)
}

// experiment is the run of a check in a cluster.
func (r *runCommand) experiment(c check.Check, cluster *cluster) (cfg experiment.Config, err error) {
	clock := experiment.NewClock()
	cfg = experiment.Config{
		Check:     c,
		Observe:   cluster.observe,
		Act:       cluster.act,
		Exec:      cluster.exec,
		Namespace: cluster.namespace,
		ID:        runID(clock()),
		TraceBase: traceBase(),
		Self:      self(),
		Domain:    ownDomain(),
		Lint:      func(ctx context.Context) *recording.Lint { return preflightLint(ctx, cluster, c.Workload) },
		Dir:       r.folder(c, clock()),
		Tool:      version(),
		Now:       clock,

		ShowValues: r.showValues,
		Group:      r.streams.work.group,
		ByHand:     byHand(r.streams, r.connection),
	}
	if c.Inside != nil {
		if cfg.Dial, err = fleet.NewDialer(cluster.config); err != nil {
			return experiment.Config{}, err
		}
		cfg.Image = func(ctx context.Context) (string, error) { return r.senderImage(ctx, cluster) }
	}
	cfg.Room = readRoom(cfg.Dir)
	return cfg, nil
}

// follow shows a run in progress, and tells the program what it is at.
func (r *runCommand) follow(cfg *experiment.Config) *progress {
	shown := newProgress(r.streams.err)
	cfg.Progress, cfg.Output = shown.show, shown
	workload := cfg.Check.Workload.String()
	cfg.Doing = r.owing(cfg.ByHand.Restore(workload, cfg.Namespace), workload)
	return shown
}

// owing follows what the run is at, and from its first change on until it was put back
// what somebody who ends it has to do.
func (r *runCommand) owing(restore, workload string) func(experiment.Doing) {
	paid := func() {}
	owed := false
	return func(now experiment.Doing) {
		r.streams.work.at(now.What)
		switch {
		case now.Changed && !owed:
			paid = r.streams.work.owe(workload+" may be left changed, put it back with", restore)
		case !now.Changed:
			paid()
		}
		owed = now.Changed
	}
}

// relaxGC lets the heap grow to three times what lives (GOGC=200) while requests are
// sent. Little lives and much dies: with the runtime's 100 the collector would run
// fifty times a second at full load, and take a tenth of the processor time. An
// environment that sets GOGC is obeyed.
func relaxGC() (restore func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(200)
	return func() { debug.SetGCPercent(before) }
}

// conclude reports what the run has recorded, also where it came to no good end.
func (r *runCommand) conclude(ctx context.Context, dir string, runErr error) error {
	r.streams.work.at("making the report")
	defer spareMemory()()
	rep, err := analyze(ctx, dir)
	if err != nil {
		return errors.Join(runErr, err)
	}
	// Saved first: nobody may be left to read what is printed, or in no hurry.
	unsaved := saveReport(dir, rep)
	r.streams.work.saved(exitInterrupted)
	err = errors.Join(runErr, unsaved, r.format.write(r.streams, rep))
	if unsaved == nil {
		_, _ = fmt.Fprintf(r.streams.err, "recording and report: %s\n", shell.Word(dir))
	} else {
		_, _ = fmt.Fprintf(r.streams.err, "recording: %s, of which the report is made with: %s\n", shell.Word(dir), shell.Line("shutdowncheck report %s", dir))
	}
	if err != nil {
		return err
	}
	return verdictOf(rep)
}

// explained puts the run's error into words that name the flag or the file.
func (r *runCommand) explained(err error) error {
	if _, ok := errors.AsType[*experiment.RestoreError](err); ok {
		return err // it is the news, whatever else went wrong
	}
	if wrong, ok := errors.AsType[*experiment.CheckError](err); ok {
		return &usageError{r.check.explain(wrong.Err)}
	}
	if _, ok := errors.AsType[*check.FieldError](err); ok {
		return r.check.planProblem(err)
	}
	if _, ok := errors.AsType[*experiment.RoomError](err); ok {
		return usagef("%w", err)
	}
	return err
}

// printPlan says where a run would do what, and leaves the results. A folder that the run
// would refuse is refused here, too.
func (r *runCommand) printPlan(ctx context.Context, cfg experiment.Config, cluster string) error {
	if err := fitsRecording(cfg.Dir); err != nil {
		return usagef("--out: %w", err)
	}
	steps, err := experiment.Plan(ctx, cfg)
	if err != nil {
		return interrupted(ctx, r.explained(err))
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s in namespace %s of %s; the results go to %s\n", cfg.Check.Workload, cfg.Namespace, cluster, shell.Word(cfg.Dir))
	for _, step := range steps {
		fmt.Fprintln(&text, step)
	}
	_, err = r.streams.out.Write(text.Bytes())
	return err
}

func (r *runCommand) folder(c check.Check, now time.Time) string {
	if r.out != "" {
		return r.out
	}
	return filepath.Join("shutdowncheck-runs", c.Metadata.Name+"-"+now.UTC().Format("20060102-150405"))
}

// runID is short enough to be read aloud, and unlike any other's.
func traceBase() (base recording.TraceBase) {
	_, _ = rand.Read(base[:]) // it never fails
	return base
}

func runID(now time.Time) string {
	return now.UTC().Format("20060102-150405") + "-" + rand.Text()[:6]
}
