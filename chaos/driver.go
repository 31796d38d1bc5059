package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Driver does disruptions to one workload, one at a time, and puts back what
// they changed. All fields must be set, except where they say otherwise. It is
// for one goroutine.
type Driver struct {
	Workload *Workload
	// Run is the run's id; it is what marks our own annotation.
	Run string
	// Senders is the name of the Job, in the workload's namespace, that the run makes to
	// send its requests; empty for none. Whoever restores the workload removes it.
	Senders string
	// Until is when the run is over at the latest, as other runs are told; zero where
	// that is not known.
	Until time.Time
	// Journal is the path of the restore journal, in the run's folder; empty for
	// none.
	Journal string
	// Record takes what was done, in the order in which it became known.
	Record func(recording.Action)
	// Now is the clock of the recorded times.
	Now func() time.Time
	// Round is how often the disruption that comes next was done before; it
	// only goes into the record.
	Round int
	// Settle is waited for where pods that a disruption has made are to end in
	// the same disruption, so that they carry traffic by then; nil waits for
	// nothing.
	Settle func(ctx context.Context) error
	// Exec runs the programs of kills through exec; nil where there are none.
	Exec Executor
	// Output takes what a command writes, while it runs; nil drops it. It must
	// not wait for a reader.
	Output io.Writer
	// Group is told of each process group that a command leads, by its leader, until
	// nothing of it runs any more; nil where nobody wants to know.
	Group func(leader int) (ended func())

	// held is what the workload bears of this run, notes how many texts it was given.
	held  hold
	notes int
	// commanded tells that a command of the user's was run, which may have written the
	// workload anew, without the note.
	commanded bool
	// claimedAt is when it was first claimed.
	claimedAt time.Time
	// open is the change that is neither undone nor settled, kept one that is to
	// stay. There is never more than one, so the note need not tell an order.
	open *change
	kept bool
	// standing is the change of the settings, under which all others are made and undone;
	// nil for none.
	standing *change
}

// Do carries out one disruption and returns when it is over: every pod it
// doomed is gone, or in a kill its container has ended, all replacements are
// Ready, and the workload has what it wants. index is the disruption's place in the check.
//
// It claims the workload if Claim has not done so, except for a disruption that
// changes nothing. It fails with a PlanError or a ClaimedError before anything was
// changed, with a NotSteadyError when ctx ends first. Whatever the error, what was
// changed stays changed until Restore, and until then Do refuses to do more.
func (d *Driver) Do(ctx context.Context, index int, disruption check.Disruption) error {
	if d.open != nil && !d.kept {
		return fmt.Errorf("the %s of %s before this is still to be restored", d.open.name(), d.Workload)
	}
	v, err := d.Workload.watch(ctx)
	if err != nil {
		return err
	}
	defer v.close()
	s, err := d.Workload.readAgain(ctx)
	if err != nil {
		return err
	}
	if err := d.Workload.claimed(s, d.Run, d.Now()); err != nil {
		return err
	}
	kind, err := d.Workload.fit(ctx, s, index, disruption)
	if err != nil {
		return err
	}
	if Claims(disruption) {
		if err := d.Claim(ctx); err != nil {
			return err
		}
	}
	d.commanded = d.commanded || disruption.Command != nil
	a := &attempt{Driver: d, view: v, index: index, name: disruption.Kind()}
	return a.finish(ctx, kind.do(ctx, a, s))
}

// attempt is one disruption under way.
type attempt struct {
	*Driver
	view   *view
	index  int
	name   check.DisruptionKind
	doomed []*corev1.Pod
	// whatEnded says what ended where it is not the doomed pods themselves.
	whatEnded string
}

// finish records how the disruption ended.
func (a *attempt) finish(ctx context.Context, err error) error {
	if err == nil {
		ended := cmp.Or(a.whatEnded, podCount(len(a.doomed)))
		a.record(recording.Steady, span{at: a.Now()}, ended+" ended, all that are wanted are Ready")
		return a.keep(ctx)
	}
	reason := err.Error()
	if wait, ok := errors.AsType[*waitError](err); ok {
		reason = wait.reason
		err = &NotSteadyError{Name: a.name, Object: a.Workload.String(), Reason: wait.reason, Err: wait.err}
	}
	a.record(recording.NotSteady, span{at: a.Now()}, reason)
	return err
}

// span is the time around a call.
type span struct{ at, done time.Time }

// during takes the time around call.
func (d *Driver) during(call func() error) (span, error) {
	at := d.Now()
	err := call()
	return span{at: at, done: d.Now()}, err
}

// atOnce asks for each of n things at the same time, and gives the time around all of
// that and what came of each.
func (d *Driver) atOnce(n int, doing string, ask func(i int) error) (span, []error) {
	errs := make([]error, n)
	when, _ := d.during(func() error {
		var asking sync.WaitGroup
		for i := range n {
			asking.Go(func() { errs[i] = guard.Call(doing, func() error { return ask(i) }) })
		}
		asking.Wait()
		return nil
	})
	return when, errs
}

// record tells something of the workload and of all the pods that are to end.
func (a *attempt) record(kind recording.ActionKind, when span, detail string) {
	a.recordOf(a.Workload.String(), kind, when, detail, a.doomed...)
}

// recordOf tells something of an object, as kind/name, and of some pods.
func (a *attempt) recordOf(object string, kind recording.ActionKind, when span, detail string, doomed ...*corev1.Pod) {
	a.Record(a.action(object, kind, when, detail, doomed...))
}

func (a *attempt) action(object string, kind recording.ActionKind, when span, detail string, doomed ...*corev1.Pod) recording.Action {
	action := recording.Action{
		At: when.at, Done: when.done, Kind: kind, Phase: recording.Disrupt,
		Disruption: a.index, Round: a.Round, Name: a.name, Object: object, Detail: detail,
	}
	for _, pod := range doomed {
		action.Doomed = append(action.Doomed, pod.Name)
		action.DoomedUIDs = append(action.DoomedUIDs, string(pod.UID))
	}
	return action
}

// begin writes a change down and makes it, in one write where it is the workload's
// own.
func (a *attempt) begin(ctx context.Context, c change) (after state, when span, err error) {
	c.At, c.index = a.Now(), a.index
	if err := a.journal(stepBegun, c); err != nil {
		return state{}, span{}, fmt.Errorf("not begun: %w", err)
	}
	to, err := a.note(&c)
	if err != nil {
		return state{}, span{}, err
	}
	a.open = &c
	return a.held.revise(ctx, a.Workload, a.during, to, a.ours, func(s state) (edit, error) {
		return c.kind().made(a.Workload, s)
	})
}

func (d *Driver) journal(s step, c change) error {
	if d.Journal == "" {
		return nil
	}
	w := d.Workload
	return entry{At: d.Now(), Run: d.Run, Namespace: w.namespace, Object: w.String(), UID: w.uid, Step: s, Change: c}.write(d.Journal)
}
