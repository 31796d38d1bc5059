package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/shutdowncheck/shutdowncheck/experiment"
)

// quietInterval is how often a line is printed where no terminal shows it.
const quietInterval = 5 * time.Second

// progress shows a run in progress: one line that is overwritten on a terminal,
// a plain line now and then elsewhere.
type progress struct {
	w io.Writer
	// terminal is w, if w is one.
	terminal *os.File

	mu     sync.Mutex
	length int
	last   time.Duration
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w}
	if isTerminal(w) {
		p.terminal, _ = w.(*os.File)
	}
	return p
}

func (p *progress) show(now experiment.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal != nil {
		line := progressLine(now)
		// A line that breaks cannot be overwritten.
		if columns, _, err := term.GetSize(int(p.terminal.Fd())); err == nil && len(line) >= columns {
			line = line[:max(columns-1, 0)]
		}
		padding := strings.Repeat(" ", max(p.length-len(line), 0))
		p.length = len(line)
		_, _ = fmt.Fprintf(p.w, "\r%s%s", line, padding)
		return
	}
	if now.New || now.Elapsed-p.last >= quietInterval {
		p.last = now.Elapsed
		_, _ = fmt.Fprintln(p.w, progressLine(now))
	}
}

// end leaves the cursor on a line of its own.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal != nil && p.length > 0 {
		_, _ = fmt.Fprintln(p.w)
	}
}

func progressLine(now experiment.Progress) string {
	phase := string(now.Phase)
	if now.Disruption != "" {
		phase += " " + now.Disruption
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%4ds %-16s", int(now.Elapsed.Seconds()), phase)
	for _, s := range now.Streams {
		fmt.Fprintf(&b, "  %s: %d sent, %d failed", s.Name, s.Sent, s.Failed)
	}
	fmt.Fprintf(&b, "  %d terminating", now.Terminating)
	return b.String()
}
