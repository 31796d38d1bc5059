package analysis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// validity tells how far the run itself can be trusted, but for its doubts.
func validity(r *recording.Recording, t *traffic, baselineFailed int) report.Validity {
	v := report.Validity{
		Gaps:      gaps(&r.Events),
		Complete:  r.Ending != nil && !r.Ending.Interrupted && r.Ending.Error == "" && r.Ending.Stopped == "",
		PodsNamed: t.podsNamed,
	}
	if !t.incomplete.unsound {
		v.Baseline.Sent, v.Baseline.Failed = t.baselineSent, baselineFailed
	}
	if r.Ending != nil {
		v.Client = r.Ending.Client
	}
	return v
}

// inStall tells whether the request's time was up while nobody was there to read:
// an answer that came meanwhile is found too late.
func (t *traffic) inStall(f *failure) bool {
	return f.Class == recording.ClassTimeout && slices.ContainsFunc(t.stalls.of(f), func(s recording.Stall) bool {
		return !f.EndAt().Before(s.From) && !f.EndAt().After(s.To.Add(stallReach))
	})
}

// stallDoubts tells of failures that this machine may have made by itself.
func stallDoubts(failures []*explained, t *traffic) []string {
	timedOut := countFunc(failures, func(f *explained) bool { return t.inStall(f.failure) })
	if timedOut == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s timed out while %s stood still (for up to %s): whether they were answered is not known",
		text.Count(timedOut, "request"), t.whoSent(), text.Coarse(t.stalls.longest()))}
}

// lookupDoubts tells of failures that the lookups may have made by themselves.
func lookupDoubts(failures []*explained, t *traffic) []string {
	timedOut := countFunc(failures, func(f *explained) bool { return t.shortOfTime(f.failure) })
	if timedOut == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s timed out after a lookup of the service's name that took %s or longer: whether they would have been answered is not known",
		text.Count(timedOut, "request"), slowLookup)}
}

// unwrittenDoubts tells of failures that this machine has made by itself.
func unwrittenDoubts(failures []*explained, t *traffic) []string {
	n := countFunc(failures, func(f *explained) bool { return t.unwritten(f.failure) })
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s timed out before %s had written them: they tell nothing of the workload", text.Count(n, "request"), t.whoSent())}
}

// doubts are the reasons for which a run without losses would prove nothing.
func doubts(r *recording.Recording, disruptions []report.Disruption, streams []report.Stream, pace pace, ended []*account, t *traffic, endpoints *endpoints) []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }

	switch end := r.Ending; {
	case end == nil:
	case end.Interrupted:
		add("the run was stopped before its end")
	case end.Stopped != "":
		add("the run was ended before its end, as stopOnFailure has it: %s", end.Stopped)
	case end.Error != "":
		add("the run could not be carried out: %s", end.Error)
	}
	if control := r.Header.Control; control != nil && !control.Caught {
		add("the control, a service that drops requests, was not caught: %s", control.Why)
	}
	// Of what is not whole nothing can be said to be missing.
	whole := !t.incomplete.unsound
	if whole && t.baselineSent == 0 && !t.incomplete.senderLost {
		add("nothing was sent in the baseline")
	}
	if whole && len(disruptions) == 0 {
		add("nothing was done to the workload")
	}
	for _, d := range disruptions {
		if d.Steady.IsZero() && d.Unsteady != "" {
			add("%s did not come to its end: %s", d.Kind, d.Unsteady)
		}
		if whole && len(d.Terminated) == 0 {
			add("%s ended no pod", d.Kind)
		}
	}
	all = append(all, t.incomplete.doubts...)
	all = append(all, loadDoubts(streams, t)...)
	all = append(all, pace.doubts...)
	if t.otherName != "" && !r.Header.Workload.ServesURL {
		add("answers name pods that are not the workload's (%s for one): the URL leads past it, or it passes requests on to them, and whether each ended pod carried traffic is not known", t.otherName)
	}
	all = append(all, pastDoubts(&r.Header, t)...)
	all = append(all, redirectDoubts(&r.Header.Workload, t)...)
	all = append(all, stickyDoubts(&r.Header.Workload, ended, t)...)
	away := newAway(&r.Header, endpoints)
	all = append(all, coverageDoubts(ended, t, away)...)
	all = append(all, away.doubts(ended, t)...)
	return all
}

