package analysis

import (
	"cmp"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// failuresExamined bounds how many failed requests are kept whole. Beyond it
// they are counted, as unattributed.
const failuresExamined = 100_000

func (p *pass) take(s *recording.Sample, tally *streamTally) {
	tally.redirects.take(s) // whoever it names
	p.dialled(s)
	s = p.played.naming(p.fromBehind(s), p.pods)
	p.last = later(p.last, s.EndAt())
	tally.Sent++
	if !s.Fresh() {
		tally.onKept++
	}
	p.senders.take(s)
	tally.series.take(s)
	tally.sends.take(s)
	recordIn(tally.lateness, s.Sent)
	p.lookups.take(s)
	baseline := p.run.inBaseline(s.SentAt())
	if baseline {
		p.baselineSent++
	}
	if s.Pod != "" {
		p.podsNamed, tally.podsNamed, p.otherName = true, true, cmp.Or(p.otherName, s.Pod)
	}
	p.keeps = p.keeps || !s.Fresh()
	frontend := p.frontends.take(s)
	// A proxy chooses a pod for each request, also on the client's kept connection.
	if p.played == nil && (s.Fresh() || p.frontends.told || frontend.proxy()) && (s.Outcome == recording.OK || s.Outcome == recording.Failed) {
		p.rotation.take(freshConnection{sender: s.Sender, sent: s.DialledAt(), ok: s.Outcome == recording.OK, pod: s.Pod})
	}
	switch s.Outcome {
	case recording.OK:
		p.answer(s, tally)
	case recording.Failed:
		tally.Failed++
		if s.Class.Answered() {
			tally.longestAnswer = max(tally.longestAnswer, s.End-begun(s))
		}
		if s.Maskable {
			tally.Maskable++
		}
		if len(p.failures) < failuresExamined {
			p.failures = append(p.failures, &failure{Sample: *s, baseline: baseline, traceID: p.traceID(s), before: p.carriers.failed(s)})
			break
		}
		tally.unexamined++
		if baseline {
			p.baselineUnexamined++
		}
	case recording.ClientFault:
		tally.Client++
		tally.clientErrors.take(s.Error)
	case recording.Unfinished:
		tally.Unfinished++
	}
}

func (p *pass) answer(s *recording.Sample, tally *streamTally) {
	tally.OK++
	p.carriers.answered(s)
	recordIn(tally.latency, s.End)
	if tally.bounds != nil {
		tally.bounds.take(s, covered(p.disturbed, s.Scheduled), p.stalls)
	}
	tally.maximum = max(tally.maximum, s.End)
	recordIn(tally.took, s.End-begun(s))
	tally.longest = max(tally.longest, s.End-begun(s))
	tally.longestAnswer = max(tally.longestAnswer, s.End-begun(s))
	if dial := s.Acquired - max(s.Sent, s.Resolved); s.Fresh() && s.Acquired != recording.NotReached {
		recordIn(p.dials, dial)
		if p.roundTrip == 0 || dial < p.roundTrip {
			p.roundTrip = dial
		}
	}
	uid := ""
	if pod := p.pods.named(s.Pod, s.EndAt()); pod != nil {
		p.answering[pod.number].answered(s)
		uid = pod.uid
	}
	if from, to, ok := longPart(tally.kind, s); ok {
		tally.longestPart = max(tally.longestPart, to.Sub(from))
		for _, e := range p.onsets.during(from, to) {
			p.servings[e.number].underWay.add(s.Stream, e.UID == uid)
		}
	}
}

// fromBehind is the sample without the names of pods that are not the workload's, where
// those of another service answer on purpose: they do not end, and a connection to one
// of them may hang on any of the workload's.
func (p *pass) fromBehind(s *recording.Sample) *recording.Sample {
	if !p.front {
		return s
	}
	known := *s
	for _, name := range []*string{&known.Pod, &known.ConnPod} {
		if *name != "" && p.pods.named(*name, s.EndAt()) == nil {
			*name = ""
		}
	}
	return &known
}

func (p *pass) traceID(s *recording.Sample) string {
	if p.traceBase == (recording.TraceBase{}) {
		return ""
	}
	return p.traceBase.Traces(s.Stream).ID(s.Seq).String()
}
