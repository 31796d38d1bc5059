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
	if certain := countFunc(members, func(f *explained) bool { return f.confidence == report.Certain }); cause.Explains() && 2*certain >= len(members) && certain < len(members) {
		lines = append(lines, fmt.Sprintf("%d of %d are certain by themselves", certain, len(members)))
	}
	if cut := bodiesCut(members); cut != "" {
		lines = append(lines, cut)
	}
	lines = append(lines, endEvidence(cause, members)...)
	if waited := unreadEvidence(cause, members); waited != "" {
		lines = append(lines, waited)
	}
	if closed := closedEvidence(members); closed != "" {
		lines = append(lines, closed)
	}
	if either := eitherEvidence(members); either != "" {
		lines = append(lines, either)
	}
	lines = append(lines, gatewayEvidence(cause, members)...)
	lines = append(lines, startEvidence(members)...)
	lines = append(lines, trackingEvidence(members)...)
	lines = append(lines, proxyEvidence(cause, members)...)
	lines = append(lines, otherContainers(members)...)
	if shared := countFunc(members, func(f *explained) bool { return len(f.suspects)+len(f.starting) > 1 }); shared > 0 {
		lines = append(lines, fmt.Sprintf("%s fit several pods that ended or began at the same time; all of them are named", text.Count(shared, "request")))
	}
	lines = append(lines, othersEvidence(members)...)
	lines = append(lines, anotherEvidence(members)...)
	return append(lines, traces(members)...)
}

// othersEvidence tells of what pods of another workload may have lost.
func othersEvidence(members []*explained) []string {
	var names []string
	n := 0
	for _, m := range members {
		if len(m.others) > 0 {
			n++
			names = append(names, m.others...)
		}
	}
	if n == 0 {
		return nil
	}
	slices.Sort(names)
	return []string{fmt.Sprintf("%s came as pods of another workload behind the same service were taken out of it (%s), which may have lost them", text.Count(n, "request"), list(slices.Compact(names)))}
}

// anotherEvidence tells of names on the connections of requests that are no pods' of the
// workload.
func anotherEvidence(members []*explained) []string {
	names, n := map[string]bool{}, 0
	for _, m := range members {
		if m.another && m.cause.Explains() {
			names[m.ConnPod] = true
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s came on connections whose last answer named no pod of the workload (%s): whether one of its pods had passed that request on, or the connection led to another pod, is not known",
		text.Count(n, "request"), list(sorted(names)))}
}

