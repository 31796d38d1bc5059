package analysis

import (
	"fmt"
	"maps"
	"slices"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// eitherEvidence tells of requests of which neither their age nor what else a pod lost says
// whether it was at work on them; empty where there were none.
func eitherEvidence(members []*explained) string {
	either := slices.DeleteFunc(slices.Clone(members), func(f *explained) bool { return f.confidence != report.Possible || !f.undecided() })
	if len(either) == 0 {
		return ""
	}
	return fmt.Sprintf("%s ended with the pod on a kept connection after %s at most: whether the pod was at work on it (no-drain), or closed the connection as idle just as it came (keepalive-cut), is not known",
		text.Count(len(either), "request"), text.Coarse(oldest(either)))
}

// gatewayEvidence tells of answers of gateways that do not say whether these reached a pod.
// What it would have been otherwise is each time the cause of a request that the same end
// turned away.
func gatewayEvidence(cause report.Cause, members []*explained) []string {
	either := map[report.Cause][]*explained{}
	for _, f := range members {
		if t := f.failedByGateway(); t != nil {
			other := causeOf(loss{manner: turnedAway, end: t.termination, kept: !f.Fresh()})
			either[other] = append(either[other], f)
		}
	}
	var lines []string
	for _, other := range slices.Sorted(maps.Keys(either)) {
		cut, nobody := fmt.Sprintf(" (%s)", cause), fmt.Sprintf(" (%s)", other)
		if other == cause {
			cut, nobody = "", ""
		}
		lines = append(lines, fmt.Sprintf("%s came after the signal, and got an answer as gateways give it after %s at most: whether the pod had the request and cut it%s, or the gateway reached nobody%s, is not known",
			text.Count(len(either[other]), "request"), text.Coarse(oldest(either[other])), cut, nobody))
	}
	return lines
}

// failedByGateway gives the suspect that may have cut the request, where a gateway may as
// well have reached nobody; nil if there is none. An answer of which it is not known whether
// a gateway gave it was laid to an exit as one of a gateway (unansweredBy).
func (f *explained) failedByGateway() *suspect {
	if f.confidence != report.Possible || f.manner != cutAtExit {
		return nil
	}
	answered := f.examined
	if f.gateway == gatewayOrPod {
		answered = f.unanswered()
	}
	if i := slices.IndexFunc(f.suspects, func(t *suspect) bool { return t.gatewayMayHaveFailed(answered) }); i >= 0 {
		return f.suspects[i]
	}
	return nil
}

// proxyEvidence tells of what stood, or may have stood, between the requests and the
// pods.
func proxyEvidence(cause report.Cause, members []*explained) []string {
	var behind, proxied, inferred, possible int
	for _, m := range members {
		switch {
		case cause == report.ErrorsWhileDraining && m.gateway.answered():
			behind++
		case m.gateway == inferredGateway:
			inferred++
		case m.gateway == possibleGateway, m.gateway == gatewayOrPod && cause != report.ErrorsWhileDraining:
			possible++
		case m.proxied:
			proxied++
		}
	}
	var lines []string
	if behind > 0 {
		lines = append(lines, fmt.Sprintf("%s got an answer as gateways give it, which names no pod, when another container of a pod had been told to stop and the one that serves had not ended: that one seems to have given it, and times alone decide", text.Count(behind, "request")))
	}
	if proxied > 0 {
		lines = append(lines, fmt.Sprintf("%s came by way of a layer-7 proxy, whose connections belong to no pod: times decide, or the name in an answer", text.Count(proxied, "request")))
	}
	if inferred > 0 {
		lines = append(lines, fmt.Sprintf("%s got an answer that names no pod where all others do: something in front of the pods seems to have given it, and times alone decide", text.Count(inferred, "request")))
	}
	if possible > 0 {
		lines = append(lines, fmt.Sprintf("%s got an answer as gateways give it; answers here do not always name their pod, so whether a proxy in front of the pods or one of them gave it is not known", text.Count(possible, "request")))
	}
	return lines
}
