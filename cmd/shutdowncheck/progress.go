package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/shutdowncheck/shutdowncheck/experiment"
)

// quietInterval is how often a line is printed where no terminal shows it.
const quietInterval = 5 * time.Second

// progress shows a run in progress: a block that is redrawn on a terminal, a
// plain line now and then elsewhere. Where its reader stalls it is dropped.
type progress struct {
	w        io.Writer
	terminal bool

	mu sync.Mutex
	// live is begun with the first that there is to show.
	live *live
	last time.Duration
}

func newProgress(w io.Writer) *progress {
	return &progress{w: passes(w), terminal: isTerminal(w)}
}

func (p *progress) show(now experiment.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.terminal:
		if p.live == nil {
			p.live = newLive(p.w)
		}
		p.live.show(now)
	case now.New || now.Elapsed-p.last >= quietInterval:
		p.last = now.Elapsed
		_, _ = fmt.Fprintln(p.w, progressLine(now))
	}
}

// Write shows what a command writes, above what is redrawn.
func (p *progress) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live != nil {
		return p.live.block.Write(text)
	}
	return p.w.Write(text)
}

// end leaves what is shown as it is.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live != nil {
		p.live.end()
	}
}

func progressLine(now experiment.Progress) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%4ds %-16s", int(now.Elapsed.Seconds()), phaseOf(now))
	for _, s := range now.Streams {
		fmt.Fprintf(&b, "  %s: %d sent, %d failed%s", s.Name, s.Sent, s.Failed, ownFaults(s))
	}
	terminating := 0
	for _, pod := range now.Pods {
		if pod.State == experiment.PodTerminating {
			terminating++
		}
	}
	fmt.Fprintf(&b, "  %d terminating", terminating)
	if now.Proof != nil {
		b.WriteString("  " + proofSoFar(now.Proof))
	}
	return b.String()
}

// ownFaults tells of requests that failed on this side, where there are any.
func ownFaults(s experiment.StreamProgress) string {
	if s.Client == 0 {
		return ""
	}
	return fmt.Sprintf(", %d client (failed on this side)", s.Client)
}

// proofSoFar says how many of the ends are there that a proof needs.
func proofSoFar(p *experiment.Proof) string {
	words := fmt.Sprintf("%d ends", p.Seen)
	if p.Needs > 0 {
		words = fmt.Sprintf("%d of %d ends", p.Seen, p.Needs)
	}
	return words + fmt.Sprintf(", %d lossy", p.Lossy)
}

func phaseOf(now experiment.Progress) string {
	if now.Disruption == "" {
		return string(now.Phase)
	}
	return string(now.Phase) + " " + string(now.Disruption)
}
