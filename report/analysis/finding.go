package analysis

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// The parts of a termination in which a request can fail.
const (
	beforeSigterm = "before SIGTERM"
	afterSigterm  = "between SIGTERM and exit"
	atExit        = "at the exit"
	afterExit     = "after the exit"
	whileStarting = "before the first answer"
	whileAway     = "while its container was away"
	whileEmpty    = "while no pod was ready"
	noTermination = "outside of any termination"
)

// moment is the time of a failure that tells the most: for a request that was
// in flight when it was cut, for one that reached no pod when it was sent.
func moment(f *failure) time.Time {
	switch {
	case f.cause == report.ListenerClosedEarly, f.cause == report.NoCapacity, symptomOf(f) == shutOut:
		return f.SentAt()
	default:
		return f.EndAt()
	}
}

// part tells in which part of the termination a failure happened. An exit is
// known to the second at best: what may have come after it is told as such.
func part(f *failure) string {
	switch {
	case len(f.starting) > 0:
		return whileStarting
	case len(f.suspects) == 0 && f.cause == report.NoCapacity:
		return whileEmpty
	case len(f.suspects) == 0:
		return noTermination
	case f.suspects[0].Container != "":
		return whileAway
	}
	when, ending := moment(f), false
	for _, t := range f.suspects {
		if t.Sigterm.Known() && when.Before(t.Sigterm.From.Add(-clockSlack)) {
			return beforeSigterm
		}
		ending = ending || !when.Before(t.exit().From.Add(-clockSlack))
	}
	switch {
	case !ending:
		return afterSigterm
	case symptomOf(f) == shutOut || f.cause == report.ListenerClosedEarly || f.cause == report.NoCapacity:
		return afterExit
	default:
		return atExit
	}
}

// sinceSigterm is the time from the signal to the failure's moment.
func sinceSigterm(f *failure) (report.Duration, bool) {
	if len(f.suspects) != 1 || !f.suspects[0].Sigterm.Known() {
		return 0, false
	}
	return *between(f.suspects[0].Sigterm.From, moment(f)), true
}

type findingKey struct {
	cause report.Cause
	part  string
}

func (s *scene) findings(failures []*failure, r *recording.Recording) []report.Finding {
	groups := map[findingKey][]*failure{}
	for _, f := range failures {
		key := findingKey{f.cause, part(f)}
		groups[key] = append(groups[key], f)
	}
	found := make([]report.Finding, 0, len(groups))
	for key, members := range groups {
		found = append(found, s.finding(key, members, failures, r))
	}
	slices.SortFunc(found, func(a, b report.Finding) int {
		return cmp.Or(
			cmp.Compare(b.Failed, a.Failed),
			order(a.Cause, b.Cause),
			cmp.Compare(a.Phase, b.Phase),
		)
	})
	return found
}

func order(a, b report.Cause) int {
	return cmp.Compare(slices.Index(report.Causes, a), slices.Index(report.Causes, b))
}

func (s *scene) finding(key findingKey, members, all []*failure, r *recording.Recording) report.Finding {
	f := report.Finding{
		Cause:      key.cause,
		Says:       says[key.cause],
		Confidence: sharedConfidence(members),
		Failed:     len(members),
		Phase:      key.part,
	}
	streams, pods := map[string]bool{}, map[string]bool{}
	for _, m := range members {
		streams[m.Stream] = true
		if m.Maskable {
			f.Maskable++
		}
		for _, name := range m.pods() {
			pods[name] = true
		}
		if d, ok := sinceSigterm(m); ok {
			if f.SinceSigterm == nil {
				f.SinceSigterm = &report.Span{From: d, To: d}
			}
			f.SinceSigterm.From = min(f.SinceSigterm.From, d)
			f.SinceSigterm.To = max(f.SinceSigterm.To, d)
		}
	}
	f.Streams, f.Pods = sorted(streams), sorted(pods)
	f.Evidence = s.evidence(key.cause, members)
	f.Fix = s.fix(key.cause, all, r)
	return f
}

