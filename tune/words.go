package tune

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/shell"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

func measuringSays(m *Measured) string {
	return fmt.Sprintf("nothing was lost; %d of %s measured", len(m.Ends), text.Count(m.Of, "end"))
}

// shortenedSays tells what a run shows whose sleep was over while requests still came.
func shortenedSays(rep *report.Report, m *Measured) string {
	switch rep.Verdict {
	case report.Failed:
		if !ofTheSleep(rep) {
			return "requests were lost, of which it is not known that a longer sleep keeps them: " + strings.Join(rep.Reasons, "; ")
		}
		return "requests were lost, as they have to be: the sleep is needed"
	case report.Inconclusive:
		return "nothing is known: " + strings.Join(rep.Reasons, "; ")
	}
	if after := acceptedFor(rep); after > 0 {
		return fmt.Sprintf("nothing was lost: the program goes on accepting new connections after SIGTERM (%s later the last one was answered), so that it does not rest on the sleep alone", text.Coarse(after))
	}
	return fmt.Sprintf("nothing was lost, which is luck: requests were seen to come up to %s after an end had begun, and %s", text.Coarse(time.Duration(m.Lag.Most)), fewEnds(rep))
}

// ofTheSleep tells of losses that a longer sleep keeps away: those of requests that come to a
// pod which does not take them any more, or exits with them.
func ofTheSleep(rep *report.Report) bool {
	return slices.ContainsFunc(rep.Findings, func(f report.Finding) bool {
		return slices.Contains([]report.Cause{report.ListenerClosedEarly, report.NoDrain, report.KeepaliveCut, report.ErrorsWhileDraining}, f.Cause)
	})
}

func fewEnds(rep *report.Report) string {
	return fmt.Sprintf("%s prove nothing", text.Count(ended(rep), "end"))
}

// acceptedFor is how long after SIGTERM a pod still answered on a new connection for sure;
// 0 where none did.
func acceptedFor(rep *report.Report) time.Duration {
	var longest time.Duration
	for i := range rep.Terminations {
		if t := &rep.Terminations[i]; t.LastNew.Known() && t.Sigterm.Known() {
			longest = max(longest, t.LastNew.From.Sub(t.Sigterm.To))
		}
	}
	return longest
}

// Text writes the result for a reader.
func Text(w io.Writer, r *Result) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	list := func(first, words string) {
		for one := range text.Wrap(first, strings.Repeat(" ", len(first)), words) {
			line("%s", one)
		}
	}
	line("%s: %s in namespace %s, container %s", headline(r), r.Workload, r.Namespace, r.Container)
	for _, reason := range r.Reasons {
		list("  - ", reason)
	}
	for _, o := range r.Obstacles {
		line("")
		list("  ", strings.TrimPrefix(string(o.Cause)+": ", ": ")+o.Text)
		if o.Fix != "" {
			list("    ", o.Fix)
		}
		if o.Recipe != "" {
			line("    %s", o.Recipe)
		}
	}
	if m := r.Measured; m != nil {
		line("\nMeasured with a preStop sleep of %s, on %d of %s of pods:", m.Sleep, len(m.Ends), text.Count(m.Of, "end"))
		line("  last new request after the end had begun: %s", m.Lag)
		line("  exit after SIGTERM:                       %s", m.Drain)
		line("  longest request that was answered:        %s", text.Coarse(time.Duration(m.LongestRequest)))
	}
	if s := r.Settings; s != nil {
		m := r.Measured
		line("\nSettings%s (before: %s, grace period %d s):", unconfirmed(r), r.Before.PreStop, r.Before.Grace)
		list("  ", fmt.Sprintf("%s: %s for the last new request, %s for one that was not seen, and %s to spare; whole seconds", s.PreStop,
			text.Coarse(time.Duration(m.Lag.Most)), text.Coarse(time.Duration(m.Unseen)), report.LagMargin))
		list("  ", fmt.Sprintf("terminationGracePeriodSeconds %d: %s, and %s to spare; whole seconds. Requests that take longer than those of this check need more", s.Grace, graceSays(m), report.GraceMargin))
		if r.Action == Exec {
			list("  ", "The hook runs the image's program sleep, as this cluster's Kubernetes has no preStop.sleep (1.30 and later)")
		}
	}
	if len(r.Runs) > 0 {
		line("\nRuns:")
	}
	for _, run := range r.Runs {
		list("  ", fmt.Sprintf("%s, %s with %s and a grace period of %d s: %s", run.Name, run.Verdict, run.Settings.PreStop, run.Settings.Grace, run.Says))
		line("    %s", shell.Word(run.Folder))
	}
	if r.Outcome == Found {
		line("\nPatch:\n  %s", shell.Line("kubectl patch %s -n %s --patch %s", r.Workload, r.Namespace, r.Patch))
	}
	switch {
	case r.Kept:
		line("")
		list("", "The settings were left in place."+heldBack(r))
	case r.Left != "":
		line("")
		list("", "The workload's own settings were not put back: "+r.Left)
	case len(r.Runs) > 0:
		line("\nThe workload's own settings were put back.")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// graceSays tells what the grace is for.
func graceSays(m *Measured) string {
	if m.besides() {
		return fmt.Sprintf("%s from when an end begins to the exit of the pod's other containers, which do not wait for the sleep", text.Coarse(m.beside()))
	}
	return fmt.Sprintf("the sleep, %s for the exit or the longest request", text.Coarse(max(time.Duration(m.Drain.Most), time.Duration(m.LongestRequest))))
}

// unconfirmed says so of settings that were computed alone.
func unconfirmed(r *Result) string {
	if r.Confirmed {
		return ""
	}
	return " that were computed, and not confirmed"
}

// heldBack tells of pods that do not have the settings which were left in place.
func heldBack(r *Result) string {
	if r.BelowPartition == 0 {
		return ""
	}
	return fmt.Sprintf(" The partition of %s keeps them from %s until it is lowered: until then these end as before.",
		r.Workload, text.Count(r.BelowPartition, "pod"))
}

func headline(r *Result) string {
	switch r.Outcome {
	case Found:
		return "found and confirmed"
	case Untunable:
		return "cannot be tuned"
	default:
		return "inconclusive"
	}
}

// String gives the three in one line.
func (s Spread) String() string {
	return fmt.Sprintf("%s at the least, %s median, %s at the most", text.Coarse(time.Duration(s.Least)), text.Coarse(time.Duration(s.Median)), text.Coarse(time.Duration(s.Most)))
}
