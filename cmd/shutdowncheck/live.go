package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/cupwriter"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/shutdowncheck/shutdowncheck/experiment"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
)

// live is the block that shows a run on a terminal: a bar for the phase, and
// under it a line per stream and per pod.
type live struct {
	block *mpb.Progress
	phase *mpb.Bar
	rows  []*mpb.Bar

	mu sync.Mutex
	// head stands before the phase's bar, lines under it.
	head  string
	lines []string
	last  experiment.Progress
}

// newLive begins a block, which goes on until end.
func newLive(w io.Writer, options ...mpb.ContainerOption) *live {
	l := &live{}
	screen := cupwriter.New(w, false)
	screen.SetTermFd(int(descriptor(w)))
	l.block = mpb.New(append([]mpb.ContainerOption{mpb.WithConsoleWriter(screen), mpb.WithRefreshRate(500 * time.Millisecond)}, options...)...)
	// A bar without a total is never complete by itself.
	l.phase = l.block.New(0, mpb.BarStyle(), mpb.BarWidth(30), mpb.BarPriority(0),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return l.text(-1) })))
	return l
}

func (l *live) show(now experiment.Progress) {
	l.mu.Lock()
	l.head = fmt.Sprintf("%4ds %-16s", int(now.Elapsed.Seconds()), phaseOf(now))
	l.lines = liveLines(l.last, now)
	l.last = now
	wanted := len(l.lines)
	l.mu.Unlock()

	l.phase.SetTotal(int64(now.Length)+1, false)
	l.phase.SetCurrent(int64(min(now.InPhase, now.Length)))
	for len(l.rows) < wanted {
		i := len(l.rows)
		l.rows = append(l.rows, l.block.New(0, mpb.NopStyle(), mpb.BarPriority(i+1),
			mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return l.text(i) }))))
	}
	for len(l.rows) > wanted {
		last := len(l.rows) - 1
		l.rows[last].Abort(true)
		l.rows = l.rows[:last]
	}
}

// text gives a line of the block, -1 for the phase's.
func (l *live) text(i int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case i < 0:
		return l.head
	case i < len(l.lines):
		return l.lines[i]
	default:
		return ""
	}
}

// end stops the drawing and leaves the block as it is.
func (l *live) end() {
	for _, row := range l.rows {
		row.Abort(false)
	}
	l.phase.Abort(false)
	l.block.Wait()
}

// podsShown bounds the lines of a block, which has to fit on a screen.
const podsShown = 12

// liveLines tells of each stream and pod. Rates are those since the time before.
func liveLines(before, now experiment.Progress) []string {
	var lines []string
	earlier := map[string]uint64{}
	for _, s := range before.Streams {
		earlier[s.Name] = s.Sent
	}
	for _, s := range now.Streams {
		rate := 0.0
		if span := (now.Elapsed - before.Elapsed).Seconds(); span > 0 {
			rate = float64(s.Sent-earlier[s.Name]) / span
		}
		lines = append(lines, fmt.Sprintf("      %-20s %6.0f/s %9d sent %6d failed%s", s.Name, rate, s.Sent, s.Failed, ownFaults(s)))
	}
	if now.Proof != nil {
		lines = append(lines, "      "+proofSoFar(now.Proof))
	}
	for _, pod := range now.Pods[:min(len(now.Pods), podsShown)] {
		line := fmt.Sprintf("      %-40s %s", pod.Name, pod.State)
		switch {
		case pod.State != experiment.PodTerminating:
		case pod.Left >= 0:
			line += fmt.Sprintf(", %.0f s of its grace left", pod.Left.Seconds())
		default:
			line += fmt.Sprintf(", %.0f s beyond its grace", -pod.Left.Seconds())
		}
		lines = append(lines, line)
	}
	if more := len(now.Pods) - podsShown; more > 0 {
		lines = append(lines, fmt.Sprintf("      and %s", text.Count(more, "more pod")))
	}
	return lines
}