// sorted lists a set, which in JSON is a list even where it is empty.
func sorted(set map[string]bool) []string {
	names := slices.AppendSeq(make([]string, 0, len(set)), maps.Keys(set))
	slices.Sort(names)
	return names
}

// evidence names the times and counts behind a finding.
func (s *scene) evidence(cause report.Cause, members []*failure) []string {
	lines := []string{symptoms(members)}
	if cut := bodiesCut(members); cut != "" {
		lines = append(lines, cut)
	}
	for _, group := range byTermination(members) {
		t := group.termination
		line := fmt.Sprintf("%s (%s): %s", t.Pod, t.EndedBy, text.Count(len(group.failures), "request"))
		switch {
		case cutsAtExit(cause):
			line += fmt.Sprintf(" cut, the oldest under way for %s;", text.Coarse(oldest(group.failures)))
		case cause == report.ListenerClosedEarly || cause == report.NoCapacity:
			line += fmt.Sprintf(" turned away, the last one sent %s;", relative(lastSent(group.failures), t))
		default:
			line += " lost;"
		}
		lines = append(lines, line+" "+story(t))
	}
	lines = append(lines, startEvidence(members)...)
	if shared := countShared(members); shared > 0 {
		lines = append(lines, fmt.Sprintf("%s fit several pods that ended or began at the same time; all of them are named", text.Count(shared, "request")))
	}
	return lines
}

// story tells a termination in one line.
func story(t *termination) string {
	if t.Container != "" {
		return interruption(t)
	}
	line := "SIGTERM time unknown"
	if t.Sigterm.Known() {
		line = "SIGTERM at " + clock(t.Sigterm.From)
	}
	if t.ExitCode != nil {
		line += fmt.Sprintf(", exit code %d", *t.ExitCode)
		if t.Exited.Known() && t.Sigterm.Known() {
			line += fmt.Sprintf(" within %s of it", text.Coarse(t.Exited.To.Sub(t.Sigterm.From)))
		}
	}
	if t.LeftSlice.Known() {
		line += ", out of the EndpointSlice " + relative(t.LeftSlice.From, t)
	}
	return line + ", grace " + granted(t)
}

// granted tells the grace, and whether a deletion has overridden the pod's own.
func granted(t *termination) string {
	switch own := report.Duration(t.specGrace); {
	case t.forced():
		return "none (the deletion was forced)"
	case t.Grace < own:
		return fmt.Sprintf("%s by the deletion (the pod's own is %s)", t.Grace, own)
	case t.PreStopSleep > 0:
		return fmt.Sprintf("%s with a preStop sleep of %s", t.Grace, t.PreStopSleep)
	case t.PreStop != recording.PreStopNone:
		return fmt.Sprintf("%s with a preStop hook", t.Grace)
	default:
		return t.Grace.String()
	}
}

// interruption tells the end of a container whose pod went on.
func interruption(t *termination) string {
	line := fmt.Sprintf("container %s ended at %s", t.Container, clock(t.Exited.From))
	if t.ExitCode != nil {
		line += fmt.Sprintf(" with exit code %d", *t.ExitCode)
	}
	if t.ExitReason != "" {
		line += " (" + t.ExitReason + ")"
	}
	switch t.EndedBy {
	case report.ByOOM:
		line += " because it ran out of memory"
		if t.memoryLimit > 0 {
			line += fmt.Sprintf(", its limit is %s", size(t.memoryLimit))
		}
	case report.ByProbe:
		line += " because its liveness probe had failed"
		if p := t.liveness; p != nil {
			line += fmt.Sprintf(" (%s of %s each, one every %s)", text.Count(int(p.Failures), "attempt"), p.Timeout, p.Period)
		}
	case report.ByKill:
		line += " by the signal of this run"
	default:
		line += " by itself"
	}
	switch {
	case t.Back.Known() && t.LeftSlice.Known():
		line += fmt.Sprintf("; out of the EndpointSlice for %s", text.Coarse(t.Back.To.Sub(t.LeftSlice.From)))
	case t.LeftSlice.Known():
		line += "; out of the EndpointSlice at " + clock(t.LeftSlice.From) + " and not back"
	}
	return line
}

