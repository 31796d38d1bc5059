package analysis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/shell"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// withoutAnswer tells of a failure in which nothing came back that says who was asked. Where a service has no endpoint kube-proxy rejects a connection, so that it is
// refused (kubernetes pkg/proxy/iptables, "has no endpoints"); a proxy before it that has
// accepted by then, as docker-proxy of kind, closes or resets it.
// One that has taken a request and is slow is somebody.
func withoutAnswer(f *explained) bool {
	switch f.Class {
	case recording.ClassRefused, recording.ClassReset, recording.ClassEOF, recording.ClassUnreachable:
		return true
	case recording.ClassTimeout:
		return f.Phase == recording.PhaseDial
	default:
		return false
	}
}

// unanswered says that nothing answers where the requests went, if the whole baseline
// failed so, and where to look; empty if not.
func unanswered(r *recording.Recording, baselineFailed []*explained, validity *report.Validity, endpoints *endpoints) string {
	if sent := validity.Baseline.Sent; sent == 0 || len(baselineFailed) < sent ||
		slices.ContainsFunc(baselineFailed, func(f *explained) bool { return !withoutAnswer(f) }) {
		return ""
	}
	w, all := &r.Header.Workload, "kubectl get services,endpointslices -n %s"
	if endpoints.seen && len(endpoints.spans) == 0 && len(validity.Gaps) == 0 && len(w.Services) > 0 {
		return fmt.Sprintf("Nothing answers there: service %s has no ready endpoint. See: %s", strings.Join(w.Services, ", "), shell.Line(all, r.Header.Namespace))
	}
	return "Nothing answers there. Are scheme, host and port right? See: " + shell.Line(all, r.Header.Namespace)
}

// leadingThere gives the findings; where nobody answered those without a claim lead there,
// too.
func leadingThere(findings []report.Finding, nobody string) []report.Finding {
	if nobody == "" {
		return findings
	}
	led := slices.Clone(findings)
	for i := range led {
		if led[i].Cause == report.Unknown {
			led[i].Fix = report.Fix{Text: nobody}
		}
	}
	return led
}
