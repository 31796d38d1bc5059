package binomial

import "math"

// Test tells whether a share is at most a limit, by draws that come one after another (each
// a draw of its own), and may be asked after each of them or after any.
//
// To look again and again at a bound that holds for one look spends its error many times
// over. Proves and Refutes have each a plan that was made before the first draw, and whose
// whole error, over all looks together, is 1 - confidence: whoever stops when he likes is
// told something wrong no more often than that.
//
//   - Proves has fixed sizes: so many draws with no hit, so many with one, and so on. Each
//     spends a part of the error (Lan and DeMets, "Discrete sequential boundaries for
//     clinical trials", Biometrika 70, 1983), counted exactly at a share of just the limit:
//     nearly all of it goes to the size with no hit, which is therefore that of a single
//     look (59 draws for 5 % at 95 %), and half of what is left to each following one.
//   - Refutes compares the limit with all shares above it, each as likely as the other: that
//     ratio exceeds 1/error with a probability of no more than the error, ever, if the share
//     is within the limit (Ville's inequality; Robbins, "Statistical methods related to the
//     law of the iterated logarithm", Annals of Mathematical Statistics 41, 1970).
//
// What is looked at only now and then, as after rounds of several draws, or stopped early
// for any other reason, errs less often, not more.
type Test struct {
	limit, alpha float64
	// sizes are the draws that prove it, by hits.
	sizes []int
}

// noHit is the part of the error that goes to the size with no hit.
const noHit = 0.98

// NewTest is of a share of at most limit. Limit and confidence lie between 0 and 1.
func NewTest(limit, confidence float64) *Test {
	return &Test{limit: limit, alpha: 1 - confidence}
}

// mostHits bounds the work of the plan. With more of them nothing is proven any more.
const mostHits = 200

// Never is more draws than anybody makes.
const Never = math.MaxInt

// Needs is how many draws prove with so many hits that the share is within the limit; Never
// with more than 200.
func (t *Test) Needs(hits int) int {
	if hits > mostHits {
		return Never
	}
	if hits >= len(t.sizes) {
		t.plan(min(max(hits, 2*len(t.sizes)), mostHits))
	}
	return t.sizes[hits]
}

// Proves tells whether so many hits in so many draws show that the share is within the limit.
func (t *Test) Proves(hits, draws int) bool {
	// A share of hits beyond the limit never does.
	return float64(hits) < t.limit*float64(draws) && draws >= t.Needs(hits)
}

// plan makes the sizes for up to so many hits. Of all samples of a share of just the limit,
// open holds by hits those that none of the sizes has ended yet.
func (t *Test) plan(most int) {
	open := make([]float64, most+1)
	open[0] = 1
	t.sizes = make([]int, 0, most+1)
	left, spend := t.alpha, noHit*t.alpha
	for draws := 0; len(t.sizes) <= most; {
		if hits := len(t.sizes); draws > 0 && open[hits] <= spend {
			// With fewer hits all have ended before.
			left -= open[hits]
			open[hits], spend = 0, left/2
			t.sizes = append(t.sizes, draws)
			continue
		}
		draws++
		for hits := most; hits > 0; hits-- {
			open[hits] = open[hits]*(1-t.limit) + open[hits-1]*t.limit
		}
		open[0] *= 1 - t.limit
	}
}

// Refutes tells whether so many hits in so many draws show that the share exceeds the limit.
// Of shares that are spread evenly over those above the limit the sample's likelihood is a
// beta integral, which is the binomial's tail (Abramowitz and Stegun, 26.5.24).
func (t *Test) Refutes(hits, draws int) bool {
	if draws == 0 {
		return false
	}
	above := math.Log(noMore(hits, draws+1, t.limit)) - math.Log(float64(draws+1)*(1-t.limit)) - logChoose(draws, hits)
	at := float64(hits)*math.Log(t.limit) + float64(draws-hits)*math.Log1p(-t.limit)
	return above-at >= -math.Log(t.alpha)
}
