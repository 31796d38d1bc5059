package analysis

import (
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A heading that says between SIGTERM and exit does not go on with a time before SIGTERM.
func TestTheTimeOfAFindingLiesInItsPart(t *testing.T) {
	refused := func(sent, took time.Duration) request {
		return request{sent: sent, took: took, phase: recording.PhaseDial, class: recording.ClassRefused}
	}
	const between = "between SIGTERM and exit"
	for name, tt := range map[string]struct {
		lost []request
		part string
		want *report.Span
	}{
		"sent before it, refused after it": {[]request{refused(6180*ms, 100*ms)}, between, nil},
		"one of them":                      {[]request{refused(6180*ms, 100*ms), refused(6500*ms, ms)}, between, &report.Span{To: report.Duration(250 * ms)}},
		"both after it":                    {[]request{refused(6400*ms, ms), refused(6500*ms, ms)}, between, &report.Span{From: report.Duration(150 * ms), To: report.Duration(250 * ms)}},
	} {
		t.Run(name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil))
			for _, r := range tt.lost {
				s.request(r)
			}
			rep := s.analyze(t)
			if len(rep.Findings) != 1 || rep.Findings[0].Phase != tt.part {
				t.Fatal(summary(rep))
			}
			got := rep.Findings[0].SinceSigterm
			if (got == nil) != (tt.want == nil) || got != nil && *got != *tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	if got := inPart(&report.Span{From: -2, To: -1}, beforeSigterm); got == nil || got.From != -2 {
		t.Errorf("before SIGTERM: %v", got)
	}
}
