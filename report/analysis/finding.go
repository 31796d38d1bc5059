package analysis

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// The parts of a termination in which a request can fail. Other tools read these names in
// report.json: they say SIGTERM whatever the stop signal is.
const (
	beforeSigterm = "before SIGTERM"
	afterSigterm  = "between SIGTERM and exit"
	whileStopping = "between the beginning of the stop and the exit"
	atExit        = "at the exit"
	afterExit     = "after the exit"
	whileStarting = "before the first answer"
	whileWarming  = "after the first answer"
	whileNew      = "after a new pod was called ready"
	whileAway     = "while its container was away"
	whileEmpty    = "while no pod was ready"
	whileUnknown  = "while the balancer knew no pod"
	noTermination = "outside of any termination"
)

// moment is the time of a failure that tells the most: for a request that was
// in flight when it was cut, for one that reached no pod when it was dialled,
// and for a consequence of another that of the other.
func moment(f *explained) time.Time {
	switch {
	case f.follows != nil:
		return moment(f.follows)
	case causeNamed(f.cause).turnsAway, f.symptom == shutOut:
		return f.DialledAt()
	default:
		return f.EndAt()
	}
}

// part tells in which part of the termination a failure happened. An exit is
// known to the second at best: what may have come after it is told as such.
func part(f *explained) string {
	switch {
	case f.follows != nil:
		return part(f.follows)
	case f.Class == recording.ClassNoBackend:
		return whileUnknown
	case len(f.starting) > 0 && f.warming && f.starting[0].served.IsZero():
		return whileNew
	case len(f.starting) > 0 && f.warming:
		return whileWarming
	case len(f.starting) > 0:
		return whileStarting
	case len(f.suspects) == 0 && f.cause == report.NoCapacity:
		return whileEmpty
	case len(f.suspects) == 0:
		return noTermination
	case f.suspects[0].Container != "":
		return whileAway
	}
	when, ending, signalled := moment(f), false, true
	told := when
	if f.rejected() {
		told = f.EndAt()
	}
	for _, t := range f.suspects {
		if t.Sigterm.Known() && told.Before(t.Sigterm.From.Add(-clockSlack)) {
			return beforeSigterm
		}
		signalled = signalled && (t.signalPlaced() || !t.Sigterm.Known() || when.After(t.Sigterm.To))
		ending = ending || !when.Before(t.exit().From.Add(-clockSlack))
	}
	switch {
	case !ending && !signalled:
		return whileStopping
	case !ending:
		return afterSigterm
	case f.symptom == shutOut || causeNamed(f.cause).turnsAway:
		return afterExit
	default:
		return atExit
	}
}

// sinceSigterm is the time from the signal to the failure's moment, in the bounds of
// what is known of the signal's; not known where that may lie anywhere.
func sinceSigterm(f *explained) (since report.Span, ok bool) {
	if len(f.suspects) != 1 || len(f.starting) > 0 || !f.suspects[0].signalPlaced() {
		return report.Span{}, false
	}
	t := f.suspects[0]
	since.To = *between(t.Sigterm.From, moment(f))
	since.From = since.To
	if !t.signalExact() {
		since.From = *between(t.Sigterm.To, moment(f))
	}
	return since, true
}

// inPart is what lies in the part of the termination of a span that counts from the signal:
// where the signal had come nothing of it lies before. What was refused after it may have
// been sent before, and clocks and bounds leave a little besides. Nil where nothing is left.
func inPart(since *report.Span, part string) *report.Span {
	switch {
	case since == nil || part == beforeSigterm || since.From >= 0:
		return since
	case since.To <= 0:
		return nil
	default:
		return &report.Span{From: 0, To: since.To}
	}
}

type findingKey struct {
	cause report.Cause
	part  string
}

func (f *explained) key() findingKey { return findingKey{f.cause, part(f)} }

// findings gathers the failures that share a cause and a part of the termination,
// the largest number first. Each still lacks its fix.
func findings(failures []*explained, t *traffic) []report.Finding {
	groups := map[findingKey][]*explained{}
	for _, f := range failures {
		groups[f.key()] = append(groups[f.key()], f)
	}
	found := make([]report.Finding, 0, len(groups))
	for key, members := range groups {
		found = append(found, finding(key, members, t))
	}
	slices.SortFunc(found, func(a, b report.Finding) int {
		return cmp.Or(
			cmp.Compare(b.Failed, a.Failed),
			cmp.Compare(place(a.Cause), place(b.Cause)),
			cmp.Compare(a.Phase, b.Phase),
		)
	})
	return found
}

