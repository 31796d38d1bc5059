package experiment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/fleet"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Config is everything a run needs.
type Config struct {
	// Check has its defaults and is valid.
	Check check.Check
	// Observe and Act are clients of their own, so that a burst of reads never
	// delays a change.
	Observe, Act kubernetes.Interface
	Namespace    string
	// Settings are those with which the pods end while the run goes on: they are rolled out
	// before anything is sent, and put back at the end. Nil leaves the workload's own.
	Settings *chaos.Settings
	// Exec runs the programs of kills through exec; nil where there are none.
	Exec chaos.Executor
	// Dial leads to senders in the cluster; nil where the check wants none.
	Dial fleet.Dialer
	// Image gives this tool's image, as the cluster finds it, for a check that names none
	// for its senders. It is asked before anything is done to the workload.
	Image func(context.Context) (string, error)
	// Domain is the cluster's DNS domain, as the resolver of this process knows it; empty
	// where it does not, and chaos.DefaultDomain is taken for it in URLs.
	Domain string
	// ID tells this run from others on the object that it changes.
	ID string
	// Self is the pod that the run is carried out in, as namespace/name; empty
	// outside the cluster. It must not be evicted by the run itself.
	Self string
	// ByHand makes the commands that errors tell.
	ByHand chaos.ByHand
	// Control is what became of the control; nil where none was wanted.
	Control *recording.ControlResult
	// Lint judges the manifest of the workload before it is touched; nil where nobody does.
	// What it cannot read it says in its notes.
	Lint func(context.Context) *recording.Lint
	// Ends counts what the recording in Dir shows of the ends of pods so far. It is asked
	// after each round of a check with Prove, and may be nil for others.
	Ends func(context.Context) (Ends, error)
	// TraceBase is a random number, for the trace ids of a check that wants them.
	TraceBase recording.TraceBase
	// Dir is the folder of the recording.
	Dir string
	// Room is what there is for the recording and in memory.
	Room Room
	// Tool is the version of the program, for the recording.
	Tool string
	// Now is the run's clock. It has to be monotonic: see NewClock.
	Now func() time.Time
	// ShowValues has the values of variables, queries and bodies, and the arguments
	// and output of commands in the recording and in errors.
	ShowValues bool
	// Output takes a warning before anything is sent, and what commands write, while they
	// run; nil drops it. It must not wait for a reader.
	Output io.Writer
	// Group is told of the process group of each command, by its leader, until nothing
	// of it runs any more; nil where nobody wants to know.
	Group func(leader int) (ended func())
	// Progress is told what goes on, once a second and whenever a phase begins. One that
	// takes its time misses some of that; it holds up nothing but the end of the run, and
	// that for ten seconds at most.
	Progress func(Progress)
	// Doing is told what the run is at, from its own goroutine; it must not block. Nil
	// tells nobody.
	Doing func(Doing)
}

// Doing is what a run is at, for somebody who has asked it to end.
type Doing struct {
	// What is done, as in "putting deployment/web back".
	What string
	// Changed tells that the workload may be left changed if the process ends now.
	Changed bool
}

// at tells what is done from now on.
func (c Config) at(changed bool, format string, arguments ...any) {
	if c.Doing != nil {
		c.Doing(Doing{What: fmt.Sprintf(format, arguments...), Changed: changed})
	}
}

// tell writes a line for whoever reads along.
func (c Config) tell(format string, args ...any) {
	if c.Output != nil {
		_, _ = fmt.Fprintf(c.Output, format+"\n", args...)
	}
}

// seeRollout tells how to follow a workload until it is healthy.
func (c Config) seeRollout() string {
	return "follow it with: " + c.ByHand.Kubectl("rollout", "status", c.Check.Workload.String(), "-n", c.Namespace)
}

// NewClock gives a clock that never steps: the time at its making plus the
// monotonic time since.
func NewClock() func() time.Time {
	origin := time.Now()
	return func() time.Time { return origin.Add(time.Since(origin)) }
}

// ErrInterrupted is a run that its context ended. The cluster was put back and
// the recording is complete up to there.
var ErrInterrupted = errors.New("interrupted")

// Run carries out the check and leaves its recording in cfg.Dir. A run that
// proved nothing is no error: the recording says so. The errors are
// ErrInterrupted, a preflight that failed, and a tool or cluster that did; the
// cluster has been put back in every case unless the error says otherwise.
func Run(ctx context.Context, cfg Config) error {
	if cfg.Check.Prove != nil && cfg.Ends == nil {
		return errNoCount
	}
	cfg.at(false, "looking at %s", cfg.Check.Workload)
	plan, err := preflight(ctx, cfg, cfg.awaitLeaving)
	if err != nil {
		return err
	}
	plan.warn(cfg.Output)
	if cfg.Check, err = imaged(ctx, plan.check, cfg.Image); err != nil {
		return err
	}
	r := &run{cfg: cfg, workload: plan.workload, facts: plan.facts, found: plan.found, names: plan.names, told: plan.told, avoid: plan.drained, inTurn: plan.inTurn, backends: newBackends(cfg.Check.Target.Via, plan.routes), began: cfg.Now()}
	r.driver = r.newDriver()
	if cfg.Settings != nil {
		r.facts.Warnings = append(r.facts.Warnings, "the run had settings of its own, which it put back at the end: "+cfg.Settings.String())
	}
	r.window.of(r.cfg.Check.Window, &r.facts)
	if cfg.Lint != nil {
		r.lint = cfg.Lint(ctx)
	}
	r.teardown.err = guard.Call("the run", func() error { return r.carryOut(ctx) })
	return r.teardown.run(ctx, func(name string) { r.at("%s", name) })
}

