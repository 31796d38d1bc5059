package experiment

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/fleet"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

const (
	// launchTime is how long senders may take until they run.
	launchTime = time.Minute
	// removeTimeout bounds their removal, which goes on after the run's own context has
	// ended.
	removeTimeout = time.Minute
	// newsTimeout bounds a question to the senders that the run waits for: how far they
	// are is known from their last answer, too.
	newsTimeout = 2 * time.Second
)

// senders is a load that pods in the cluster send.
type senders struct {
	*fleet.Fleet
	mu     sync.Mutex
	writer *recording.Writer
	fail   context.CancelCauseFunc
	// why tells of each sender that was lost.
	why []string
}

// launch starts the senders that the check asks for, where it asks for some.
func (r *run) launch(ctx context.Context) error {
	inside := r.cfg.Check.Inside
	if inside == nil {
		return nil
	}
	files, err := contents(r.cfg.Check)
	if err != nil {
		return err
	}
	r.at("starting the senders")
	r.cfg.tell("senders: %s", launching(*inside, r.cfg.Namespace, r.avoid))
	s := &senders{}
	s.Fleet, err = fleet.Launch(ctx, fleet.Config{
		Act: r.cfg.Act, Observe: r.cfg.Observe, Dial: r.cfg.Dial,
		Namespace: r.cfg.Namespace, ID: r.cfg.ID, Workload: r.cfg.Check.Workload.String(), Image: inside.Image,
		Senders: int(inside.Senders), All: inside.Senders == check.EachNode, AvoidNodes: r.avoid,
		Assignment: sender.Assignment{Streams: r.cfg.Check.Streams, Target: r.cfg.Check.Target, Files: files, TraceBase: r.cfg.TraceBase, Names: r.names},
		Now:        r.cfg.Now,
		Segment:    func(one recording.Segment) error { return s.recording().Segment(one) },
		Action:     s.action,
		Lost:       s.lost,
		Removing:   r.notStarted,
		Failed:     s.failed,
	})
	if err != nil {
		return inAnotherDomain(notLaunched(ctx, err), r.found)
	}
	r.teardown.add("removing the senders", removeTimeout, s.Remove)
	r.load, r.workload.Senders = s, s.Senders()
	return nil
}

// notStarted tells at once why senders do not start: their removal may take a minute.
func (r *run) notStarted(why error) {
	if _, is := errors.AsType[*fleet.StartError](why); is {
		r.cfg.tell("%v\nremoving the senders", why)
	}
}

// notLaunched gives why senders were not launched: what ended ctx, whatever error that
// brought about, or what of the check they cannot carry. That something of them is left is
// told in any case.
func notLaunched(ctx context.Context, err error) error {
	left, isLeft := errors.AsType[*fleet.LeftError](err)
	if ctx.Err() != nil {
		why := cause(ctx)
		if !errors.Is(why, ErrInterrupted) {
			return fmt.Errorf("%w: %w", why, err)
		}
		why = fmt.Errorf("%w while the senders were started", why)
		if isLeft {
			return errors.Join(why, left)
		}
		return why
	}
	if field, ok := errors.AsType[*check.FieldError](err); ok && !isLeft {
		return &CheckError{field}
	}
	return err
}

// otherDomain is what a service's name that was found lacks where nobody knows it.
const otherDomain = "the service was asked at %s, which is no name of it where the cluster has another DNS domain: then give its URL"

// inAnotherDomain adds that to what is wrong with a URL that was found.
func inAnotherDomain(err error, found string) error {
	wrong, ok := errors.AsType[*CheckError](err)
	if !ok || found == "" {
		return err
	}
	field, ok := errors.AsType[*check.FieldError](wrong.Err)
	if !ok || !strings.HasSuffix(field.Field, ".url") {
		return err
	}
	return &CheckError{&check.FieldError{Field: "target.url", Problem: field.Problem + "; " + fmt.Sprintf(otherDomain, found)}}
}

// into has the senders' actions and samples recorded from now on.
func (s *senders) into(writer *recording.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writer = writer
}

func (s *senders) recording() *recording.Writer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writer
}

// action records what is told of the senders. Before there is a recording nothing has
// been sent, and whatever is wrong keeps the load from starting.
func (s *senders) action(a recording.Action) {
	if writer := s.recording(); writer != nil {
		writer.Action(a)
	}
}

// lost ends the run with the last sender: what the others see still counts.
func (s *senders) lost(index int, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.why = append(s.why, fmt.Sprintf("sender %d: %s", index, why))
	// One that is lost before the start keeps that from coming about.
	if s.fail == nil {
		return
	}
	if of := len(s.Senders()); len(s.why) == of {
		s.fail(&noSenderError{of: of, last: s.why[of-1]})
	}
}

// noSenderError ends a run that nobody sends for any more. What was seen until then
// counts.
type noSenderError struct {
	of   int
	last string
}

func (e *noSenderError) Error() string {
	return fmt.Sprintf("no sender is left of %s; the last one was %s", text.Count(e.of, "sender"), e.last)
}

func (s *senders) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		s.fail(err)
	}
}

func (s *senders) start(ctx context.Context, fail context.CancelCauseFunc) error {
	s.mu.Lock()
	s.fail = fail
	s.mu.Unlock()
	return s.Start(ctx)
}

// renew does what it can: a pool that was not renewed may miss a pod, which the report
// tells.
func (s *senders) renew(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, newsTimeout)
	defer cancel()
	_ = s.Renew(ctx)
}

func (s *senders) spread(ctx context.Context) map[string]map[string]int {
	ctx, cancel := context.WithTimeout(ctx, newsTimeout)
	defer cancel()
	return s.Spread(ctx)
}

func (s *senders) counts(ctx context.Context) []sender.StreamStatus {
	ctx, cancel := context.WithTimeout(ctx, newsTimeout)
	defer cancel()
	return s.Counts(ctx)
}

func (s *senders) know(b sender.Backends) { s.Backends(b) }

func (s *senders) probe(w sender.Window) { s.Probe(w) }

func (s *senders) tried() (*sender.Tried, int) { return s.Tried() }

func (s *senders) answered() []string { return s.Answered() }

func (s *senders) stop(ctx context.Context, abort bool) (fleet.End, []error) {
	end, err := s.Stop(ctx, abort)
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return end, joined.Unwrap()
	}
	return end, []error{err}
}
