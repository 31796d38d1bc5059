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
	// Exec runs the programs of kills through exec; nil where there are none.
	Exec chaos.Executor
	// ID tells this run from others on the object that it changes.
	ID string
	// Self is the pod that the run is carried out in, as namespace/name; empty
	// outside the cluster. It must not be evicted by the run itself.
	Self string
	// Rights are asked for beyond those of the run itself, for what is done
	// around it.
	Rights []chaos.Permission
	// Control is what became of the control; nil where none was wanted.
	Control *recording.ControlResult
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
	// Output takes what commands write, while they run; nil drops it. It must not
	// wait for a reader.
	Output io.Writer
	// Group is told of the process group of each command, by its leader, until nothing
	// of it runs any more; nil where nobody wants to know.
	Group func(leader int) (ended func())
	// Progress is told what goes on, once a second and whenever a phase begins. One that
	// takes its time misses some of that; it holds up nothing but the end of the run.
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
func Run(ctx context.Context, cfg Config) (err error) {
	cfg.at(false, "looking at %s", cfg.Check.Workload)
	plan, err := preflight(ctx, cfg)
	if err != nil {
		return err
	}
	r := &run{cfg: cfg, workload: plan.workload, facts: plan.facts, began: cfg.Now()}
	r.driver = r.newDriver()
	// Whatever becomes of the run, it is put back before the recording ends.
	defer func() {
		err = errors.Join(err, r.release(ctx))
		if r.writer != nil {
			r.at("saving the recording")
			err = also(err, r.writer.Close(r.ending(ctx, err)))
		}
	}()
	readySince, unhealthy := plan.workload.Healthy(ctx)
	if unhealthy == nil {
		if err := r.claim(ctx); err != nil {
			return err
		}
	}
	if err := r.record(); err != nil {
		return err
	}
	if unhealthy != nil {
		// Nothing can be proven of a workload that was broken before.
		r.unproven = "the workload was not healthy before anything was done to it: " + unhealthy.Error()
		return nil
	}
	if err := wait(ctx, untilFollowed(readySince, cfg.Now())); err != nil {
		return err
	}
	// Each part of a run has guards of its own, which put the workload back. This one
	// is for what holds them together: the recording must not end as if all were well.
	return guard.Call("the run", func() error { return r.all(ctx) })
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
	return r.writer.Header(recording.Header{
		Tool: r.cfg.Tool, Began: r.began, Namespace: r.cfg.Namespace, Check: r.cfg.Check.Recorded(r.cfg.ShowValues), Workload: r.facts, Control: r.cfg.Control,
	})
}

// run is one run in progress.
type run struct {
	cfg      Config
	workload *chaos.Workload
	facts    recording.Workload
	writer   *recording.Writer
	began    time.Time
	load     *load
	client   *recording.Client
	driver   *chaos.Driver
	watched  watched
	// shutdownLog is nil where the check names none.
	shutdownLog *regexp.Regexp
	stage       stage
	// wake asks for the progress to be told.
	wake chan struct{}
	// changed tells that something was done to the workload and not put back yet.
	changed bool

	// gaveUp tells that something could not be put back within its time.
	gaveUp bool

	// unproven is why the run could not be carried out to its end.
	unproven string
}

// all starts the watches and the load, takes the run through its phases, and
// ends both in the reverse order.
func (r *run) all(ctx context.Context) (err error) {
	observed, stopWatching, err := r.watch(ctx)
	if err != nil {
		return err
	}
	defer func() {
		r.at("waiting for the last news of the cluster")
		err = also(err, stopWatching())
	}()

	// Whatever fails beside the phases ends them, so that they put back what
	// they have changed.
	running, fail := context.WithCancelCause(observed)
	defer fail(nil)
	r.writer.OnError(fail)
	r.load, err = startLoad(r.cfg, r.writer.Sample, fail)
	if err != nil {
		return err
	}
	feel := startPulse(r.cfg.Now, fail)
	defer func() {
		r.at("waiting for the requests in flight")
		err = also(err, r.load.stop()...)
		r.client = new(feel())
	}()

	stopReporting := r.reportProgress(fail)
	defer stopReporting()

	return r.phases(running)
}

// also adds what else went wrong to an error that may have it already: what failed
// beside the phases is also why they ended.
func also(err error, more ...error) error {
	for _, next := range more {
		if next != nil && !errors.Is(err, next) {
			err = errors.Join(err, next)
		}
	}
	return err
}

// at tells what is done from now on.
func (r *run) at(format string, arguments ...any) { r.cfg.at(r.changed, format, arguments...) }

// panicked tells a fault of the program's own, which may end the run's context too.
func panicked(err error) bool {
	_, is := errors.AsType[*guard.PanicError](err)
	return is
}

func (r *run) ending(ctx context.Context, err error) recording.Ending {
	end := recording.Ending{
		At:          r.cfg.Now(),
		Interrupted: ctx.Err() != nil && !panicked(err),
		Error:       r.unproven,
		Streams:     []recording.StreamEnd{},
	}
	if err != nil && !errors.Is(err, ErrInterrupted) {
		end.Error = err.Error()
	}
	if r.load != nil {
		end.Streams = r.load.ends
		end.Client = r.client
	}
	return end
}
