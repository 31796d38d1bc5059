package analysis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// slowSlice is later than the slices follow a deletion where the control plane keeps up:
// 14 ms were measured, and where the controller's view is stale it tries again after a
// second (kubernetes pkg/controller/endpointslice, defaultSyncBackOff).
const slowSlice = 3 * time.Second

// lateSlices tells of pods whose end the slices followed late. Both moments are
// arrivals here, of watches that had no gap.
func lateSlices(ended []*account, endpoints *endpoints, gaps []recording.Gap) []report.Warning {
	var names []string
	var most time.Duration
	for _, t := range ended {
		followed, known := endpoints.followed(t.UID)
		if t.Container != "" || !t.Seen.Known() || !known || followed.Sub(t.Seen.From) < slowSlice {
			continue
		}
		if slices.ContainsFunc(gaps, func(g recording.Gap) bool { return !g.To.Before(t.Seen.From) && !g.From.After(followed) }) {
			continue
		}
		names, most = append(names, t.Pod), max(most, followed.Sub(t.Seen.From))
	}
	if len(names) == 0 {
		return nil
	}
	return []report.Warning{{Text: fmt.Sprintf("the EndpointSlice followed the end of %s up to %s late, where a control plane that keeps up takes milliseconds: "+
		"until then every proxy sends to a pod that is ending, and a preStop sleep has to last as much longer", list(names), text.Coarse(most))}}
}

// warn lists what a passing run should not be silent about: first what the check
// itself gives up, what preflight noticed, what others have put back and what could not
// be put back, then the weaknesses that cost nothing.
func (l *learned) warn(findings []report.Finding) []report.Warning {
	t := l.traffic
	var all []report.Warning
	if secure := l.Header.Check.Target.TLS; secure != nil && secure.InsecureSkipVerify {
		all = append(all, report.Warning{Text: "certificates were not verified (insecureSkipVerify): whether clients that verify them would have been answered is not known"})
	}
	for _, noticed := range l.Header.Workload.Warnings {
		all = append(all, report.Warning{Text: noticed})
	}
	for _, did := range l.run.takenBack {
		all = append(all, report.Warning{Text: did + ", before the run did"})
	}
	for _, failed := range l.run.restoreFailed {
		all = append(all, report.Warning{Text: "not put back: " + failed})
	}
	all = append(all, driftWarnings(l.senders)...)
	all = append(all, t.lookups.warnings(l.starved, t.whoSent())...)
	all = append(all, portsShared(l.Ending)...)
	all = append(all, neverReused(t)...)
	all = append(all, spokeGRPC(t, l.Ending)...)
	if !l.starved {
		all = append(all, lateSlices(l.ended, l.endpoints, gaps(&l.Events))...)
	}
	all = append(all, weaknesses(l.ended, t, findings, spokenIn(l.Header.Check.Streams), t.keptUnderWay(l.Header.Began, l.endpoints.most), l.starved)...)
	all = append(all, nobodyReady(l.run, t, l.endpoints, findings)...)
	all = append(all, otherEndpointsWarning(l.others, l.Header.Check.Workload.String())...)
	header, service := l.Header.Check.Target.PodHeader, l.Header.Check.Target.Service
	switch {
	case len(l.ended) == 0 && !slices.ContainsFunc(findings, func(f report.Finding) bool { return f.Cause.Explains() }):
		// Names would have told of ends, or of what failed, and there is neither.
	case l.Header.Workload.Front(service):
		all = append(all, report.Warning{Text: "answers come from the pods of service " + service + ", not from those that ended: whether each of these carried traffic could not be checked"})
	case t.otherName != "" && l.Header.Workload.ServesURL:
		all = append(all, report.Warning{Text: "answers name pods to which the workload passes requests on (" + t.otherName + " for one): whether each ended pod carried traffic could not be checked"})
	case !t.podsNamed && t.otherName == "" && slices.ContainsFunc(t.streams, func(s *streamTally) bool { return s.OK > 0 }):
		all = append(all, report.Warning{Text: unnamed(header)})
	}
	const proxied = "a layer-7 proxy stands in front of the pods. Which pod failed a request is told by times or by the answer, and what the proxy sent again is not seen"
	switch {
	case l.Header.Check.Target.Proxy:
		all = append(all, report.Warning{Text: "the check says that " + proxied})
	case len(l.Header.Workload.ForeignServices) > 0:
		all = append(all, report.Warning{Text: "connections lead to pods of service " + strings.Join(l.Header.Workload.ForeignServices, ", ") +
			", not to the workload's: which of these failed a request is told by times or by the answer, and what was sent again on the way is not seen"})
	case t.frontends.found():
		all = append(all, report.Warning{Text: "answers of several pods came on one connection: " + proxied})
	}
	return all
}