// carryOut claims the workload, starts the senders, begins the recording, the watches and
// the load, and takes the run through its phases. Whatever it begins it leaves to the
// teardown: the workload is put back before the load ends, and once more before the
// recording does. It is released only when the senders are gone: until then its claim
// tells whoever restores it whose they are.
func (r *run) carryOut(ctx context.Context) error {
	readySince, unhealthy := r.workload.Healthy(ctx)
	if _, known := errors.AsType[*chaos.UnhealthyError](unhealthy); unhealthy != nil && !known {
		return unhealthy
	}
	r.teardown.add("saving the recording", 0, func(context.Context) error { return r.save(ctx) })
	r.teardown.add(fmt.Sprintf("putting %s back and releasing it", r.workload), restoreTimeout, r.release)
	if unhealthy == nil && r.told.missing == "" {
		if err := r.claim(ctx); err != nil {
			return err
		}
		if readySince, unhealthy = r.setUp(ctx, readySince); unhealthy != nil {
			return unhealthy
		}
		if err := r.launch(ctx); err != nil {
			return err
		}
	}
	if err := r.record(); err != nil {
		return err
	}
	if unhealthy != nil {
		r.unproven = r.cfg.unhealthy(unhealthy)
		return nil
	}
	if r.unproven = r.told.missing; r.unproven != "" {
		return nil
	}
	if err := wait(ctx, untilFollowed(readySince, r.cfg.Now())); err != nil {
		return err
	}
	observed, err := r.watch(ctx)
	if err != nil {
		return err
	}
	// Whatever fails beside the phases ends them.
	running, fail := context.WithCancelCause(observed)
	r.writer.OnError(fail)
	if err := r.startLoad(running, fail); err != nil {
		return err
	}
	r.reportProgress(fail)
	r.teardown.add(fmt.Sprintf("putting %s back", r.workload), restoreTimeout, r.restore)
	err = r.phases(running)
	if nobody, ok := errors.AsType[*noSenderError](err); ok {
		r.unproven = nobody.Error()
		return nil
	}
	if err == nil && r.unproven == "" {
		err = r.stood(ctx)
	}
	return err
}

// record begins the recording.
func (r *run) record() (err error) {
	if pattern := r.cfg.Check.Target.ShutdownLog; pattern != "" {
		if r.shutdownLog, err = regexp.Compile(pattern); err != nil {
			return fmt.Errorf("target.shutdownLog: %w", err)
		}
	}
	if r.writer, err = recording.Create(r.cfg.Dir, r.cfg.Now); err != nil {
		return err
	}
	var traceBase recording.TraceBase
	if r.cfg.Check.Target.Trace {
		traceBase = r.cfg.TraceBase
	}
	if inside, ok := r.load.(*senders); ok {
		inside.into(r.writer)
	}
	return r.writer.Header(recording.Header{
		Tool: r.cfg.Tool, Began: r.began, Namespace: r.cfg.Namespace, Check: r.cfg.Check.Recorded(r.cfg.ShowValues), Workload: r.facts, Lint: r.lint, Control: r.cfg.Control, TraceBase: traceBase,
		Senders: r.workload.Senders,
	})
}

// run is one run in progress.
type run struct {
	cfg      Config
	workload *chaos.Workload
	facts    recording.Workload
	lint     *recording.Lint
	writer   *recording.Writer
	began    time.Time
	// found is the URL that the cluster's services told; empty where the check names one.
	found string
	// names are as attack.Config has them.
	names map[string]string
	// told is what servers told of their calls.
	told told
	// avoid are the nodes that get no sender.
	avoid []string
	// inTurn is on how many nodes a drain of each has to do.
	inTurn int
	// backends are nil where no balancer is played.
	backends *backends
	// load is nil before it is known who sends, sent what became of it, at the end.
	load    load
	sent    fleet.End
	driver  *chaos.Driver
	watched watched
	window  window
	// windowPod is the pod that was tried on its own address, windowWhy why none was.
	windowPod *recording.PodObservation
	windowWhy string
	// shutdownLog is nil where the check names none.
	shutdownLog *regexp.Regexp
	stage       stage
	teardown    teardown
	// wake asks for the progress to be told.
	wake chan struct{}
	// changed tells that something was done to the workload and not put back yet.
	changed bool

	// gaveUp tells that something could not be put back within its time.
	gaveUp bool

	// unproven is why the run could not be carried out to its end, stopped why it was not,
	// as its check wants it.
	unproven, stopped string
}

// at tells what is done from now on.
func (r *run) at(format string, arguments ...any) { r.cfg.at(r.changed, format, arguments...) }

// panicked tells a fault of the program's own, which may end the run's context too.
func panicked(err error) bool {
	_, is := errors.AsType[*guard.PanicError](err)
	return is
}

// save ends the recording, where one was begun.
func (r *run) save(ctx context.Context) error {
	if r.writer == nil {
		return nil
	}
	return r.writer.Close(r.ending(ctx, r.teardown.err))
}

func (r *run) ending(ctx context.Context, err error) recording.Ending {
	end := recording.Ending{
		At:          r.cfg.Now(),
		Interrupted: ctx.Err() != nil && !panicked(err),
		Error:       r.unproven,
		Stopped:     r.stopped,
		Streams:     []recording.StreamEnd{},
	}
	if err != nil && !errors.Is(err, ErrInterrupted) {
		end.Error = err.Error()
	}
	if r.sent.Streams != nil {
		end.Streams = r.sent.Streams
	}
	end.Client, end.Senders = r.sent.Client, r.sent.Senders
	return end
}