// endEvidence tells of the terminations that alone explain failures, in their order.
func endEvidence(cause report.Cause, members []*explained) []string {
	groups := map[*suspect][]*explained{}
	for _, m := range members {
		if len(m.suspects) == 1 && len(m.starting) == 0 {
			groups[m.suspects[0]] = append(groups[m.suspects[0]], m)
		}
	}
	var lines []string
	for _, t := range slices.SortedFunc(maps.Keys(groups), func(a, b *suspect) int {
		return cmp.Or(a.begin().Compare(b.begin()), cmp.Compare(a.UID, b.UID))
	}) {
		line := fmt.Sprintf("%s (%s): %s", t.Pod, t.EndedBy, text.Count(len(groups[t]), "request"))
		switch {
		case causeNamed(cause).atExit:
			line += fmt.Sprintf(" cut, the oldest under way for %s;", text.Coarse(oldest(groups[t])))
		case causeNamed(cause).turnsAway:
			line += fmt.Sprintf(" turned away, the last one sent %s;", relative(lastSent(groups[t]), t))
		default:
			line += " lost;"
		}
		lines = append(lines, line+" "+describeEnd(t))
	}
	return lines
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

// unreadEvidence tells of requests on kept connections that waited for nothing; empty
// where there were none.
func unreadEvidence(cause report.Cause, members []*explained) string {
	if cause != report.KeepaliveCut {
		return ""
	}
	waited := slices.DeleteFunc(slices.Clone(members), func(f *explained) bool { return !f.wasHeld() })
	if len(waited) == 0 {
		return ""
	}
	return fmt.Sprintf("%s waited on a kept connection, for up to %s: the pod did not read any more what came on it",
		text.Count(len(waited), "request"), text.Coarse(oldest(waited)))
}

// closedEvidence tells of requests whose kept connections ended though no end of a pod explains
// that; empty where there were none.
func closedEvidence(members []*explained) string {
	closed := countFunc(members, (*explained).closedWithoutAnEnd)
	if closed == 0 {
		return ""
	}
	return fmt.Sprintf("%s came on a kept connection that ended before anything of an answer came. A server, or a proxy, closes one that has been idle for its keep-alive timeout, whether pods end or not: "+
		"let that time be longer than clients leave a connection unused", text.Count(closed, "request"))
}

// startEvidence tells of the new pods that were given requests too early.
func startEvidence(members []*explained) []string {
	counts, lastErrors, unnamed := map[*life]int{}, map[*life]time.Time{}, map[*life]bool{}
	for _, m := range members {
		if len(m.starting) == 1 && len(m.suspects) == 0 {
			counts[m.starting[0]]++
			lastErrors[m.starting[0]] = later(lastErrors[m.starting[0]], m.EndAt())
			unnamed[m.starting[0]] = m.warming && m.starting[0].served.IsZero()
		}
	}
	var lines []string
	for _, life := range slices.SortedFunc(maps.Keys(counts), func(a, b *life) int {
		return cmp.Or(a.entered.From.Compare(b.entered.From), cmp.Compare(a.uid, b.uid))
	}) {
		line := fmt.Sprintf("%s: %s lost; called ready at %s", life.name, text.Count(counts[life], "request"), clock(life.entered.From))
		switch {
		case unnamed[life]:
			line += fmt.Sprintf(", the last one ended %s later, and none for twice as long after that; answers name no pod, but these are no more than go to one, and no other was new then",
				text.Coarse(lastErrors[life].Sub(life.entered.From)))
		case life.served.IsZero():
			line += ", no answer seen"
		default:
			line += fmt.Sprintf(", first answer %s later", text.Coarse(life.served.Sub(life.entered.From)))
		}
		if until := lastErrors[life]; !life.served.IsZero() && until.After(life.served) {
			line += fmt.Sprintf(", errors beside others until %s, and none after that", text.Coarse(until.Sub(life.entered.From)))
		}
		switch {
		case life.published:
			line += ", by a Service with publishNotReadyAddresses"
		case !life.probed:
			line += ", no readiness probe"
		}
		lines = append(lines, line)
	}
	return lines
}

// symptoms counts the ways in which the requests failed, most frequent first.
func symptoms(members []*explained) string {
	counts := map[string]int{}
	for _, m := range members {
		line := string(m.Class) + " at " + string(m.Phase)
		switch m.Class {
		case recording.ClassStatus:
			line = fmt.Sprintf("status %d", m.Status)
		case recording.ClassWrongBody:
			line = fmt.Sprintf("status %d with another body than expected", m.Status)
			if m.Error != "" {
				line += " (" + m.Error + ")"
			}
		case recording.ClassGRPCStatus:
			line = fmt.Sprintf("status %d with %s", m.Status, m.Error)
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

// trackingEvidence tells of what connection tracking led to a pod.
func trackingEvidence(members []*explained) []string {
	var lines []string
	tell := func(held time.Duration, last string) {
		led := countFunc(members, func(f *explained) bool { return f.follows != nil && f.follows.tracked() == held })
		if led > 0 {
			lines = append(lines, fmt.Sprintf("%s went out less than %s after %s on the same client port, so that connection tracking led there again",
				text.Count(led, "request"), held, last))
		}
	}
	tell(trackedAfterReset, "a reset")
	tell(trackedAfterSilence, "a connection that was never answered")
	return lines
}

func oldest(members []*explained) time.Duration {
	var age time.Duration
	for _, m := range members {
		if m.follows == nil {
			age = max(age, m.age())
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

// bodiesCut tells how far the answers came whose body was cut; empty if none was.
func bodiesCut(members []*explained) string {
	var cut int
	var least, most int64
	var first, last time.Duration
	for _, m := range members {
		if m.Phase != recording.PhaseBody {
			continue
		}
		after := m.age()
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

// outlivers names the containers that answered when the one that serves had ended.
func outlivers(failures []*explained) []string {
	names := map[string]bool{}
	for _, f := range failures {
		if !f.answeredByProxy() {
			continue
		}
		for _, t := range f.suspects {
			if c := t.outlivedBy(f.examined); c != nil {
				names[c.Name] = true
			}
		}
	}
	return sorted(names)
}

// otherContainers tells of what other containers of the pods than those that serve have
// done to the requests.
func otherContainers(members []*explained) []string {
	var lines []string
	cut, shut, holders := 0, 0, map[string]bool{}
	for _, m := range members {
		var some bool
		for _, t := range m.suspects {
			exits, _ := m.lostBy(t)
			for _, e := range exits {
				some, holders[e.Container] = true, true
			}
		}
		switch {
		case !some || m.follows != nil:
		case m.manner == cutByHolder:
			cut++
		default:
			shut++
		}
	}
	if cut > 0 {
		lines = append(lines, fmt.Sprintf("%s cut within the second in which container %s ended, and before the one that serves did: the containers of a pod share its network, and the one that holds a connection cuts it by its exit",
			text.Count(cut, "request"), strings.Join(sorted(holders), " or ")))
	}
	if shut > 0 {
		lines = append(lines, fmt.Sprintf("%s came when container %s had ended, which holds the pod's connections (its exit cut others), and before the one that serves did",
			text.Count(shut, "request"), strings.Join(sorted(holders), " or ")))
	}
	if answered := countFunc(members, (*explained).answeredByProxy); answered > 0 {
		lines = append(lines, fmt.Sprintf("%s got an answer as gateways give it, which names no pod, when the container that serves had ended and container %s of the pod had not: a proxy there seems to have given it",
			text.Count(answered, "request"), strings.Join(outlivers(members), " or ")))
	}
	return lines
}
