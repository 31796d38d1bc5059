package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/internal/guard"
)

// ends are the signals that ask the program to end, or would end it with a cluster left
// changed. All others that can be caught are the Go runtime's: it ignores them, or they
// tell of a fault of the program's own.
//
// SIGHUP is left out where the program was started with it ignored (nohup).
func ends() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGABRT}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// surviveBrokenPipes makes a write to a stdout or stderr that nobody reads any more an
// error, as every other is; the Go runtime ends the program with SIGPIPE otherwise
// (os/signal, "SIGPIPE"). A signal that is caught, unlike one that is ignored, is back at
// its default in the programs that this one starts.
func surviveBrokenPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// left tells whether a write failed because its reader is gone: of a pipe, or with the
// terminal, which then fails with EIO (tty_io.c, hung_up_tty_write gives that).
func left(file *os.File, err error) bool {
	if errors.Is(err, errBrokenPipe) {
		return true
	}
	info, failed := file.Stat()
	return errors.Is(err, syscall.EIO) && failed == nil && info.Mode()&fs.ModeCharDevice != 0
}

// work is what the program is at, for somebody who asks it to end.
type work struct {
	mu    sync.Mutex
	doing string
	owed  []*debt
	// groups are the process groups of commands, by their leaders.
	groups map[int]bool
	// exit is the code to end with at once, where nothing but a reader is waited for.
	exit *int
}

// debt is something in the cluster that stays as it is if the program ends now, and how
// to see to it.
type debt struct{ what, command string }

// at says what is done from now on, as in "putting deployment/web back".
func (w *work) at(doing string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.doing = doing
}

// owe tells that something may be left in the cluster from now on, until paid.
func (w *work) owe(what, command string) (paid func()) {
	d := &debt{what, command}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.owed = append(w.owed, d)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.owed = without(w.owed, d)
	}
}

// group tells of a process group that must not outlive the program, until ended.
func (w *work) group(leader int) (ended func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.groups == nil {
		w.groups = map[int]bool{}
	}
	w.groups[leader] = true
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.groups, leader)
	}
}

// killGroups leaves none of the groups running. A group is told as ended only after its
// owner has killed it, so a number that is known here is still its own.
func (w *work) killGroups() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for leader := range w.groups {
		chaos.KillGroup(leader)
	}
}

func without(all []*debt, paid *debt) (rest []*debt) {
	for _, d := range all {
		if d != paid {
			rest = append(rest, d)
		}
	}
	return rest
}

// saved tells that the program is through, but for somebody to read what it says: a
// signal ends it with the code from now on.
func (w *work) saved(code int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.exit = &code
}

// interruption answers the signals: the first lets the program put the cluster back and
// report, the second tells what that waits for, the third gives up.
type interruption struct {
	work   *work
	stderr *backlog
	// cancel ends the work.
	cancel func(cause error)
	// exit ends the program.
	exit  func(code int)
	count int
}

// saying bounds how long the last words wait for their reader.
const saying = time.Second

func (i *interruption) heed(sig os.Signal) {
	if sig == syscall.SIGHUP && i.count > 0 {
		// A terminal that goes away says so more than once, and its user has not lost
		// patience.
		return
	}
	i.count++
	i.work.mu.Lock()
	doing, owed, exit := i.work.doing, i.work.owed, i.work.exit
	i.work.mu.Unlock()
	switch {
	case exit != nil:
		i.end(*exit, owed)
	case i.count == 1:
		i.cancel(nil)
	case doing == "":
		i.end(exitInterrupted, owed)
	case i.count == 2:
		i.stderr.mute()
		complain(i.stderr, fmt.Errorf("still %s; another signal gives up", doing))
	default:
		i.stderr.mute()
		complain(i.stderr, fmt.Errorf("gave up while %s", doing))
		i.end(exitInterrupted, owed)
	}
}

func (i *interruption) end(code int, owed []*debt) {
	for _, d := range owed {
		complain(i.stderr, fmt.Errorf("%s: %s", d.what, d.command))
		// A cluster that is left changed is worse news than the interruption.
		code = exitError
	}
	select {
	case <-i.stderr.drained():
	case <-time.After(saying):
	}
	i.work.killGroups()
	i.exit(code)
}

// start answers signals until stop.
func (i *interruption) start() (stop func()) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, ends()...)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		err := guard.Call("answering signals", func() error {
			for {
				select {
				case sig := <-signals:
					i.heed(sig)
				case <-done:
					return nil
				}
			}
		})
		if err != nil {
			i.cancel(err)
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
		<-ended
	}
}
