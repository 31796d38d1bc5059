package report

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Outcome is what a comparison came to.
type Outcome string

// The outcomes. Incomparable is neither of the others: the two reports do not
// tell.
const (
	NotWorse     Outcome = "not-worse"
	Worse        Outcome = "worse"
	Incomparable Outcome = "incomparable"
)

// Tolerance is how much worse a new report may be.
type Tolerance struct {
	// Failed is how many more requests may fail, in all and by each cause. Nil
	// takes what chance may do where the base lost requests as well, and none
	// where it did not. That a verdict is lost is never tolerated.
	Failed *int `json:"failed,omitempty"`
	// Latency is the factor by which a 99th percentile may grow. It is judged
	// only where nothing was lost: a pod that goes and comes back slows the
	// others down, so that latency tells of the losses once more.
	Latency float64 `json:"latency"`
	// Margin is by how much a margin may shrink. As an exit waits for requests
	// of any length, a margin is worse only if it also is less than half of what
	// it was.
	Margin Duration `json:"margin"`
}

// DefaultTolerance allows what two runs of one service differ by anyway: chance
// in the number of failures, twice the latency, and five seconds (2.5 s were
// measured of a service whose last request decides when it exits).
var DefaultTolerance = Tolerance{Latency: 2, Margin: Duration(5 * time.Second)}

// latencyFloor is a growth of latency that is never called worse: it is within
// the reach of one scheduling delay on a busy node.
const latencyFloor = 50 * time.Millisecond

// Comparison sets a new report beside a base, measure by measure.
type Comparison struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Outcome    Outcome  `json:"outcome"`
	Reasons    []string `json:"reasons"`
	// Notes are differences between the two that do not make the new one worse.
	Notes     []string  `json:"notes,omitempty"`
	Tolerance Tolerance `json:"tolerance"`
	Base      Side      `json:"base"`
	New       Side      `json:"new"`
	// Causes count the failures, by cause.
	Causes    []CauseChange   `json:"causes"`
	Latencies []LatencyChange `json:"latencies"`
	Margins   []MarginChange  `json:"margins"`
}

// Side is one of the two reports.
type Side struct {
	Workload  string    `json:"workload"`
	Namespace string    `json:"namespace"`
	Began     time.Time `json:"began"`
	Verdict   Verdict   `json:"verdict"`
	Sent      int       `json:"sent"`
	Failed    int       `json:"failed"`
	// OwnMaking counts those of Failed that this tool's side may have made alone (see Finding):
	// they are not compared.
	OwnMaking int `json:"ownMaking,omitempty"`
	Ended     int `json:"terminations"`
	// Ends are what its terminations prove; missing where the report does not tell.
	Ends *Ends `json:"ends,omitempty"`
}

// CauseChange is how many requests failed by one cause.
type CauseChange struct {
	Cause Cause `json:"cause"`
	Base  int   `json:"base"`
	New   int   `json:"new"`
	Worse bool  `json:"worse,omitempty"`
}

// LatencyChange is the latency of one stream that both reports have.
type LatencyChange struct {
	Stream string  `json:"stream"`
	Base   Latency `json:"base"`
	New    Latency `json:"new"`
	Worse  bool    `json:"worse,omitempty"`
}

// MarginChange is the worst value of one margin over all terminations; missing
// where none tells it.
type MarginChange struct {
	Margin string    `json:"margin"`
	Base   *Duration `json:"base,omitempty"`
	New    *Duration `json:"new,omitempty"`
	Worse  bool      `json:"worse,omitempty"`
}

// Compare tells whether next is worse than base, beyond the tolerance. An
// inconclusive report cannot be compared, nor can two of different checks be
// called equally good: less load finds less.
func Compare(base, next *Report, tolerance Tolerance) *Comparison {
	c := &Comparison{
		APIVersion: check.APIVersion,
		Kind:       "Comparison",
		Tolerance:  tolerance,
		Base:       side(base),
		New:        side(next),
		Latencies:  latencyChanges(base, next, tolerance),
		Margins:    marginChanges(base, next, tolerance),
	}
	c.Causes = causeChanges(base, next, c.allowed)
	different := differences(base.Check, next.Check)
	c.Notes = slices.Concat(different, c.byChance(), c.unseen(), c.ownMaking())
	worse := c.worse()
	switch {
	case base.Verdict == Inconclusive || next.Verdict == Inconclusive:
		c.Outcome, c.Reasons = Incomparable, inconclusive(base, next)
	case len(worse) > 0:
		c.Outcome, c.Reasons = Worse, worse
	case len(different) > 0:
		c.Outcome, c.Reasons = Incomparable, []string{"nothing is worse, but the two checks are not the same: what the new one did not find it may not have looked for"}
	default:
		c.Outcome, c.Reasons = NotWorse, []string{"nothing is worse beyond the tolerance"}
	}
	return c
}