// size writes a number of bytes the way manifests do.
func size(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1 << 30, "Gi"}, {1 << 20, "Mi"}, {1 << 10, "Ki"}} {
		if n >= unit.size && n%unit.size == 0 {
			return fmt.Sprintf("%d%s", n/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// startEvidence tells of the new pods that were given requests too early.
func startEvidence(members []*failure) []string {
	counts := map[*podLife]int{}
	for _, m := range members {
		if len(m.starting) == 1 {
			counts[m.starting[0]]++
		}
	}
	var lines []string
	for _, life := range slices.SortedFunc(maps.Keys(counts), func(a, b *podLife) int {
		return cmp.Or(a.entered.From.Compare(b.entered.From), cmp.Compare(a.uid, b.uid))
	}) {
		line := fmt.Sprintf("%s: %s lost; called ready at %s", life.name, text.Count(counts[life], "request"), clock(life.entered.From))
		if life.served.IsZero() {
			line += ", no answer seen"
		} else {
			line += fmt.Sprintf(", first answer %s later", text.Coarse(life.served.Sub(life.entered.From)))
		}
		if !life.probed {
			line += ", no readiness probe"
		}
		lines = append(lines, line)
	}
	return lines
}

// relative puts a moment in relation to SIGTERM.
func relative(when time.Time, t *termination) string {
	if !t.Sigterm.Known() {
		return "at " + clock(when)
	}
	d := when.Sub(t.Sigterm.From)
	if d < 0 {
		return text.Coarse(-d) + " before SIGTERM"
	}
	return text.Coarse(d) + " after SIGTERM"
}

// symptoms counts the ways in which the requests failed, most frequent first.
func symptoms(members []*failure) string {
	counts := map[string]int{}
	for _, m := range members {
		line := string(m.Class) + " at " + string(m.Phase)
		if m.Class == recording.ClassStatus {
			line = fmt.Sprintf("status %d", m.Status)
		}
		counts[line]++
	}
	texts := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for i, line := range texts {
		texts[i] = fmt.Sprintf("%d × %s", counts[line], line)
	}
	return strings.Join(texts, ", ")
}

type terminationGroup struct {
	termination *termination
	failures    []*failure
}

// byTermination groups the failures that a single termination explains, in the
// order of the terminations.
func byTermination(members []*failure) []terminationGroup {
	groups := map[*termination][]*failure{}
	for _, m := range members {
		if len(m.suspects) == 1 {
			groups[m.suspects[0]] = append(groups[m.suspects[0]], m)
		}
	}
	ordered := make([]terminationGroup, 0, len(groups))
	for t, failures := range groups {
		ordered = append(ordered, terminationGroup{t, failures})
	}
	slices.SortFunc(ordered, func(a, b terminationGroup) int {
		return cmp.Or(a.termination.begin().Compare(b.termination.begin()), cmp.Compare(a.termination.UID, b.termination.UID))
	})
	return ordered
}

func countShared(members []*failure) int {
	shared := 0
	for _, m := range members {
		if len(m.suspects)+len(m.starting) > 1 {
			shared++
		}
	}
	return shared
}

func oldest(members []*failure) time.Duration {
	var age time.Duration
	for _, m := range members {
		age = max(age, m.End-m.Sent)
	}
	return age
}

func lastSent(members []*failure) time.Time {
	var last time.Time
	for _, m := range members {
		last = later(last, m.SentAt())
	}
	return last
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05.000") }
