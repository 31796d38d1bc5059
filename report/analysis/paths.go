package analysis

import (
	"fmt"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/balancer"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// forecast is how long the pods that ended went on answering after they had left their
// slices.
type forecast struct {
	// unmeasured is why nobody asked them, empty where somebody did.
	unmeasured string
	ends       []*termination
}

// readForecast takes the ends that a pod's own doing decides: those in service, in good
// order, that began when it was known that pods answer on their own addresses. It is nil
// where nobody was to ask them.
func readForecast(actions []recording.Action, ended []*account) *forecast {
	i := slices.IndexFunc(actions, func(a recording.Action) bool {
		return a.Kind == recording.WindowMeasured || a.Kind == recording.WindowUnmeasured
	})
	if i < 0 {
		return nil
	}
	o := &forecast{}
	if actions[i].Kind == recording.WindowUnmeasured {
		o.unmeasured = text.Clean(actions[i].Detail)
	}
	for _, e := range ended {
		if e.Container == "" && e.wasReady && e.orderly() && !e.begunBy().Before(actions[i].At) {
			o.ends = append(o.ends, e.termination)
		}
	}
	return o
}

// outcome is whether each end outlasts a time, and the first that certainly does not; nil
// where none is known not to.
func (o *forecast) outcome(need time.Duration) (report.PathOutcome, *termination) {
	all := len(o.ends) > 0
	for _, t := range o.ends {
		least, most := t.outlasts()
		if most != nil && time.Duration(*most) < need {
			return report.PathLoses, t
		}
		all = all && least != nil && time.Duration(*least) >= need
	}
	if all {
		return report.PathHolds, nil
	}
	return report.PathNotKnown, nil
}

// told are the windows as a report has them.
func (o *forecast) told() *report.Windows {
	if o == nil {
		return nil
	}
	w := &report.Windows{Unmeasured: o.unmeasured, Ends: len(o.ends)}
	var shortest *report.Span
	for _, t := range o.ends {
		span := t.margins().Outlasts
		if span == nil {
			continue
		}
		w.Measured++
		if shortest == nil {
			shortest = new(*span)
		}
		shortest.From, shortest.To = min(shortest.From, span.From), min(shortest.To, span.To)
	}
	if w.Measured == w.Ends {
		w.Shortest = shortest
	}
	if o.unmeasured != "" || w.Ends == 0 {
		return w
	}
	for _, p := range balancer.Profiles {
		outcome, _ := o.outcome(p.Lag)
		w.Paths = append(w.Paths, report.Path{Name: p.Name, Title: p.Title, Needs: report.Duration(p.Lag), Evidence: string(p.Evidence), Source: p.Source, Outcome: outcome})
	}
	return w
}

// outlastsVerdict is what a budget of outlasts, or of a path, comes to.
type outlastsVerdict struct {
	// short says which pod did not outlast it, kept that all did; doubts why that is not
	// known. All are empty where the check does not ask.
	short, kept, doubts []string
}

// judgeOutlasts holds the ends to what the check asks for. A machine that was starved may
// have cut the windows itself.
func judgeOutlasts(budget check.Budget, o *forecast, starved bool) (v outlastsVerdict) {
	need, path := budget.Needed()
	if need == 0 {
		return v
	}
	wanted := fmt.Sprintf("budget.outlasts wants %s", text.Coarse(need))
	if path.Name != "" {
		wanted = fmt.Sprintf("budget.path wants the %s that %s needs (%s)", text.Coarse(need), path.Name, path.Evidence)
	}
	doubt := func(format string, args ...any) {
		v.doubts = append(v.doubts, fmt.Sprintf(format, args...)+", and "+wanted)
	}
	if o == nil || o.unmeasured != "" {
		why := "the run does not say why"
		if o != nil {
			why = o.unmeasured
		}
		doubt("how long pods go on answering was not measured: %s", why)
		return v
	}
	switch outcome, short := o.outcome(need); {
	case outcome == report.PathHolds:
		v.kept = []string{fmt.Sprintf("each pod went on answering on its own address for at least %s after it had left its slice: %s", text.Coarse(time.Duration(o.told().Shortest.From)), wanted)}
	case outcome == report.PathLoses && starved:
		doubt("pod %s was seen to stop answering too early, but requests went out late", short.Pod)
	case outcome == report.PathLoses:
		_, most := short.outlasts()
		v.short = []string{fmt.Sprintf("pod %s stopped answering on its own address %s it had left its slice, and %s", short.Pod, atMostAfter(time.Duration(*most)), wanted)}
	case len(o.ends) == 0:
		doubt("no pod ended in service and in good order")
	default:
		doubt("it is not known of each pod that ended for how long it went on answering after it had left its slice")
	}
	return v
}

// atMostAfter says in words by how much something came after something else at the most.
func atMostAfter(d time.Duration) string {
	if d < 0 {
		return "at least " + text.Coarse(-d) + " before"
	}
	return "no later than " + text.Coarse(d) + " after"
}

// after is the verdict with what the check asks of the windows.
func (v *outlastsVerdict) after(verdict report.Verdict, reasons []string, baselineFailed bool) (report.Verdict, []string) {
	return withBound(verdict, reasons, v.short, v.kept, baselineFailed)
}
