package experiment

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// What a run is held to stands in its plan.
func TestWhatARunIsHeldTo(t *testing.T) {
	second := check.Duration(time.Second)
	plain := check.Stream{Name: "a"}
	for name, tt := range map[string]struct {
		check check.Check
		want  []string
	}{
		"the defaults": {check.Check{Streams: []check.Stream{plain}}, []string{"budget: no request may fail"}},
		"some": {
			check.Check{Budget: check.Budget{Failed: 3, Maskable: 1}},
			[]string{"budget: 3 requests may fail, 1 more where a client that replays would have hidden it, 0 may stay without an explanation"},
		},
		"a proof": {
			check.Check{Prove: &check.Prove{}},
			[]string{"budget: beside what ends of pods lose, which is for the proof to judge, no request may fail"},
		},
		"of streams": {
			check.Check{
				Streams: []check.Stream{plain, {Name: "b", Budget: &check.StreamBudget{Failed: new(1), P99: 2 * second}}},
				Budget:  check.Budget{Failed: 9, P99: second, Max: 5 * second},
			},
			[]string{
				"budget: 9 requests may fail, 0 more where a client that replays would have hidden it, 0 may stay without an explanation",
				"budget of stream a: 99 of 100 answers have to come within 1s; all answers have to come within 5s",
				"budget of stream b: 1 request may fail; 99 of 100 answers have to come within 2s; all answers have to come within 5s",
			},
		},
		"of a stream that shares what is maskable": {
			check.Check{
				Streams: []check.Stream{plain, {Name: "b", Budget: &check.StreamBudget{Failed: new(1)}}, {Name: "c", Budget: &check.StreamBudget{Unattributed: new(0)}}},
				Budget:  check.Budget{Failed: 5, Maskable: 3},
			},
			[]string{
				"budget: 5 requests may fail, 3 more where a client that replays would have hidden it, 0 may stay without an explanation",
				"budget of stream b: 1 request may fail, 3 more where a client that replays would have hidden it",
				"budget of stream c: 0 may stay without an explanation",
			},
		},
		"a time": {
			check.Check{Budget: check.Budget{Outlasts: 20 * second}},
			[]string{"budget: no request may fail", "budget: each pod that ends has to go on answering on its own address for 20s after it has left its EndpointSlice"},
		},
		"a path": {
			check.Check{Budget: check.Budget{Path: "agic"}},
			[]string{"budget: no request may fail", "budget: each pod that ends has to go on answering on its own address for 40s after it has left its EndpointSlice, as an Azure Application Gateway needs it"},
		},
	} {
		if got := judged(tt.check); !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, tt.want)
		}
	}
}

func TestWhichAnswersCount(t *testing.T) {
	for want, s := range map[string]check.Stream{
		"status 200 to 399": {},
		"status 200 or 404": {ExpectStatus: []int{200, 404}},
		`status 200 to 399 and a body that contains "\"ok\""`:                                       {ExpectBody: &check.ExpectBody{Contains: `"ok"`}},
		`status 204 and a body that matches "^\\["`:                                                 {ExpectStatus: []int{204}, ExpectBody: &check.ExpectBody{Matches: `^\[`}},
		"grpc-status OK or NOT_FOUND":                                                               {GRPC: &check.GRPC{ExpectCodes: []check.GRPCCode{"OK", "NOT_FOUND"}}},
		`status 200 to 399 and a body that contains "` + strings.Repeat("x", longestQuote-1) + `…"`: {ExpectBody: &check.ExpectBody{Contains: strings.Repeat("x", check.ExpectBodyBytes)}},
	} {
		if got := answers(s); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

// The plan has both, in their places.
func TestThePlanSaysWhatIsJudged(t *testing.T) {
	s := newScene(t, nil)
	cfg := s.config(scaleToOne)
	cfg.Check.Streams[0].ExpectBody = &check.ExpectBody{Contains: "ok"}
	steps, err := Plan(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	sends := slices.IndexFunc(steps, func(step string) bool {
		return strings.HasPrefix(step, "send ") && strings.HasSuffix(step, `; what counts as answered has status 200 to 399 and a body that contains "ok"`)
	})
	budget := slices.Index(steps, "budget: no request may fail")
	takes := slices.IndexFunc(steps, func(step string) bool { return strings.HasPrefix(step, "takes ") })
	if sends < 0 || budget < sends || takes < budget {
		t.Errorf("%q", steps)
	}
}