func side(r *Report) Side {
	s := Side{Workload: r.Workload, Namespace: r.Namespace, Began: r.Began, Verdict: r.Verdict, Ended: len(r.Terminations), Ends: r.Ends}
	for _, stream := range r.Streams {
		s.Sent += stream.Sent
		s.Failed += stream.Failed
	}
	for i := range r.Findings {
		s.OwnMaking += r.Findings[i].OwnMaking
	}
	return s
}

// lost counts the failures that may be the workload's.
func (s Side) lost() int { return s.Failed - s.OwnMaking }

func inconclusive(base, next *Report) []string {
	var reasons []string
	for name, r := range map[string]*Report{"base": base, "new": next} {
		for _, reason := range r.Reasons {
			if r.Verdict == Inconclusive {
				reasons = append(reasons, fmt.Sprintf("the %s run is inconclusive: %s", name, reason))
			}
		}
	}
	slices.Sort(reasons)
	return reasons
}

// worse puts all that is worse into words.
func (c *Comparison) worse() []string {
	var reasons []string
	if c.Base.Verdict == Passed && c.New.Verdict == Failed {
		reasons = append(reasons, fmt.Sprintf("the verdict was passed and is failed: %d of %s failed", c.New.lost(), text.Count(c.New.Sent, "request")))
	} else if before, after := c.Base.lost(), c.New.lost(); after-before > c.allowed(before, after) {
		reasons = append(reasons, fmt.Sprintf("%d of %s failed, %d of %d before", after, text.Count(c.New.Sent, "request"), before, c.Base.Sent))
	}
	for _, change := range c.Causes {
		if change.Worse && change.Cause.Explains() {
			reasons = append(reasons, fmt.Sprintf("%s failed by %s, %d before", text.Count(change.New, "request"), change.Cause, change.Base))
		}
	}
	if before, after := unexplained(c.Causes); after-before > c.allowed(before, after) {
		reasons = append(reasons, fmt.Sprintf("%s failed without an explanation, %d before", text.Count(after, "request"), before))
	}
	for _, change := range c.Latencies {
		if change.Worse {
			reasons = append(reasons, fmt.Sprintf("99%% of %s were answered within %s, within %s before",
				change.Stream, text.Coarse(time.Duration(change.New.P99)), text.Coarse(time.Duration(change.Base.P99))))
		}
	}
	for _, change := range c.Margins {
		if change.Worse {
			reasons = append(reasons, fmt.Sprintf("the %s is %s, %s before", change.Margin, text.Coarse(time.Duration(*change.New)), text.Coarse(time.Duration(*change.Base))))
		}
	}
	return reasons
}

// byChance names the causes that only the new report has, where chance may have brought
// them: a weakness may be new, or may have spared the base.
func (c *Comparison) byChance() []string {
	if c.Tolerance.Failed != nil {
		return nil
	}
	var notes []string
	for _, change := range c.Causes {
		if change.Base == 0 && !change.Worse && change.Cause.Explains() {
			notes = append(notes, fmt.Sprintf("%s failed by %s and none before: where others failed before, chance may do that", text.Count(change.New, "request"), change.Cause))
		}
	}
	return notes
}

// unseen tells of failures that came as the watch had a gap, where these are more than
// before: which cause they had nobody knows.
func (c *Comparison) unseen() []string {
	for _, change := range c.Causes {
		if change.Cause == ObservationGap && change.New > change.Base {
			return []string{fmt.Sprintf("%s failed as the watch had a gap, %d before: by which causes is not known", text.Count(change.New, "request"), change.Base)}
		}
	}
	return nil
}

// ownMaking tells of failures that are no change of the workload, whichever side has them.
func (c *Comparison) ownMaking() []string {
	if c.Base.OwnMaking == 0 && c.New.OwnMaking == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s timed out that a slow lookup or the machine that sent them may have lost alone, %d before: neither run is judged by them",
		text.Count(c.New.OwnMaking, "request"), c.Base.OwnMaking)}
}

