package binomial

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestAtMost(t *testing.T) {
	tests := []struct {
		hits, draws int
		want        float64
	}{
		// Without a hit the bound is 1 - 0.05^(1/draws).
		{0, 1, 0.95},
		{0, 5, 0.4507},
		{0, 58, 0.0503},
		{0, 59, 0.0495},
		{0, 1000, 0.0030},
		// The roots of (1-p)^10 + 10p(1-p)^9 = 0.05 and 10p^3 - 15p^4 + 6p^5 = 0.95.
		{1, 10, 0.3942},
		{2, 5, 0.8107},
		// With one draw short of all it is 0.95^(1/draws).
		{4, 5, 0.9898},
		{99, 100, 0.9995},
		{0, 0, 1},
		{5, 5, 1},
	}
	for _, tt := range tests {
		if got := AtMost(tt.hits, tt.draws, 0.95); math.Abs(got-tt.want) > 5e-5 {
			t.Errorf("%d of %d: %.4f, want %.4f", tt.hits, tt.draws, got, tt.want)
		}
	}
}

// The bound holds for as many samples as it says, whatever the share.
func TestAtMostCovers(t *testing.T) {
	const services, confidence = 10_000, 0.95
	random := rand.New(rand.NewPCG(1, 2))
	for _, draws := range []int{3, 5, 20, 60} {
		bounds := make([]float64, draws+1)
		for hits := range bounds {
			bounds[hits] = AtMost(hits, draws, confidence)
		}
		for _, share := range []float64{0.001, 0.02, 0.1, 0.45, 0.9} {
			held := 0
			for range services {
				hits := 0
				for range draws {
					if random.Float64() < share {
						hits++
					}
				}
				if bounds[hits] >= share {
					held++
				}
			}
			if float64(held) < services*confidence {
				t.Errorf("share %g, %d draws: the bound held for %d of %d", share, draws, held, services)
			}
		}
	}
}

// So it does when all samples that there can be are counted, instead of drawn: the shares
// are those just below the bounds, for which it has the least to spare.
func TestAtMostCoversExactly(t *testing.T) {
	const confidence = 0.95
	for _, draws := range []int{1, 2, 5, 17, 59, 300} {
		bounds := make([]float64, draws+1)
		for hits := range bounds {
			bounds[hits] = AtMost(hits, draws, confidence)
		}
		for _, share := range bounds[:draws] {
			share += 1e-9
			holds := 0.0
			for hits := range bounds {
				if bounds[hits] >= share {
					holds += math.Exp(logChoose(draws, hits) + float64(hits)*math.Log(share) + float64(draws-hits)*math.Log1p(-share))
				}
			}
			if holds < confidence-1e-6 || holds > confidence+1e-6 {
				t.Errorf("%d draws, share %g: it holds with a probability of %g", draws, share, holds)
			}
		}
	}
}
