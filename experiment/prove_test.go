package experiment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

var fivePercent = check.Prove{LossyEnds: 0.05, Confidence: 0.95, Within: check.Duration(10 * time.Minute)}

// After each round of a minute the run knows whether there is another one.
func TestProvingIsOver(t *testing.T) {
	clean := func(n int) Ends { return Ends{Seen: n, InService: n} }
	for name, tt := range map[string]struct {
		within time.Duration
		// rounds are what each of them has shown, with those before.
		rounds []Ends
		want   string
	}{
		"proven":                {10 * time.Minute, []Ends{clean(20), clean(40), clean(60)}, enoughToProve + ": 0 of 60 ends lost a request"},
		"not yet":               {10 * time.Minute, []Ends{clean(20), clean(40), clean(58)}, ""},
		"just":                  {3 * time.Minute, []Ends{clean(20), clean(40), clean(60)}, enoughToProve + ": 0 of 60 ends lost a request"},
		"no room for a third":   {2*time.Minute + 59*time.Second, []Ends{clean(30), clean(58)}, "no other round: prove.within (2m59s) has no time for it; so far 0 of 58 ends lost a request"},
		"hopeless":              {10 * time.Minute, []Ends{clean(5)}, "no other round: it takes 59 ends, about 12m0s at the speed of the first round (5 in 1m0s), and prove.within is 10m0s"},
		"just hopeful":          {12 * time.Minute, []Ends{clean(5)}, ""},
		"slower than it seemed": {12 * time.Minute, []Ends{clean(5), clean(6)}, ""},
		"nothing met":           {time.Hour, []Ends{{InService: 5}}, "no other round: no end met requests in the first one, and those of more would be no better"},
		"refuted":               {time.Hour, []Ends{{Seen: 3, InService: 3, Lossy: 3, LossyAtLeast: 2}}, enoughToRefute + ": 2 of 3 ends lost a request"},
		"perhaps lossy":         {time.Hour, []Ends{{Seen: 3, InService: 3, Lossy: 3}}, ""},
		"one loss more":         {time.Hour, []Ends{{Seen: 162, InService: 162, Lossy: 1, LossyAtLeast: 1}}, ""},
		"one loss":              {time.Hour, []Ends{{Seen: 163, InService: 163, Lossy: 1, LossyAtLeast: 1}}, enoughToProve + ": 1 of 163 ends lost a request"},
		"a loss may refute it":  {10 * time.Minute, []Ends{{Seen: 5, InService: 5, Lossy: 1, LossyAtLeast: 1}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := fivePercent
			c.Within = check.Duration(tt.within)
			now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
			p := newProving(c, now)
			for i, seen := range tt.rounds {
				now = now.Add(time.Minute)
				want := ""
				if i == len(tt.rounds)-1 {
					want = tt.want
				}
				if got := p.over(seen, now); got != want {
					t.Errorf("round %d: %q, want %q", i+1, got, want)
				}
			}
		})
	}
}

// Whatever the ends show, the run claims nothing of the workload: its report may have doubts,
// or know of more ends.
func TestTheRunItselfClaimsNoProof(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, seen := range map[string]Ends{
		"enough for a proof":      {Seen: 60, InService: 60},
		"enough for a refutation": {Seen: 3, InService: 3, Lossy: 3, LossyAtLeast: 3},
		"too few":                 {Seen: 1, InService: 1},
		"too few, with a loss":    {Seen: 9, InService: 9, Lossy: 1, LossyAtLeast: 1},
		"none":                    {InService: 3},
	} {
		said := newProving(fivePercent, now).over(seen, now.Add(9*time.Minute))
		if said == "" || strings.Contains(said, "proven") || strings.Contains(said, "refuted") {
			t.Errorf("%s: %q", name, said)
		}
	}
}

// What is waited once, until the first round is recorded, is not taken for a part of each.
func TestWaitingIsNoPartOfARound(t *testing.T) {
	for within, want := range map[time.Duration]string{
		240 * time.Second: "", // the wait, and 59 rounds
		239 * time.Second: "no other round: it takes 59 ends, about 3m56s at the speed of the first round (1 in 4s), and prove.within is 3m59s",
	} {
		c := fivePercent
		c.Within = check.Duration(within)
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		p := newProving(c, now)
		p.waited = 4 * time.Second
		if got := p.over(Ends{Seen: 1, InService: 1}, now.Add(8*time.Second)); got != want {
			t.Errorf("%s: %q, want %q", within, got, want)
		}
	}
}

// However small the share and long the round, the estimate does not overflow.
func TestAProofThatTakesCenturies(t *testing.T) {
	c := check.Prove{LossyEnds: 0.0001, Confidence: 0.9999, Within: check.MaxSoak}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	got := newProving(c, now).over(Ends{Seen: 1, InService: 1}, now.Add(40*time.Hour))
	if !strings.HasPrefix(got, "no other round: it takes 9") || !strings.Contains(got, "more than 290 years at the speed of the first round (1 in 40h0m0s)") {
		t.Errorf("got %q", got)
	}
}

// simulated runs rounds of five ends that each lose a request with a probability of share,
// and gives how that ended.
func simulated(random *rand.Rand, share float64) string {
	c := fivePercent
	c.Within = check.Duration(2 * time.Hour)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := newProving(c, now)
	var e Ends
	for {
		for range 5 {
			e.Seen, e.InService = e.Seen+1, e.InService+1
			if random.Float64() < share {
				e.Lossy, e.LossyAtLeast = e.Lossy+1, e.LossyAtLeast+1
			}
		}
		now = now.Add(time.Minute)
		if said := p.over(e, now); said != "" {
			outcome, _, _ := strings.Cut(said, ":")
			return outcome
		}
	}
}

