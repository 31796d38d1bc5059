package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/internal/guard"
	"github.com/shutdowncheck/shutdowncheck/internal/label"
	"github.com/shutdowncheck/shutdowncheck/internal/retry"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// Config is what the senders of a run are made of.
type Config struct {
	// Act makes and removes, Observe looks.
	Act, Observe kubernetes.Interface
	// Dial leads to a sender; that of NewDialer where it is nobody else's.
	Dial      Dialer
	Namespace string
	// ID is the run's. Workload is what it checks, as kind/name: the Job says so.
	ID, Workload string
	// Image is this tool's, where the cluster finds it.
	Image string
	// Senders is how many there are to be; All makes it one on each node that takes
	// pods instead. AvoidNodes get none, by name.
	Senders    int
	All        bool
	AvoidNodes []string
	// Assignment is that of all senders: which of how many each is, and the version,
	// are filled in.
	Assignment sender.Assignment
	// Now is the run's clock.
	Now func() time.Time
	// Segment takes samples that a sender has sealed, and returns when they are on the
	// disk: the sender forgets them then. It is called by one goroutine at a time.
	Segment func(recording.Segment) error
	// Action takes what a run records of its senders, from many goroutines.
	Action func(recording.Action)
	// Lost is told once of a sender from which nothing more will come, and why.
	Lost func(index int, why string)
	// Removing is told why senders that could not be launched are removed, before they
	// are; nil tells nobody.
	Removing func(why error)
	// Failed is told of what a run cannot go on with: segments that cannot be written, a
	// panic.
	Failed func(error)
}

const (
	// afterFailure bounds the removal of senders that could not be launched. It is longer
	// than their grace, as a busy node takes its time to end pods; and some start only
	// then, in the room that others leave.
	afterFailure = time.Minute
	// afterCut is how long senders may take to end that were told to cut what is in
	// flight.
	afterCut = 10 * time.Second
	// atOnce is how many senders are given their shares, or asked for their time, at once.
	atOnce = 16
)

// Fleet is the senders of one run.
type Fleet struct {
	cfg     Config
	job     string
	place   placement
	members []*member
	// began is when the schedule does, zero before it is told.
	began time.Time
	// cancel ends the following of members.
	cancel    context.CancelFunc
	following sync.WaitGroup

	// backends are what all are to know.
	backends news

	mu     sync.Mutex
	err    error
	window probing
	// writing is held while a segment is recorded.
	writing sync.Mutex
}

