package analysis

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// evidence names the times and counts behind a finding.
func evidence(cause report.Cause, members []*explained) []string {
	lines := []string{symptoms(members)}
	if cut := bodiesCut(members); cut != "" {
		lines = append(lines, cut)
	}
	for _, group := range byTermination(members) {
		t := group.termination
		line := fmt.Sprintf("%s (%s): %s", t.Pod, t.EndedBy, text.Count(len(group.failures), "request"))
		switch {
		case causeNamed(cause).atExit:
			line += fmt.Sprintf(" cut, the oldest under way for %s;", text.Coarse(oldest(group.failures)))
		case causeNamed(cause).turnsAway:
			line += fmt.Sprintf(" turned away, the last one sent %s;", relative(lastSent(group.failures), t))
		default:
			line += " lost;"
		}
		lines = append(lines, line+" "+describeEnd(t))
	}
	lines = append(lines, startEvidence(members)...)
	if led := countFollowing(members); led > 0 {
		lines = append(lines, fmt.Sprintf("%s went out less than %s after a reset on the same client port, so that connection tracking led there again",
			text.Count(led, "request"), trackedAfterReset))
	}
	if shared := countShared(members); shared > 0 {
		lines = append(lines, fmt.Sprintf("%s fit several pods that ended or began at the same time; all of them are named", text.Count(shared, "request")))
	}
	return append(lines, traces(members)...)
}

// tracesShown bounds the traces of a finding; report.json has that of each failure.
const tracesShown = 3

// traces names those of the first requests, where they bore any.
func traces(members []*explained) []string {
	var ids []string
	for _, m := range members[:min(len(members), tracesShown)] {
		if m.traceID == "" {
			return nil
		}
		ids = append(ids, m.traceID)
	}
	return []string{"traces of the first: " + strings.Join(ids, ", ")}
}

// describeEnd tells a termination in one line.
func describeEnd(t *suspect) string {
	if t.Container != "" {
		return describeInterruption(&t.ending)
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
	return line + ", grace " + granted(&t.ending)
}

// granted tells the grace, and whether a deletion has overridden the pod's own.
func granted(t *ending) string {
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

// describeInterruption tells the end of a container whose pod went on.
func describeInterruption(t *ending) string {
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

// startEvidence tells of the new pods that were given requests too early.
func startEvidence(members []*explained) []string {
	counts := map[*life]int{}
	for _, m := range members {
		if len(m.starting) == 1 {
			counts[m.starting[0]]++
		}
	}
	var lines []string
	for _, life := range slices.SortedFunc(maps.Keys(counts), func(a, b *life) int {
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
func relative(when time.Time, t *suspect) string {
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
func symptoms(members []*explained) string {
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
	termination *suspect
	failures    []*explained
}

// byTermination groups the failures that a single termination explains, in the
// order of the terminations.
func byTermination(members []*explained) []terminationGroup {
	groups := map[*suspect][]*explained{}
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

func countShared(members []*explained) int {
	shared := 0
	for _, m := range members {
		if len(m.suspects)+len(m.starting) > 1 {
			shared++
		}
	}
	return shared
}

func countFollowing(members []*explained) int {
	led := 0
	for _, m := range members {
		if m.follows != nil {
			led++
		}
	}
	return led
}

func oldest(members []*explained) time.Duration {
	var age time.Duration
	for _, m := range members {
		if m.follows == nil {
			age = max(age, m.EndAt().Sub(m.DialledAt()))
		}
	}
	return age
}

func lastSent(members []*explained) time.Time {
	var last time.Time
	for _, m := range members {
		if m.follows == nil {
			last = later(last, m.DialledAt())
		}
	}
	return last
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05.000") }

// bodiesCut tells how far the answers came whose body was cut; empty if none was.
func bodiesCut(members []*explained) string {
	var cut int
	var least, most int64
	var first, last time.Duration
	for _, m := range members {
		if m.Phase != recording.PhaseBody {
			continue
		}
		after := m.EndAt().Sub(m.DialledAt())
		if cut == 0 {
			least, first = m.BytesIn, after
		}
		cut++
		least, most = min(least, m.BytesIn), max(most, m.BytesIn)
		first, last = min(first, after), max(last, after)
	}
	if cut == 0 {
		return ""
	}
	bytes, took := text.Count(int(most), "byte"), text.Coarse(last)
	if least != most {
		bytes = fmt.Sprintf("%d to %s", least, bytes)
	}
	if text.Coarse(first) != took {
		took = text.Coarse(first) + " to " + took
	}
	return fmt.Sprintf("%s cut in the body, after %s and %s", text.Count(cut, "answer"), bytes, took)
}