// A service that loses at just as many ends as may be is passed in no more than 5 % of all
// runs, whatever the run has looked at before.
func TestAServiceAtTheLimitIsRarelyPassed(t *testing.T) {
	const runs = 10_000
	random := rand.New(rand.NewPCG(5, 6))
	count := map[string]int{}
	for range runs {
		count[simulated(random, 0.05)]++
	}
	t.Log(count)
	if count[enoughToProve] > runs/20 || count[enoughToRefute] > runs/20 {
		t.Errorf("of %d: %v", runs, count)
	}
}

// One that loses at one end in ten is not passed.
func TestAServiceBeyondTheLimitIsNotPassed(t *testing.T) {
	const runs = 40
	random := rand.New(rand.NewPCG(7, 8))
	count := map[string]int{}
	for range runs {
		count[simulated(random, 0.1)]++
	}
	t.Log(count)
	if count[enoughToProve] > runs/20 {
		t.Errorf("of %d: %v", runs, count)
	}
}

// proves has a run delete pods until what ends tells is enough.
func (s *scene) proves(ends func(context.Context) (Ends, error)) (Config, *strings.Builder) {
	cfg := s.config(check.Disruption{Delete: &check.Delete{Pods: 1}})
	cfg.Check.Prove = new(fivePercent)
	cfg.Ends = ends
	var said strings.Builder
	cfg.Output = &said
	return cfg, &said
}

func TestARunProves(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	before := s.Deployment()
	asked := 0
	cfg, said := s.proves(func(context.Context) (Ends, error) {
		asked++
		n := 25 * asked
		return Ends{Seen: n, InService: n}, nil
	})
	if err := Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	s.isAsBefore(t, before)
	r := s.recorded(t)
	round := []string{"disrupt delete", "steady", "settle delete"}
	wantPhases(t, r, append(append(append([]string{"baseline"}, round...), round...), round...)...)
	// The third time the ends are enough: they are counted once more when all is recorded.
	if asked != 4 || said.String() != enoughToProve+": 0 of 100 ends lost a request\n" || r.Ending.Error != "" {
		t.Errorf("asked %d times, said %q, ended with %q", asked, said, r.Ending.Error)
	}
}

// A loss of the last requests takes a proof back.
func TestAProofIsNotOfWhatIsNotRecordedYet(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	asked := 0
	cfg, said := s.proves(func(context.Context) (Ends, error) {
		asked++
		switch asked {
		case 1:
			return Ends{Seen: 60, InService: 60}, nil
		case 2:
			return Ends{Seen: 60, InService: 60, Lossy: 1, LossyAtLeast: 1}, nil
		default:
			return Ends{Seen: 180, InService: 180, Lossy: 1, LossyAtLeast: 1}, nil
		}
	})
	if err := Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if asked != 4 || said.String() != enoughToProve+": 1 of 180 ends lost a request\n" {
		t.Errorf("asked %d times, said %q", asked, said)
	}
}

// What cannot be proven in time ends after the first round, with all put back.
func TestAProofThatTakesTooLong(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	before := s.Deployment()
	cfg, said := s.proves(func(context.Context) (Ends, error) { return Ends{Seen: 1, InService: 1}, nil })
	cfg.Check.Disruptions = []check.Disruption{scaleToOne}
	cfg.Check.Prove.Within = check.Duration(time.Second)
	if err := Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	s.isAsBefore(t, before)
	r := s.recorded(t)
	wantPhases(t, r, "baseline", "disrupt scale", "restored", "steady", "settle scale")
	if got := said.String(); !strings.HasPrefix(got, "no other round: it takes 59 ends, about ") || strings.Count(got, "\n") != 1 {
		t.Errorf("said %q", got)
	}
}

func TestAProofWithoutACount(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	broken := errors.New("no such recording")
	cfg, _ := s.proves(func(context.Context) (Ends, error) { return Ends{}, broken })
	before := s.Deployment()
	if err := Run(t.Context(), cfg); !errors.Is(err, broken) {
		t.Errorf("the run ended with %v", err)
	}
	s.isAsBefore(t, before)
	cfg.Ends = nil
	if err := Run(t.Context(), cfg); !errors.Is(err, errNoCount) {
		t.Errorf("the run ended with %v", err)
	}
}

// Whoever interrupts the count has interrupted the run.
func TestACountThatIsInterrupted(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cfg, _ := s.proves(func(ctx context.Context) (Ends, error) {
		cancel()
		return Ends{}, ctx.Err()
	})
	if err := Run(ctx, cfg); !errors.Is(err, ErrInterrupted) || strings.Contains(err.Error(), "count") {
		t.Errorf("the run ended with %v", err)
	}
	if r := s.recorded(t); !r.Ending.Interrupted {
		t.Errorf("it ends with %+v", r.Ending)
	}
}

func TestThePlanOfAProof(t *testing.T) {
	s := newScene(t, nil)
	cfg, _ := s.proves(nil)
	cfg.Ends = func(context.Context) (Ends, error) { return Ends{}, nil }
	steps, err := Plan(t.Context(), cfg)
	want := "do all of that again until it is proven or refuted, with 95% confidence, that at most 5% of such ends lose a request (59 ends prove it if none does), for 10m0s at most"
	if err != nil || !strings.Contains(strings.Join(steps, "\n"), want) {
		t.Errorf("%v: %s", err, fmt.Sprintf("%q", steps))
	}
}
