package analysis

import (
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// redirecting turns the unnamed answers of these streams into redirects, as whatever stands
// in front of the pods makes them.
func (s *scenario) redirecting(status int, streams ...string) *scenario {
	for i := range s.samples {
		for _, stream := range streams {
			if s.samples[i].Stream == stream {
				s.samples[i].Status = status
			}
		}
	}
	return s
}

// Redirects show that a pod was asked only where nobody else can have made them.
func TestRedirectsAloneProveNothing(t *testing.T) {
	const (
		both = "all answers of streams short-new, short-reused were redirects (308), which an ingress or a proxy that authenticates makes without asking a pod: " +
			"nothing shows that these requests reached one. Want the URL that they lead to, https for one (a redirect is not followed), with what it takes to be let in; " +
			"or, if the workload itself answers so, that status in streams[].expectStatus"
		oneStream = "all answers of stream short-new were redirects (302), "
		two       = "all answers of streams short-new, short-reused were redirects (302, 308), "
	)
	all := []string{"short-new", "short-reused"}
	unnamed := func() *scenario {
		return newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil).steady(12*second).unnamed(0, 30*second)
	}
	for name, tt := range map[string]struct {
		of   *scenario
		want report.Verdict
		says string
		seen []string // the streams that would have seen an outage
	}{
		"both streams":       {unnamed().redirecting(308, all...), report.Inconclusive, both, nil},
		"one of them":        {unnamed().redirecting(302, "short-new"), report.Inconclusive, oneStream, all[1:]},
		"by two statuses":    {unnamed().redirecting(308, all[0]).redirecting(302, all[1]), report.Inconclusive, two, nil},
		"one other answer":   {unnamed().redirecting(308, all...).request(request{sent: 30 * second}).request(request{stream: "short-reused", sent: 30 * second}), report.Passed, "", all},
		"not modified":       {unnamed().redirecting(304, all...), report.Passed, "", all},
		"no redirects":       {unnamed(), report.Passed, "", all},
		"they name the pods": {sound().redirecting(308, all...), report.Passed, "", all},
		"the URL leads straight to the pods": {func() *scenario {
			s := unnamed().redirecting(302, all...)
			s.header.Workload.ServesURL = true
			return s
		}(), report.Passed, "", all},
		"the check expects them": {func() *scenario {
			s := unnamed().redirecting(302, all...)
			for i := range s.header.Check.Streams {
				s.header.Check.Streams[i].ExpectStatus = []int{302}
			}
			return s
		}(), report.Passed, "", all},
		"what was lost at an end stands": {
			newScenario().pod("web-1", abrupt()).pod("web-2", nil).pod("web-3", nil).steady(12*second).unnamed(0, 30*second).redirecting(308, all...).request(refused),
			report.Failed, both, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			rep := tt.of.analyze(t)
			doubts := strings.Join(rep.Validity.Doubts, "; ")
			if rep.Verdict != tt.want || !strings.HasPrefix(doubts, tt.says) || (doubts == "") != (tt.says == "") || tt.says == both && doubts != both {
				t.Errorf("%s, doubts %q, want %s, %q", rep.Verdict, doubts, tt.want, tt.says)
			}
			if len(rep.Power) != len(tt.seen) {
				t.Errorf("outages would have been seen by %v, want %v", rep.Power, tt.seen)
			}
			for _, stream := range tt.seen {
				if rep.Power[stream] == 0 {
					t.Errorf("no outage would have been seen by %s", stream)
				}
			}
		})
	}
}
