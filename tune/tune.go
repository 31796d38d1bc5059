package tune

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/experiment"
	"github.com/shutdowncheck/shutdowncheck/internal/patch"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
	"github.com/shutdowncheck/shutdowncheck/report/analysis"
)

// Config is everything a tuning needs.
type Config struct {
	// Experiment is what its runs have in common. The check does one restart; Dir is the
	// folder that theirs go to.
	Experiment experiment.Config
	// Prepare makes a run's own of it: its id, and who is told of it.
	Prepare func(*experiment.Config)
	// Container is the one to tune; empty for the one that serves.
	Container string
	// LongestSleep is the preStop sleep of the run that measures, in whole seconds;
	// LongestDrain how long its pods may take after that at the least.
	LongestSleep, LongestDrain time.Duration
	// Keep leaves settings in place that were found and confirmed.
	Keep bool
	// Reported takes the report of each run when it is made.
	Reported func(dir string, rep *report.Report) error
}

// Names of the runs, and of their folders.
const (
	measuring  = "measure"
	confirming = "confirm"
	shortened  = "shortened"
	keeping    = "keep"
)

// tuning is one in progress.
type tuning struct {
	cfg      Config
	workload *chaos.Workload
	before   chaos.Settings
	action   Action
	result   *Result
}

// Tune measures, computes, confirms, and tries a sleep that is too short. Each run puts back
// what it changes. The errors are those of a run, and a chaos.PlanError for a workload that
// cannot be tuned at all: then nothing was done. Settings that were confirmed before an
// error are in the result all the same.
func Tune(ctx context.Context, cfg Config) (*Result, error) {
	t, err := look(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return t.conclude(ctx, t.carryOut(ctx))
}

// conclude says in the result what an error left of the workload. Settings that somebody
// takes away before they are confirmed are an outcome; what goes wrong afterwards takes
// nothing from what was confirmed, and is the error.
func (t *tuning) conclude(ctx context.Context, err error) (*Result, error) {
	if changed, ok := errors.AsType[*chaos.ChangedError](err); ok && (!changed.Released || !t.isAsBefore(ctx)) {
		t.result.Left = changed.Error()
	}
	if left, ok := errors.AsType[*chaos.LeftError](err); ok {
		t.result.Left = left.Error()
	}
	reverted, ok := errors.AsType[*chaos.RevertedError](err)
	if ok && !left(err) && !t.result.Confirmed {
		t.end(Untunable, reverted.Error())
		err = nil
	}
	return t.result, err
}

// lookTimeout bounds the last look at the workload, which an interrupted tuning takes, too.
const lookTimeout = 10 * time.Second

// isAsBefore tells that the workload is known to have its own settings again. One that was
// given free by somebody else may have been put back by them, or not.
func (t *tuning) isAsBefore(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTimeout)
	defer cancel()
	has, err := t.workload.Has(ctx, t.before)
	return err == nil && has
}

// left tells that the workload could not be put back: that is the news, whatever else went
// wrong.
func left(err error) bool {
	_, is := errors.AsType[*chaos.LeftError](err)
	return is
}

// unmeasurable is what of a check keeps its runs from showing how long requests come to a pod.
func unmeasurable(c check.Check) *check.FieldError {
	switch {
	case !slices.ContainsFunc(c.Streams, func(s check.Stream) bool { return s.Connections == check.New }):
		return &check.FieldError{Field: "streams", Problem: "none has new connections, and those are what a preStop sleep waits for; want one of connections: new"}
	case c.Target.PodHeader == "" && c.Target.Via == nil:
		return &check.FieldError{Field: "target.podHeader", Problem: "answers have to name their pods; want the header by which they do"}
	default:
		return nil
	}
}

// tooLong says why the run that measures does not come to its end in time, whose pods end in
// so many turns; nil where it may.
func tooLong(timeout check.Duration, sleep time.Duration, turns int) *check.FieldError {
	if least := time.Duration(turns) * sleep; time.Duration(timeout) <= least {
		why := fmt.Sprintf("each pod that ends in the run that measures sleeps for %s (--longest-sleep)", sleep)
		if turns > 1 {
			why += fmt.Sprintf(", and its rollout ends them in %d turns, each of which waits until the one before is over: they take more than %s", turns, least)
		}
		return &check.FieldError{Field: "timing.timeout", Problem: fmt.Sprintf("%s, and %s; want more than %s", timeout, why, least)}
	}
	return nil
}

