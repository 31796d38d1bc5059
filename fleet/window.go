package fleet

import (
	"context"
	"sync"

	"github.com/shutdowncheck/shutdowncheck/sender"
)

// probing is the list of the pods that one of the senders is to ask on their own addresses.
type probing struct {
	mu  sync.Mutex
	all sender.Window
	// told is the number of the last list that a sender has, by its index.
	told map[int]uint64
}

// Probe has one sender ask these pods from now on, and no others: the first that is not
// lost. It does not wait for that sender, and has the next one go on if it is lost.
func (f *Fleet) Probe(w sender.Window) {
	f.window.mu.Lock()
	f.window.all = w
	f.window.mu.Unlock()
	if m := f.prober(); m != nil {
		select {
		case m.wake <- struct{}{}:
		default: // it is about to look
		}
	}
}

// Tried is what came of the list's try, and the index of the sender that made it; nil
// before that is known.
func (f *Fleet) Tried() (tried *sender.Tried, by int) {
	m := f.prober()
	if m == nil {
		return nil, 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.status.Window == nil {
		return nil, m.Index
	}
	return m.status.Window.Tried, m.Index
}

// prober is the sender that asks; nil where none is left.
func (f *Fleet) prober() *member {
	for _, m := range f.members {
		if !m.isOver() {
			return m
		}
	}
	return nil
}

// probe gives the sender the list, if it is the one that asks and does not have it. What it
// does not take is no reason to lose it: its load goes on.
func (m *member) probe(ctx context.Context) error {
	f := m.fleet
	f.window.mu.Lock()
	list, told := f.window.all, f.window.told[m.Index]
	f.window.mu.Unlock()
	if list.Number <= told || f.prober() != m {
		return nil
	}
	err := m.ask(ctx, answerTimeout, func(ctx context.Context) (sender.Status, error) { return m.client.Window(ctx, list) })
	if err != nil && !isFinal(err) {
		return err
	}
	f.window.mu.Lock()
	defer f.window.mu.Unlock()
	if f.window.told == nil {
		f.window.told = map[int]uint64{}
	}
	f.window.told[m.Index] = list.Number
	return nil
}
