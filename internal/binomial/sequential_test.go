package binomial

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestNeeds(t *testing.T) {
	tests := []struct {
		limit, confidence float64
		want              []int
	}{
		// With no hit it is the size of a single look, the least n with (1-limit)^n within
		// the error, or one or two more of them.
		{0.05, 0.95, []int{59, 163, 214, 262}},
		{0.05, 0.99, []int{91, 189, 241, 292}},
		{0.01, 0.95, []int{301, 830, 1091, 1340}},
		{0.5, 0.95, []int{5, 10, 13, 16}},
	}
	for _, tt := range tests {
		test := NewTest(tt.limit, tt.confidence)
		var got []int
		for hits := range tt.want {
			got = append(got, test.Needs(hits))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%g at %g: %d, want %d", tt.limit, tt.confidence, got, tt.want)
		}
	}
}

func TestProvesAndRefutes(t *testing.T) {
	tests := []struct {
		hits, draws       int
		proven, disproven bool
	}{
		{0, 0, false, false},
		{0, 58, false, false},
		{0, 59, true, false},
		{1, 162, false, false},
		{1, 163, true, false},
		{1, 1, false, false},
		{2, 2, false, true},
		{5, 100, false, false},
		{20, 100, false, true},
		{1000, 1000, false, true},
		{201, 1_000_000, false, false},
	}
	test := NewTest(0.05, 0.95)
	for _, tt := range tests {
		if got := test.Proves(tt.hits, tt.draws); got != tt.proven {
			t.Errorf("%d of %d prove it: %t", tt.hits, tt.draws, got)
		}
		if got := test.Refutes(tt.hits, tt.draws); got != tt.disproven {
			t.Errorf("%d of %d refute it: %t", tt.hits, tt.draws, got)
		}
	}
}

// Of all samples of a share of just the limit, each looked at after each of its draws, no
// more than the error are told either of the two things that are wrong: that it is proven
// (that the share is below the limit), or refuted.
func TestErrorsOverAllLooks(t *testing.T) {
	for _, tt := range []struct{ limit, confidence float64 }{{0.05, 0.95}, {0.05, 0.99}, {0.2, 0.95}, {0.5, 0.9}, {0.9, 0.95}} {
		const draws = 300
		test := NewTest(tt.limit, tt.confidence)
		for name, told := range map[string]func(hits, draws int) bool{"proven": test.Proves, "refuted": test.Refutes} {
			open, wrong := make([]float64, draws+2), 0.0
			open[0] = 1
			for n := 1; n <= draws; n++ {
				for hits := n; hits > 0; hits-- {
					open[hits] = open[hits]*(1-tt.limit) + open[hits-1]*tt.limit
				}
				open[0] *= 1 - tt.limit
				for hits := range n + 1 {
					if open[hits] > 1e-15 && told(hits, n) {
						wrong, open[hits] = wrong+open[hits], 0
					}
				}
			}
			if wrong > 1-tt.confidence+1e-12 {
				t.Errorf("%g at %g: %s in %g of all samples", tt.limit, tt.confidence, name, wrong)
			}
			if name == "proven" && wrong < 0.5*(1-tt.confidence) {
				t.Errorf("%g at %g: it spends %g of the error only", tt.limit, tt.confidence, wrong)
			}
		}
	}
}

// answers keeps what a test has told.
type answers struct {
	*Test
	known map[[2]int][2]bool
}

func (a *answers) tell(hits, draws int) (proven, refuted bool) {
	told, known := a.known[[2]int{hits, draws}]
	if !known {
		told = [2]bool{a.Proves(hits, draws), a.Refutes(hits, draws)}
		a.known[[2]int{hits, draws}] = told
	}
	return told[0], told[1]
}

func newAnswers(limit, confidence float64) *answers {
	return &answers{NewTest(limit, confidence), map[[2]int][2]bool{}}
}

// sequence asks the test after each round of so many draws of a share, until it answers or
// there is no more time.
func sequence(random *rand.Rand, test *answers, share float64, round, most int) (proven, refuted bool) {
	hits := 0
	for draws := 0; draws < most; {
		for range round {
			draws++
			if random.Float64() < share {
				hits++
			}
		}
		if proven, refuted := test.tell(hits, draws); proven || refuted {
			return proven, refuted
		}
	}
	return false, false
}

// A service that loses at just as many ends as are allowed is passed, and failed, in no more
// than the error of all runs.
func TestALimitThatIsJustMet(t *testing.T) {
	const runs, limit, confidence = 10_000, 0.05, 0.95
	for _, round := range []int{1, 3, 5, 20} {
		random := rand.New(rand.NewPCG(1, uint64(round)))
		test := newAnswers(limit, confidence)
		proofs, refutations := 0, 0
		for range runs {
			proven, refuted := sequence(random, test, limit, round, 400)
			if proven {
				proofs++
			}
			if refuted {
				refutations++
			}
		}
		t.Logf("rounds of %d: %d proven, %d refuted of %d", round, proofs, refutations, runs)
		if proofs > runs/20 || refutations > runs/20 {
			t.Errorf("rounds of %d: %d proven, %d refuted of %d", round, proofs, refutations, runs)
		}
	}
}

// One that loses at one end in ten is not passed, and where the limit is far below that it is
// failed; one that loses at none is passed.
func TestSharesBesideTheLimit(t *testing.T) {
	for _, tt := range []struct {
		limit, share                          float64
		runs                                  int
		leastProven, mostProven, leastRefuted int
	}{
		{0.05, 0.10, 40, 0, 2, 0},
		{0.02, 0.10, 40, 0, 0, 38},
		{0.01, 0.10, 40, 0, 0, 38},
		{0.05, 0.30, 40, 0, 0, 38},
		{0.05, 1, 40, 0, 0, 40},
		{0.05, 0.002, 1000, 900, 1000, 0},
		{0.05, 0, 40, 40, 40, 0},
	} {
		test := newAnswers(tt.limit, 0.95)
		random := rand.New(rand.NewPCG(3, 4))
		proofs, refutations := 0, 0
		for range tt.runs {
			proven, refuted := sequence(random, test, tt.share, 5, 600)
			if proven {
				proofs++
			}
			if refuted {
				refutations++
			}
		}
		t.Logf("limit %g, share %g: %d proven, %d refuted of %d", tt.limit, tt.share, proofs, refutations, tt.runs)
		if proofs < tt.leastProven || proofs > tt.mostProven || refutations < tt.leastRefuted {
			t.Errorf("limit %g, share %g: %d proven, %d refuted of %d", tt.limit, tt.share, proofs, refutations, tt.runs)
		}
	}
}