// look reads what there is to tune, and changes nothing.
func look(ctx context.Context, cfg Config) (*tuning, error) {
	c := cfg.Experiment
	if problem := unmeasurable(c.Check); problem != nil {
		return nil, &chaos.PlanError{Field: problem}
	}
	w, err := chaos.Open(ctx, c.Act, c.Namespace, c.Check.Workload, c.Now(), c.ByHand)
	if err != nil {
		return nil, err
	}
	before, err := w.Tunable(ctx, c.Check, cfg.Container)
	if err != nil {
		return nil, err
	}
	turns, err := w.Turns(ctx)
	if err != nil {
		return nil, err
	}
	if problem := tooLong(c.Check.Timing.Timeout, cfg.LongestSleep, turns); problem != nil {
		return nil, &chaos.PlanError{Field: problem}
	}
	if !replaceable(before) {
		return nil, &chaos.PlanError{Field: &check.FieldError{Field: "container", Problem: fmt.Sprintf(
			"the preStop hook of container %s does more than sleep, or for a time that is not known, and is not taken away to try others; let it sleep first, by what the report of a run advises", before.Container)}}
	}
	action, err := actionOf(ctx, c.Act.Discovery())
	if err != nil {
		return nil, err
	}
	return &tuning{cfg: cfg, workload: w, before: before, action: action, result: &Result{
		APIVersion: check.APIVersion, Kind: "Tuning", Reasons: []string{}, Runs: []Run{},
		Workload: c.Check.Workload.String(), Namespace: c.Namespace, Container: before.Container, Action: action, Before: endingOf(before),
	}}, nil
}

func (t *tuning) end(outcome Outcome, reasons ...string) {
	t.result.Outcome, t.result.Reasons = outcome, append(t.result.Reasons, reasons...)
}

func (t *tuning) carryOut(ctx context.Context) error {
	sleep := int64(t.cfg.LongestSleep / time.Second)
	long := with(t.before, t.action, sleep, sleep+t.drain())
	first, err := t.run(ctx, measuring, long, false)
	if err != nil || !t.fit(first, measuring, long) {
		return err
	}
	measured, why := measure(first, t.before.Container, t.cfg.LongestSleep)
	if measured == nil {
		t.end(Inconclusive, why)
		return nil
	}
	t.result.Measured = measured
	t.says(measuringSays(measured))
	found := with(t.before, t.action, measured.sleep(), measured.grace())
	t.result.Settings = new(endingOf(found))
	rep, err := t.run(ctx, confirming, found, false)
	if err != nil || !t.fit(rep, confirming, found) {
		return err
	}
	if killed := killedSince(first, rep); killed != "" {
		t.end(Untunable, killed)
		return nil
	}
	t.says("nothing was lost")
	return t.confirmed(ctx, rep, measured, found)
}

// confirmed does what is left when the settings are known to be good.
func (t *tuning) confirmed(ctx context.Context, rep *report.Report, measured *Measured, found chaos.Settings) error {
	t.result.Confirmed, t.result.Patch = true, t.patch(found)
	t.end(Found, fmt.Sprintf("%s ended and lost nothing with these settings", text.Count(ended(rep), "pod")))
	if err := t.tooShort(ctx, measured); err != nil {
		return err
	}
	if t.cfg.Keep {
		return t.keep(ctx, found)
	}
	return nil
}

// drain is how long pods may take after SIGTERM while they are measured, in seconds.
func (t *tuning) drain() int64 {
	longest := t.cfg.LongestDrain
	for _, s := range t.cfg.Experiment.Check.Streams {
		longest = max(longest, time.Duration(s.Timeout)+report.GraceMargin)
	}
	return max(wholeSeconds(longest), t.before.Grace)
}

// run makes one run with the settings, when the workload is steady, and gives its report.
func (t *tuning) run(ctx context.Context, name string, settings chaos.Settings, stopOnFailure bool) (*report.Report, error) {
	cfg := t.prepared(name, settings)
	cfg.Check.StopOnFailure = stopOnFailure
	if err := experiment.AwaitHealthy(ctx, cfg); err != nil {
		return nil, err
	}
	ran := experiment.Run(ctx, cfg)
	rep, err := t.report(context.WithoutCancel(ctx), cfg.Dir)
	if rep != nil {
		t.result.Runs = append(t.result.Runs, Run{Name: name, Folder: cfg.Dir, Settings: endingOf(settings), Verdict: rep.Verdict, Says: strings.Join(rep.Reasons, "; ")})
	}
	if ran != nil {
		return nil, ran
	}
	return rep, err
}

func (t *tuning) prepared(name string, settings chaos.Settings) experiment.Config {
	cfg := t.cfg.Experiment
	cfg.Dir = filepath.Join(cfg.Dir, name)
	cfg.Settings = &settings
	cfg.Lint = nil // the manifest is not what is tried
	t.cfg.Prepare(&cfg)
	return cfg
}