// portsShared tells of connections for which no local port was left that had rested for
// as long as connection tracking remembers one.
func portsShared(ending *recording.Ending) []report.Warning {
	if ending == nil || ending.Client == nil || ending.Client.PortsByKernel == 0 {
		return nil
	}
	return []report.Warning{{Text: fmt.Sprintf("%s had no local port left that had not been used shortly before: connection tracking may lead such to a pod that has gone, which many clients would hardly ever meet. "+
		"Send less on new connections, or from more nodes (--senders)", text.Count(int(ending.Client.PortsByKernel), "new connection"))}}
}

// neverReused tells of streams whose connections were to carry several requests and never
// did: what the ends of pods do to those that clients keep was not put to the test.
func neverReused(t *traffic) []report.Warning {
	var names []string
	for _, s := range t.streams {
		if s.reusedNone() && s.OK > 0 {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []report.Warning{{Text: fmt.Sprintf("no connection of %s was ever used again: the service closes each after one answer, or had closed it by the time of the next. "+
		"In the latter case what the ends of pods do to connections that clients keep was not put to the test: raise the rate, or keep fewer connections (pool), so that each is used again before the service's idle timeout ends", list(names))}}
}

// spokeGRPC tells of streams to a server of gRPC.
func spokeGRPC(t *traffic, ending *recording.Ending) []report.Warning {
	var names []string
	for _, s := range t.streams {
		if endOf(ending, s.Name).GRPC {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []report.Warning{{Text: fmt.Sprintf("answers of %s are those of gRPC, and were judged by their grpc-status, too. But a stream of plain HTTP is no check of gRPC: "+
		"its calls have messages and trailers, and what their clients send again without asking is another thing. Make each a stream of kind: grpc", list(names))}}
}

// shortEmptiness is for how long slices may be without a ready endpoint for no other reason
// than that several of them change one after the other.
const shortEmptiness = 100 * time.Millisecond

// nobodyReady tells of a time in which no pod was ready and all requests were answered all
// the same, by pods that were ending.
func nobodyReady(run *run, t *traffic, endpoints *endpoints, findings []report.Finding) []report.Warning {
	empty := endpoints.emptyFor(run.baseline.to, t.last)
	if len(findings) > 0 || run.baseline.to.IsZero() || empty < shortEmptiness {
		return nil
	}
	return []report.Warning{{Cause: report.NoCapacity, Text: fmt.Sprintf("no pod was ready in the EndpointSlice for %s: what came was answered by pods that were ending, for as long as their preStop hooks and drains last. "+
		"New pods that take longer to start leave nobody to answer", text.Coarse(empty))}}
}

// drift is how far a sender's clock may be off without a word. Comparisons of times from
// different processes allow for several times that.
const drift = 10 * time.Millisecond

// driftWarnings tells of senders whose clocks were off.
func driftWarnings(senders []*sender) []report.Warning {
	var all []report.Warning
	for _, s := range senders {
		if off := s.clock.off(); off > drift {
			all = append(all, report.Warning{Text: fmt.Sprintf("the clock of sender %s on node %s was off by %s: its requests have their times by that clock, so that which of a pod's moments they met is known less well",
				s.Pod, s.Node, text.Coarse(off))})
		}
	}
	return all
}

// unnamed tells what is not known of answers without their pods' names, and how to have
// them.
func unnamed(header string) string {
	read := "no header is read"
	if header != "" {
		read = "header " + header
	}
	return "answers do not name their pod (" + read + "): causes rest on times rather than names, and whether each ended pod carried traffic could not be checked. " +
		"Have each answer bear its pod's name in a header (docs/checks.md, \"The header that names the pod\")"
}

// weaknesses lists those that cost no request this time. A cause that a
// finding blames already is not warned of. The times of a starved run are no measure.
func weaknesses(ended []*account, traffic *traffic, findings []report.Finding, spoken spoken, perEnd float64, starved bool) []report.Warning {
	blamed := map[report.Cause]bool{}
	for i := range findings {
		blamed[findings[i].Cause] = true
	}
	var all []report.Warning
	warn := func(cause report.Cause, weak func(*account) bool, format string, args ...any) {
		if names := podsOf(ended, weak); len(names) > 0 && !blamed[cause] {
			all = append(all, report.Warning{Cause: cause, Text: list(names) + " " + fmt.Sprintf(format, args...)})
		}
	}
	stays := staysOf(ended, traffic)
	// What its exit, or its letting go, has cost is a finding's.
	stayed := func(as stay) func(*account) bool {
		return func(t *account) bool {
			why, outlasted := stays[t]
			return outlasted && why == as && !t.exitCost && (as != unclear || !t.cutAlive)
		}
	}
	signal, change := stopSignals(ended), ""
	if unhandled(signal) {
		change = ". " + insteadOfSigterm(signal)
	}
	warn(report.SigtermIgnored, stayed(ignoring),
		"took no notice of %s and had to be killed when the grace period ended, although no request was lost to it", signal)
	warn(report.SigtermIgnored, stayed(idle),
		"took no notice of %s, or did not end after it: with nothing left to answer it had to be killed when the grace period ended. Which of the two is not known%s", signal, change)
	warn(report.KeepaliveOutlastsGrace, stayed(servesKept),
		"went on serving kept-alive connections until the grace period ended and had to be killed, although no request was lost to it: "+
			"after %s a program has to %s", signal, spoken.hasTo())
	warn(report.GraceTooShort, stayed(working),
		"still ran when the grace period ended and had to be killed, although no request was lost to it")
	warn(report.GraceTooShort, stayed(unclear),
		"still ran when the grace period ended and had to be killed, although no request was lost to it. Whether it had noticed %s is not known", signal)
	warn(report.PrestopEatsGrace, func(t *account) bool { return t.orderly() && t.eatenByPreStop() },
		"still ran when the grace period ended and had to be killed: the preStop hook had used up almost all of it")
	short := func(t *account) bool {
		return !starved && !t.killed() && t.orderly() && t.exitedWithin(report.NearDeadline)
	}
	warn(report.PrestopEatsGrace, func(t *account) bool { return short(t) && t.hookIsLong() },
		"exited less than %s before the grace period ended: the preStop hook had used up almost all of it", report.NearDeadline)
	warn(report.GraceTooShort, func(t *account) bool { return short(t) && !t.hookIsLong() },
		"exited less than %s before the grace period ended", report.NearDeadline)
	lag, margin, spare, senders := traffic.played.usualLag(), smallMargin, time.Duration(0), "proxies may"
	if traffic.played != nil {
		spare = report.LagMargin // as in a finding's fix
		margin, senders = lag+smallMargin, "a balancer such as was played ("+traffic.played.String()+") may"
	}
	soon, measurable := fmt.Sprintf("less than %s after leaving the EndpointSlice", margin), func(*account) bool { return true }
	if starved {
		soon, measurable = "without a preStop hook before it", func(t *account) bool { return t.PreStop == recording.PreStopNone }
	}
	early := func(t *account) bool {
		// One that exits on SIGTERM has a fix already that includes the sleep, and one
		// that kept accepting needs none.
		return measurable(t) && !blamed[report.NoDrain] && !t.keptAccepting(lag) && !t.killed() && t.orderly() && t.wasReady && !t.published && t.signalledWithin(margin)
	}
	// Asked on its own address it shows itself for how long it goes on. While it answers with
	// errors it takes requests still.
	seenShort := func(t *account) bool {
		until := t.window.answers.to
		if t.window.ended == report.WindowError {
			until = t.window.accepts.to
		}
		return t.LeftSlice.Known() && !until.IsZero() && until.Sub(t.LeftSlice.From) < margin
	}
	seenLong := func(t *account) bool {
		least, _ := t.outlasts()
		return least != nil && time.Duration(*least) >= margin
	}
	warn(report.ListenerClosedEarly, func(t *account) bool {
		return seenShort(t) && !starved && !blamed[report.NoDrain] && !t.killed() && t.orderly() && t.wasReady && !t.published
	}, "stopped answering on new connections less than %s after leaving the EndpointSlice, while %s still send requests: a program has to go on accepting for longer, or its pod needs a preStop sleep%s", margin, senders, change)
	warn(report.ListenerClosedEarly, func(t *account) bool { return early(t) && !seenShort(t) && !seenLong(t) },
		"got %s %s, while %s still send requests: only a program that keeps accepting then is safe, or a preStop sleep%s", signal, soon, senders, change)
	all = append(all, failedHooks(ended)...)
	if untested := untestedDrains(ended, traffic.longest(), lag, spare, starved); untested != nil && !blamed[report.NoDrain] {
		all = append(all, *untested)
	} else if untested := untestedKept(ended, perEnd); untested != nil && !blamed[report.NoDrain] && !blamed[report.KeepaliveCut] {
		all = append(all, *untested)
	}
	told := map[string]bool{}
	warn(report.Restarted, func(t *account) bool {
		told[t.UID] = told[t.UID] || t.restarted() && !t.OutOfService
		return told[t.UID]
	}, "had a container that ended or was restarted during the run, although no request was lost to it")
	warn(report.Restarted, func(t *account) bool { return t.restarted() && !told[t.UID] },
		"had a container that ended or was restarted before requests could come to the pod: none can be lost to that, but the pod became Ready the later for it")
	return all
}

// stopSignals names the signal that the pods get.
func stopSignals(ended []*account) string {
	signals := map[string]bool{}
	for _, t := range ended {
		signals[t.signal()] = true
	}
	return sharedSignal(signals)
}

// failedHooks tells of hooks that failed, whatever came of that.
func failedHooks(ended []*account) []report.Warning {
	names := podsOf(ended, func(t *account) bool { return t.PreStopFailed.Known() })
	if len(names) == 0 {
		return nil
	}
	return []report.Warning{{Text: list(names) + " had a preStop hook that failed (event FailedPreStopHook): the stop signal came as soon as that. " +
		"Is the hook's program, or its shell, in the image?"}}
}