// pastDoubts tells of requests that went past the workload.
func pastDoubts(h *recording.Header, t *traffic) []string {
	if !t.past(h) {
		return nil
	}
	w := &h.Workload
	own := "a service that selects them"
	if len(w.Services) > 0 {
		own = "service " + strings.Join(w.Services, " or ")
	}
	return []string{fmt.Sprintf("requests went to service %s, which does not select the workload's pods, and no answer names one of these: nothing shows that they reached the workload. "+
		"Want the URL of %s, or name in target.service (--service) the one that is meant", strings.Join(w.ForeignServices, ", "), own)}
}

// stickyDoubts tells of requests that all went to one pod, which need be none of those that
// ended: only names would show it.
func stickyDoubts(w *recording.Workload, ended []*account, t *traffic) []string {
	if len(w.Sticky) == 0 || t.podsNamed || !slices.ContainsFunc(ended, func(a *account) bool { return a.wasReady }) {
		return nil
	}
	return []string{fmt.Sprintf("service %s has session affinity, which leads all requests of a sender to one pod, and no answer names its pod: nothing shows that those which ended had any traffic. "+
		"Have each answer bear its pod's name in a header, or test by a service without affinity", strings.Join(w.Sticky, ", "))}
}

// redirectDoubts tells of streams that whatever stands in front of the pods may have
// answered by itself.
func redirectDoubts(w *recording.Workload, t *traffic) []string {
	var names []string
	statuses := redirects{}
	for _, s := range t.streams {
		if s.redirected(w) {
			names = append(names, s.Name)
			statuses.add(s.redirects)
		}
	}
	if len(names) == 0 {
		return nil
	}
	which := "stream " + names[0]
	if len(names) > 1 {
		which = "streams " + strings.Join(names, ", ")
	}
	return []string{fmt.Sprintf("all answers of %s were redirects (%s), which an ingress or a proxy that authenticates makes without asking a pod: nothing shows that these requests reached one. "+
		"Want the URL that they lead to, https for one (a redirect is not followed), with what it takes to be let in; or, if the workload itself answers so, that status in streams[].expectStatus",
		which, statuses)}
}

// loadDoubts tells of streams whose requests came to nothing by themselves.
func loadDoubts(streams []report.Stream, t *traffic) []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for _, s := range streams {
		if s.Client > 0 {
			add("stream %s: %s failed on the client's own side (names, ports or descriptors)%s", s.Name, text.Count(s.Client, "request"), t.stream(s.Name).clientErrors.told())
		}
		if s.Sent == 0 {
			add("stream %s sent nothing", s.Name)
		}
	}
	return all
}

// coverageDoubts tells which ends no traffic would have noticed. Of a stream of
// long requests an answer shortly before the end is not enough.
func coverageDoubts(ended []*account, t *traffic, away away) []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for _, s := range t.streams {
		switch {
		case s.kind.Long():
			if missed := podsOf(ended, func(e *account) bool { return e.wasReady && !e.metLong(s) }); len(missed) > 0 {
				missing, tooShort := longWords(s)
				add("stream %s had no %s when the end of %s began: %s, so that a URL that takes longer or a higher rate is needed",
					s.Name, missing, list(missed), tooShort)
			}
		case s.podsNamed:
			missed := func(e *account) bool { return e.wasReady && !e.covered[s.Name] }
			if few := podsOf(ended, func(e *account) bool { return missed(e) && !away.from(e) }); len(few) > 0 {
				add("stream %s had no request answered by %s shortly before its end: more rate or a larger pool is needed",
					s.Name, list(few))
			}
			if far := podsOf(ended, func(e *account) bool { return missed(e) && away.from(e) }); len(far) > 0 {
				add("stream %s had no request answered by %s shortly before its end: %s", s.Name, list(far), away.why)
			}
		}
	}
	return all
}

// longWords tell what a stream of long requests had none of, and what did not last
// long enough.
func longWords(s *streamTally) (missing, tooShort string) {
	where := "any pod"
	if s.podsNamed {
		where = "the pod"
	}
	took := text.Coarse(max(s.longestPart, time.Millisecond)) // it is a bound
	missing, tooShort = "request under way in "+where, "its requests took "+took+" at most"
	if s.kind == check.Streaming {
		missing, tooShort = "answer on its way from "+where, "reading one took "+took+" at most"
	}
	if s.OK == 0 {
		tooShort = "none was answered"
	}
	return missing, tooShort
}
