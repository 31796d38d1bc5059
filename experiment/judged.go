package experiment

import (
	"fmt"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
)

// longestQuote bounds what the plan shows of a text that answers have to hold, in characters.
const longestQuote = 60

// answers says which answers of a stream count as such.
func answers(s check.Stream) string {
	if s.GRPC != nil {
		var codes []string
		for _, code := range s.GRPC.ExpectCodes {
			codes = append(codes, string(code))
		}
		return "grpc-status " + strings.Join(codes, " or ")
	}
	status := "status 200 to 399"
	if len(s.ExpectStatus) > 0 {
		status = "status " + strings.ReplaceAll(strings.Trim(fmt.Sprint(s.ExpectStatus), "[]"), " ", " or ")
	}
	switch body := s.ExpectBody; {
	case body == nil:
		return status
	case body.Matches != "":
		return fmt.Sprintf("%s and a body that matches %q", status, text.Clip(body.Matches, longestQuote))
	default:
		return fmt.Sprintf("%s and a body that contains %q", status, text.Clip(body.Contains, longestQuote))
	}
}

// judged says what the run of a check is held to, one line for each bound.
func judged(c check.Check) []string {
	all := "no request may fail"
	if b := c.Budget; b.Failed != 0 || b.Maskable != 0 || b.Unattributed != 0 {
		all = tolerated(&b.Failed, &b.Maskable, &b.Unattributed)
	}
	if c.Prove != nil {
		all = "beside what ends of pods lose, which is for the proof to judge, " + all
	}
	lines := []string{"budget: " + all}
	for _, s := range c.Streams {
		var own []string
		if b := s.Budget; b != nil && (b.Failed != nil || b.Maskable != nil || b.Unattributed != nil) {
			maskable := b.Maskable
			if held := b.Beside(c.Budget); b.Failed != nil && held.Maskable > 0 {
				maskable = &held.Maskable
			}
			own = append(own, tolerated(b.Failed, maskable, b.Unattributed))
		}
		for _, bound := range c.Budget.LatencyBounds(s) {
			share := fmt.Sprintf("%d of 100 answers", bound.Quantile.Percent())
			if bound.Quantile == check.Max {
				share = "all answers"
			}
			own = append(own, fmt.Sprintf("%s have to come within %s", share, bound.Within))
		}
		if len(own) > 0 {
			lines = append(lines, fmt.Sprintf("budget of stream %s: %s", s.Name, strings.Join(own, "; ")))
		}
	}
	if need, path := c.Budget.Needed(); need > 0 {
		why := ""
		if path.Name != "" {
			why = ", as " + path.Title + " needs it"
		}
		lines = append(lines, fmt.Sprintf("budget: each pod that ends has to go on answering on its own address for %s after it has left its EndpointSlice%s", need, why))
	}
	return lines
}

// tolerated tells how many failures are let pass; nil is no bound of its own.
func tolerated(failed, maskable, unattributed *int) string {
	var parts []string
	if failed != nil {
		parts = append(parts, fmt.Sprintf("%s may fail", text.Count(*failed, "request")))
	}
	if maskable != nil {
		parts = append(parts, fmt.Sprintf("%d more where a client that replays would have hidden it", *maskable))
	}
	if unattributed != nil {
		parts = append(parts, fmt.Sprintf("%d may stay without an explanation", *unattributed))
	}
	return strings.Join(parts, ", ")
}
