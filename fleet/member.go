package fleet

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/retry"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

const (
	// pollEvery is how often a sender is asked how far it is, and asked again that did
	// not answer. One that ends is asked oftener.
	pollEvery       = time.Second
	pollEveryAtEnd  = 200 * time.Millisecond
	answerTimeout   = 5 * time.Second
	assignTimeout   = 20 * time.Second
	segmentTimeout  = 10 * time.Second
	clockEvery      = 5 * time.Second
	clockAtStart    = 8 // questions
	leastUntilStart = time.Second
)

// member is one sender of a fleet, and what is known of it.
type member struct {
	recording.Sender
	fleet  *Fleet
	client *sender.Client
	// wake ends a pause early, done is closed when nobody follows it any more.
	wake, done chan struct{}
	// changed tells that there is something new that its balancer is to know.
	changed chan struct{}

	mu sync.Mutex
	// status is the newest, asked when it was asked for, heard when it last answered.
	status       sender.Status
	asked, heard time.Time
	// began is when it was known to go by the run's clock, zero before.
	began time.Time
	// clocks are the measurements since told, when one was recorded last.
	clocks []interval
	told   time.Time
	// kept is the last segment that was recorded.
	kept int
	// again is the last segment that was fetched once more.
	again int
	// stop is what it is to be told; nil before, and when it was told.
	stop  *sender.Stop
	ended bool
	// ailing is what its pod last said of its end.
	ailing string
	lost   string
}

// ask makes one request, and takes what it tells.
func (m *member) ask(ctx context.Context, timeout time.Duration, do func(context.Context) (sender.Status, error)) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	asked := m.fleet.cfg.Now()
	status, err := do(ctx)
	if err != nil {
		return err
	}
	m.take(status, asked, m.fleet.cfg.Now())
	return nil
}

// take keeps the newer of two answers, and measures the clock by each.
func (m *member) take(status sender.Status, asked, answered time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard = answered
	if asked.After(m.asked) {
		m.status, m.asked = status, asked
	}
	if m.began.IsZero() || asked.Before(m.began) {
		return
	}
	m.clocks = append(m.clocks, offset(status.Now, asked, answered))
	if answered.Sub(m.told) >= clockEvery {
		m.fleet.cfg.Action(narrowed(m.clocks).measured(answered, m.Index))
		m.clocks, m.told = nil, answered
	}
}

// poll asks how far it is.
func (m *member) poll(ctx context.Context) error {
	m.mu.Lock()
	kept := m.kept
	m.mu.Unlock()
	return m.ask(ctx, answerTimeout, func(ctx context.Context) (sender.Status, error) {
		return m.client.Poll(ctx, sender.Poll{Kept: kept})
	})
}

// assign gives it its share. Its program may have begun to run without listening yet;
// that it never will is seen of its pod.
func (m *member) assign(ctx context.Context) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, assignTimeout)
	defer cancel()
	share := m.fleet.cfg.Assignment
	share.Version, share.Sender, share.Senders = sender.Version, m.Index, m.fleet.place.senders
	return m.insist(ctx, func() error {
		err := m.ask(ctx, assignTimeout, func(ctx context.Context) (sender.Status, error) {
			return m.client.Assign(ctx, share)
		})
		if err == nil || isFinal(err) {
			return err
		}
		if why := m.whyDeaf(ctx, err, time.Since(began)); why != nil {
			return why
		}
		return err
	})
}

// measure asks the time, and gives by how much its clock is ahead, and how long the
// slowest answer took.
func (m *member) measure(ctx context.Context) (ahead interval, slowest time.Duration, err error) {
	var all []interval
	for range clockAtStart {
		ctx, cancel := context.WithTimeout(ctx, answerTimeout)
		asked := m.fleet.cfg.Now()
		status, err := m.client.Poll(ctx, sender.Poll{})
		answered := m.fleet.cfg.Now()
		cancel()
		if err != nil {
			return interval{}, 0, err
		}
		all = append(all, offset(status.Now, asked, answered))
		slowest = max(slowest, answered.Sub(asked))
	}
	return narrowed(all), slowest, nil
}

// start tells it when to begin, and from then on its clock is the run's.
func (m *member) start(ctx context.Context, at time.Time, ahead interval) error {
	now := m.fleet.cfg.Now
	ctx, cancel := context.WithTimeout(ctx, at.Sub(now()))
	defer cancel()
	err := m.insist(ctx, func() error {
		return m.ask(ctx, answerTimeout, func(ctx context.Context) (sender.Status, error) {
			return m.client.Start(ctx, sender.Start{At: at, Offset: ahead.middle()})
		})
	})
	if err != nil {
		return err
	}
	began := now()
	m.mu.Lock()
	m.began, m.told = began, began
	m.mu.Unlock()
	m.fleet.cfg.Action(ahead.less(ahead.middle()).measured(began, m.Index))
	if began.After(at) {
		return fmt.Errorf("its answer came %s too late", began.Sub(at).Round(time.Millisecond))
	}
	return nil
}

// insist repeats what did not reach the sender, until ctx ends.
func (m *member) insist(ctx context.Context, do func() error) error {
	var pace retry.Backoff
	for {
		err := do()
		if err == nil || isFinal(err) || pace.Wait(ctx) != nil {
			return err
		}
	}
}

// named tells which sender an error is of.
func (m *member) named(doing string, err error) error {
	return fmt.Errorf("%s sender %d (pod %s, node %s): %w", doing, m.Index, m.Pod, m.Node, err)
}