// report makes and hands on the report of a run, where that has left a recording.
func (t *tuning) report(ctx context.Context, dir string) (*report.Report, error) {
	r, err := recording.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("read the recording: %w", err)
	}
	rep, err := analysis.Analyze(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("read the recording: %w", err)
	}
	return rep, t.cfg.Reported(dir, rep)
}

// says puts what the last run shows in the place of its reasons.
func (t *tuning) says(words string) { t.result.Runs[len(t.result.Runs)-1].Says = words }

// fit tells whether a run shows pods that lose nothing with the settings, and ends the tuning
// where not. Of a run that is inconclusive nothing is told as shown.
func (t *tuning) fit(rep *report.Report, name string, settings chaos.Settings) bool {
	if rep.Verdict == report.Inconclusive {
		t.end(Inconclusive, rep.Reasons...)
		return false
	}
	if others := otherSettings(rep, settings); others != "" {
		t.end(Inconclusive, others)
		return false
	}
	t.result.Obstacles = obstacles(rep)
	switch {
	case name == measuring && tooShortToMeasure(rep, settings) != "":
		t.end(Inconclusive, tooShortToMeasure(rep, settings))
	case name == measuring && len(t.result.Obstacles) > 0:
		t.end(Untunable, "requests are lost, or pods do not end by themselves, however long the preStop hook sleeps")
	case rep.Verdict == report.Failed && name == confirming:
		t.end(Untunable, "the confirming run was not free of losses: "+strings.Join(rep.Reasons, "; "))
	case rep.Verdict == report.Failed:
		t.end(Untunable, rep.Reasons...)
	case len(t.result.Obstacles) > 0:
		t.end(Untunable, "nothing was lost with these settings, but pods did not end by themselves as they did in the run that measured")
	default:
		return true
	}
	return false
}

// tooShort tries a sleep that is over before requests stop coming: what it shows changes
// nothing of what was found.
func (t *tuning) tooShort(ctx context.Context, m *Measured) error {
	sleep, there := m.tooShort()
	if !there {
		return nil
	}
	settings := with(t.before, t.action, sleep, m.grace())
	rep, err := t.run(ctx, shortened, settings, true)
	if err != nil {
		return err
	}
	t.says(shortenedSays(rep, m))
	return nil
}

// keep leaves the settings in place.
func (t *tuning) keep(ctx context.Context, found chaos.Settings) error {
	cfg := t.prepared(keeping, found)
	cfg.Dir = t.cfg.Experiment.Dir // its journal alone goes there
	if err := experiment.AwaitHealthy(ctx, cfg); err != nil {
		return err
	}
	below, err := t.workload.BelowPartition(ctx)
	if err != nil {
		return err
	}
	if err := experiment.Apply(ctx, cfg); err != nil {
		return err
	}
	t.result.Kept, t.result.BelowPartition = true, below
	return nil
}

// patch gives the workload the settings.
func (t *tuning) patch(s chaos.Settings) string {
	spec := patch.Object{"terminationGracePeriodSeconds": s.Grace}
	patch.Main.Container(spec, s.Container, patch.Object{"lifecycle": patch.Object{"preStop": s.Instead(t.before)}})
	return patch.PodSpec(spec)
}

func ended(rep *report.Report) int {
	n := 0
	for i := range rep.Terminations {
		if rep.Terminations[i].Container == "" {
			n++
		}
	}
	return n
}

// Plan says what a tuning would do, in one line per step, and changes nothing.
func Plan(ctx context.Context, cfg Config) ([]string, error) {
	t, err := look(ctx, cfg)
	if err != nil {
		return nil, err
	}
	sleep := int64(cfg.LongestSleep / time.Second)
	run := t.prepared(measuring, with(t.before, t.action, sleep, sleep+t.drain()))
	steps, err := experiment.Plan(ctx, run)
	if err != nil {
		return nil, err
	}
	steps = slices.Insert(steps, 0, fmt.Sprintf("roll %s out with %s, and put it back at the end of the run (it has %s)", t.result.Workload, run.Settings, t.before))
	steps = append(steps, "that is the first of three runs, each with a rollout of its own before and after it",
		"do the same with the settings that are computed from that, to confirm them", "do the same with a sleep that is too short, and end that run with the first loss")
	if cfg.Keep {
		below, err := t.workload.BelowPartition(ctx)
		if err != nil {
			return nil, err
		}
		leave := "roll the settings out that were found and confirmed, and leave them"
		if below > 0 {
			leave += fmt.Sprintf("; the partition keeps them from %s", text.Count(below, "pod"))
		}
		steps = append(steps, leave)
	}
	return steps, nil
}
