package experiment

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
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
	// Progress is told what goes on, once a second and whenever that changes.
	Progress func(Progress)
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

// RestoreError is a workload that could not be put back. It says so whatever
// else became of the run.
type RestoreError struct{ Err error }

func (e *RestoreError) Error() string { return "put the workload back: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *RestoreError) Unwrap() error { return e.Err }

// restoreTimeout bounds the putting back, which goes on after the run's own
// context has ended.
const restoreTimeout = time.Minute

// Run carries out the check and leaves its recording in cfg.Dir. A run that
// proved nothing is no error: the recording says so. The errors are
// ErrInterrupted, a preflight that failed, and a tool or cluster that did; the
// cluster has been put back in every case unless the error says otherwise.
func Run(ctx context.Context, cfg Config) (err error) {
	plan, err := preflight(ctx, cfg)
	if err != nil {
		return err
	}
	writer, err := recording.Create(cfg.Dir, cfg.Now)
	if err != nil {
		return err
	}
	r := &run{cfg: cfg, workload: plan.workload, facts: plan.facts, writer: writer, began: cfg.Now()}
	if pattern := cfg.Check.Target.ShutdownLog; pattern != "" {
		if r.shutdownLog, err = regexp.Compile(pattern); err != nil {
			return fmt.Errorf("target.shutdownLog: %w", err)
		}
	}
	defer func() { err = errors.Join(err, writer.Close(r.ending(ctx, err))) }()
	err = writer.Header(recording.Header{
		Tool: cfg.Tool, Began: r.began, Namespace: cfg.Namespace, Check: cfg.Check, Workload: plan.facts, Control: cfg.Control,
	})
	if err != nil {
		return err
	}
	readySince, err := plan.workload.Healthy(ctx)
	if err != nil {
		// Nothing can be proven of a workload that was broken before.
		r.unproven = "the workload was not healthy before anything was done to it: " + err.Error()
		return nil
	}
	if err := wait(ctx, untilFollowed(readySince, cfg.Now())); err != nil {
		return err
	}
	return r.all(ctx)
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
	defer func() { err = errors.Join(err, stopWatching()) }()

	// Whatever fails beside the phases ends them, so that they put back what
	// they have changed.
	running, fail := context.WithCancelCause(observed)
	defer fail(nil)
	r.load, err = startLoad(r.cfg, r.writer.Sample, fail)
	if err != nil {
		return err
	}
	feel := startPulse(r.cfg.Now)
	defer func() {
		err = errors.Join(err, r.load.stop())
		r.client = new(feel())
	}()

	stopReporting := r.reportProgress(fail)
	defer stopReporting()

	return r.phases(running)
}

func (r *run) ending(ctx context.Context, err error) recording.Ending {
	end := recording.Ending{
		At:          r.cfg.Now(),
		Interrupted: ctx.Err() != nil,
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

// restore puts back what is still changed, whatever became of the run.
func (r *run) restore(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreTimeout)
	defer cancel()
	if err := r.driver.Restore(ctx); err != nil {
		return &RestoreError{err}
	}
	return nil
}