// Launch makes the senders, waits until all of them run, and gives each its share.
// Whatever the error, nothing of them is left, unless the error says so. A place in the
// check that is at fault is a check.FieldError, what the cluster does not let run a
// StartError.
func Launch(ctx context.Context, cfg Config) (_ *Fleet, err error) {
	placed, err := place(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := selectsSenders(ctx, cfg.Observe, cfg.Namespace, cfg.ID); err != nil {
		return nil, err
	}
	following, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &Fleet{cfg: cfg, job: JobName(cfg.ID), place: placed, cancel: cancel}
	defer func() {
		if err == nil {
			return
		}
		if cfg.Removing != nil {
			cfg.Removing(err)
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterFailure)
		defer cancel()
		err = errors.Join(err, f.Remove(ctx))
	}()
	if err := f.create(ctx); err != nil {
		return nil, err
	}
	pods, err := f.await(ctx)
	if err != nil {
		return nil, err
	}
	token := rand.Text()
	assigning, untilFailure := errgroup.WithContext(ctx)
	assigning.SetLimit(atOnce)
	for i, pod := range pods {
		m := f.enlist(i, pod, token)
		assigning.Go(func() error {
			return guard.Call("giving a sender its share", func() error {
				if err := m.assign(untilFailure); err != nil {
					close(m.done)
					if _, told := errors.AsType[*StartError](err); told {
						return err
					}
					return m.named("give its share to", err)
				}
				f.follow(following, m) // at once: it goes on only while it hears of its conductor
				return nil
			})
		})
	}
	if err := assigning.Wait(); err != nil {
		return nil, err
	}
	return f, nil
}

// create makes the Job. What a quota or an admission refuses is told at once; what else is
// forbidden is asked again for some seconds. One that is there already was made by a write
// of ours whose answer was lost: no other has its name.
func (f *Fleet) create(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	job := newJob(f.cfg.ID, f.cfg.Image, f.place)
	job.Annotations = map[string]string{label.Workload: f.cfg.Workload}
	unanswered := false
	var refused *StartError
	err := retry.Insist(ctx, func() error {
		_, err := f.cfg.Act.BatchV1().Jobs(f.cfg.Namespace).Create(ctx, job, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) && unanswered {
			return nil
		}
		unanswered = unanswered || retry.Unknown(err)
		if refused = f.refused(err); refused != nil {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("make the senders' job %s: %w", f.job, err)
	}
	return asError(refused)
}

func (f *Fleet) enlist(index int, pod *corev1.Pod, token string) *member {
	dial := func(ctx context.Context) (net.Conn, error) { return f.cfg.Dial(ctx, f.cfg.Namespace, pod.Name) }
	m := &member{
		Sender: recording.Sender{Index: index, Pod: pod.Name, UID: string(pod.UID), Node: pod.Spec.NodeName},
		fleet:  f, client: sender.NewClient(dial, token), wake: make(chan struct{}, 1), changed: make(chan struct{}, 1), done: make(chan struct{}),
	}
	f.members = append(f.members, m)
	return m
}

// follow begins to follow a sender that has its share.
func (f *Fleet) follow(ctx context.Context, m *member) {
	f.following.Go(func() {
		defer close(m.done)
		err := guard.Call("following a sender", func() error { return m.follow(ctx) })
		if err != nil {
			f.fail(err)
			m.lose("what it sent could not be recorded: " + err.Error())
		}
	})
	f.inform(ctx, m)
}

func (f *Fleet) fail(err error) {
	f.mu.Lock()
	f.err = errors.Join(f.err, err)
	f.mu.Unlock()
	f.cfg.Failed(err)
}

func (f *Fleet) record(s recording.Segment) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	return f.cfg.Segment(s)
}

// Senders are those of the run, by index.
func (f *Fleet) Senders() []recording.Sender {
	var all []recording.Sender
	for _, m := range f.members {
		all = append(all, m.Sender)
	}
	return all
}

// Start measures the senders' clocks, tells all of them one time to begin at, and
// returns when that has come.
func (f *Fleet) Start(ctx context.Context) error {
	ahead := make([]interval, len(f.members))
	took := make([]time.Duration, len(f.members))
	// An answer that waits for others' says less of the clock.
	err := f.each(atOnce, func(m *member) (err error) {
		if err := m.know(ctx); err != nil {
			return m.named("tell the pods to", err)
		}
		ahead[m.Index], took[m.Index], err = m.measure(ctx)
		if m.isOver() {
			err = errors.New(m.lost)
		}
		if err != nil {
			return m.named("measure the clock of", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	f.began = f.cfg.Now().Add(leastUntilStart + 2*slices.Max(took)).Round(0)
	err = f.each(len(f.members), func(m *member) error {
		if err := m.start(ctx, f.began, ahead[m.Index]); err != nil {
			return m.named("tell in time when to begin to", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	timer := time.NewTimer(f.began.Sub(f.cfg.Now()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// each does the same for all senders, so many at once, and gives the first error.
func (f *Fleet) each(atOnce int, do func(*member) error) error {
	var all errgroup.Group
	all.SetLimit(atOnce)
	for _, m := range f.members {
		all.Go(func() error {
			return guard.Call("asking a sender", func() error { return do(m) })
		})
	}
	return all.Wait()
}

// Renew spreads the kept connections of all senders over the pods of now.
func (f *Fleet) Renew(ctx context.Context) error {
	return f.each(len(f.members), func(m *member) error {
		if m.isOver() {
			return nil
		}
		err := m.ask(ctx, answerTimeout, m.client.Renew)
		if err != nil {
			return m.named("renew the connections of", err)
		}
		return nil
	})
}

func (m *member) isOver() bool {
	select {
	case <-m.done:
		return true
	default:
		return false
	}
}

// Spread tells for each stream of reused connections how many of them are last known
// to lead to which pod. Each sender is asked anew; of one that does not answer it is
// what it told last.
func (f *Fleet) Spread(ctx context.Context) map[string]map[string]int {
	spreads := map[string]map[string]int{}
	for _, s := range f.Counts(ctx) {
		if s.Spread != nil {
			spreads[s.Name] = s.Spread
		}
	}
	return spreads
}

// Counts are how far the streams are, in the check's order, all senders together. Each
// sender is asked anew, as in Spread.
func (f *Fleet) Counts(ctx context.Context) []sender.StreamStatus {
	_ = f.each(len(f.members), func(m *member) error { // what does not answer has told something before
		if !m.isOver() {
			_ = m.poll(ctx)
		}
		return nil
	})
	return counts(f.cfg.Assignment.Streams, f.statuses())
}

// Answered are the pods that answers have named, in order, as of the last second.
func (f *Fleet) Answered() []string {
	var pods []string
	for _, status := range f.statuses() {
		pods = append(pods, status.Answered...)
	}
	slices.Sort(pods)
	return slices.Compact(pods)
}

// statuses are what the senders told last.
func (f *Fleet) statuses() []sender.Status {
	var all []sender.Status
	for _, m := range f.members {
		m.mu.Lock()
		all = append(all, m.status)
		m.mu.Unlock()
	}
	return all
}

// Stop ends the schedules, and waits until what is in flight has been answered and all
// samples are recorded. abort cuts what is in flight instead, and so does the end of
// ctx. The error is what Failed was told.
func (f *Fleet) Stop(ctx context.Context, abort bool) (End, error) {
	stopped := f.cfg.Now()
	f.order(sender.Stop{Abort: abort})
	if !f.wait(ctx) {
		f.cut(context.WithoutCancel(ctx))
		f.release()
	}
	for _, m := range f.members {
		if !m.ended && m.lost == "" {
			m.lose("it had not ended when the run did")
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.end(stopped), f.err
}

func (f *Fleet) order(stop sender.Stop) {
	for _, m := range f.members {
		m.order(stop)
	}
}

// cut has all that are not over cut what is in flight, and gives them some time for it.
func (f *Fleet) cut(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, afterCut)
	defer cancel()
	f.order(sender.Stop{Abort: true})
	f.wait(ctx)
}

// wait tells whether all members are over before ctx ends.
func (f *Fleet) wait(ctx context.Context) bool {
	for _, m := range f.members {
		select {
		case <-m.done:
		case <-ctx.Done():
			return !slices.ContainsFunc(f.members, func(m *member) bool { return !m.isOver() })
		}
	}
	return true
}

// release ends the following of all members, and their connections.
func (f *Fleet) release() {
	f.cancel()
	f.following.Wait()
	for _, m := range f.members {
		m.client.Close()
	}
}