// causeChanges judges each cause by itself: fewer failures by one do not make up for more
// by another. It is chance whether the watch had a gap just then, and what then failed had
// some cause all the same: it counts in the sum alone.
func causeChanges(base, next *Report, allowed func(base, next int) int) []CauseChange {
	before, after := byCause(base), byCause(next)
	changes := []CauseChange{}
	for _, cause := range Causes {
		change := CauseChange{Cause: cause, Base: before[cause], New: after[cause]}
		if change.Base == 0 && change.New == 0 {
			continue
		}
		change.Worse = cause.Explains() && change.New-change.Base > allowed(change.Base, change.New)
		changes = append(changes, change)
	}
	if old, now := unexplained(changes); now-old > allowed(old, now) {
		for i := range changes {
			changes[i].Worse = changes[i].Worse || changes[i].Cause == Unknown
		}
	}
	return changes
}

// unexplained counts the failures that nothing explained although the watch was whole. Of
// the base those in a gap may have been such as well.
func unexplained(changes []CauseChange) (base, next int) {
	for _, change := range changes {
		switch {
		case change.Cause.Explains():
		case change.Cause == ObservationGap:
			base += change.Base
		default:
			base += change.Base
			next += change.New
		}
	}
	return base, next
}

// byCause counts the failures that may be the workload's.
func byCause(r *Report) map[Cause]int {
	counts := map[Cause]int{}
	for i := range r.Findings {
		counts[r.Findings[i].Cause] += r.Findings[i].Failed - r.Findings[i].OwnMaking
	}
	return counts
}

// allowed is by how much a count of failures, of all or by one cause, may grow from its
// own value in the base. That the base lost any request makes it a service that loses
// some, by causes that chance may distribute otherwise. By chance a count may double
// and grow by three standard deviations more: pods take their requests along in
// clusters, and how large those are depends on the moment (measured: 64 and 105
// of the same service, 70 and 144 of another).
func (c *Comparison) allowed(base, next int) int {
	switch {
	case c.Tolerance.Failed != nil:
		return *c.Tolerance.Failed
	case c.Base.lost() == 0:
		return 0
	default:
		return base + int(3*math.Sqrt(float64(base+next)))
	}
}

func latencyChanges(base, next *Report, tolerance Tolerance) []LatencyChange {
	before := map[string]Latency{}
	for _, s := range base.Streams {
		before[s.Name] = s.Latency
	}
	lost := side(base).lost() + side(next).lost()
	changes := []LatencyChange{}
	for _, s := range next.Streams {
		old, ok := before[s.Name]
		if !ok {
			continue
		}
		grown := time.Duration(s.Latency.P99 - old.P99)
		changes = append(changes, LatencyChange{
			Stream: s.Name, Base: old, New: s.Latency,
			Worse: lost == 0 && grown > latencyFloor && float64(s.Latency.P99) > tolerance.Latency*float64(old.P99),
		})
	}
	return changes
}

// compared are the margins that say how near a termination came to losing
// requests; all are better when longer.
var compared = []struct {
	name string
	of   func(*Margins) *Duration
	// seldom tells that it is left out where neither report has it.
	seldom bool
}{
	{"least grace left at an exit", func(m *Margins) *Duration { return m.GraceHeadroom }, false},
	{"least time from slice to SIGTERM", func(m *Margins) *Duration { return m.Drain }, false},
	{"least time from slice to the last answer on the pod's own address", outlasted, true},
}

// outlasted is what is certain of the margin.
func outlasted(m *Margins) *Duration {
	if m.Outlasts == nil {
		return nil
	}
	return &m.Outlasts.From
}

func marginChanges(base, next *Report, tolerance Tolerance) []MarginChange {
	changes := []MarginChange{}
	for _, margin := range compared {
		change := MarginChange{Margin: margin.name, Base: least(base, margin.of), New: least(next, margin.of)}
		if margin.seldom && change.Base == nil && change.New == nil {
			continue
		}
		change.Worse = change.Base != nil && change.New != nil && *change.Base-*change.New > tolerance.Margin && 2**change.New < *change.Base
		changes = append(changes, change)
	}
	return changes
}

func least(r *Report, margin func(*Margins) *Duration) *Duration {
	var shortest *Duration
	for i := range r.Terminations {
		if d := margin(&r.Terminations[i].Margins); d != nil && (shortest == nil || *d < *shortest) {
			shortest = d
		}
	}
	return shortest
}