func finding(key findingKey, members []*explained, t *traffic) report.Finding {
	f := report.Finding{
		Cause:      key.cause,
		Says:       strings.ReplaceAll(said(key.cause, members), sigtermName, signalOf(members)),
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
		if t.ofOwnMaking(m.failure) {
			f.OwnMaking++
		}
		for _, name := range m.pods() {
			pods[name] = true
		}
		if since, ok := sinceSigterm(m); ok {
			if f.SinceSigterm == nil {
				f.SinceSigterm = &since
			}
			f.SinceSigterm.From = min(f.SinceSigterm.From, since.From)
			f.SinceSigterm.To = max(f.SinceSigterm.To, since.To)
		}
	}
	f.SinceSigterm = inPart(f.SinceSigterm, key.part)
	f.Streams, f.Pods = sorted(streams), sorted(pods)
	f.Evidence = evidence(key.cause, members)
	if t.played != nil && causeNamed(key.cause).turnsAway {
		f.Evidence = append(f.Evidence, t.played.rule())
	}
	if node, share := t.fromOneNode(members); node != "" {
		f.Node = node
		f.Evidence = append(f.Evidence, nodeEvidence(node, share, key.cause, members, t.played != nil))
	}
	return f
}

// signalOf names the signal that the pods of the failures got.
func signalOf(members []*explained) string {
	signals := map[string]bool{}
	for _, f := range members {
		for _, t := range f.suspects {
			signals[t.signal()] = true
		}
	}
	return sharedSignal(signals)
}

// sharedSignal names the one of a set of signals, if it has one alone.
func sharedSignal(signals map[string]bool) string {
	switch names := sorted(signals); len(names) {
	case 0:
		return sigtermName
	case 1:
		return names[0]
	default:
		return "the stop signal"
	}
}

// said puts the cause into a sentence that is true of all ends of the failures, but for
// the name of their signal.
func said(cause report.Cause, members []*explained) string {
	if cause == report.NoDrain && !slices.ContainsFunc(members, func(f *explained) bool {
		return f.manner != cutByHolder || slices.ContainsFunc(f.suspects, func(t *suspect) bool { return t.mayHaveLetGo(f.examined) })
	}) {
		return "a container that holds the pod's connections ends before the one that serves, with requests in flight"
	}
	if cause == report.NoDrain && slices.ContainsFunc(members, func(f *explained) bool {
		return slices.ContainsFunc(f.suspects, func(t *suspect) bool { return t.killed() })
	}) {
		return "the pod lets go of requests that are in flight at SIGTERM, without answering them"
	}
	if cause == report.NoDrain && slices.ContainsFunc(members, (*explained).endedAlone) {
		return "the pod ends requests after SIGTERM without answering them"
	}
	if cause == report.KeepaliveCut && !slices.ContainsFunc(members, func(f *explained) bool { return !f.unprocessed() }) {
		return "the pod turns away requests on kept-alive connections that clients sent before they knew that it ends"
	}
	if cause == report.NotReadyYet && !slices.ContainsFunc(members, func(f *explained) bool { return !f.warming || f.symptom != wrongAnswer }) {
		return "a new pod is given requests while it still answers some of them with errors"
	}
	return causeNamed(cause).says
}

// sorted lists a set, which in JSON is a list even where it is empty.
func sorted(set map[string]bool) []string {
	names := slices.AppendSeq(make([]string, 0, len(set)), maps.Keys(set))
	slices.Sort(names)
	return names
}

// sharedConfidence is certain where each of the failures is: no word of a finding exceeds
// what its failures carry. Below that it is likely where at least half of them are that or
// more: a single request on a loose end does not weaken a clear case.
func sharedConfidence(members []*explained) report.Confidence {
	if !members[0].cause.Explains() {
		return ""
	}
	certain := countFunc(members, func(f *explained) bool { return f.confidence == report.Certain })
	likely := countFunc(members, func(f *explained) bool { return f.confidence == report.Likely })
	switch {
	case certain == len(members):
		return report.Certain
	case 2*(certain+likely) >= len(members):
		return report.Likely
	default:
		return report.Possible
	}
}
