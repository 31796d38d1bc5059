// Package binomial tells what a sample shows of a share.
package binomial

import "math"

// AtMost is the exact upper bound of a share of which hits were seen in so many draws,
// each a draw of its own: shares above it would give so few hits with a probability of
// less than 1 - confidence (Clopper and Pearson, "The use of confidence or fiducial limits
// illustrated in the case of the binomial", Biometrika 26, 1934; here of one side). It is 1
// where nothing was drawn. Hits are from 0 to draws, confidence lies between 0 and 1.
func AtMost(hits, draws int, confidence float64) float64 {
	if hits >= draws {
		return 1
	}
	// The fewer the hits that a share gives, the smaller it is: halving finds the bound.
	low, high := float64(hits)/float64(draws), 1.0
	for high-low > 1e-12 {
		middle := (low + high) / 2
		if noMore(hits, draws, middle) > 1-confidence {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// noMore is the probability of at most so many hits, of a share between 0 and 1.
func noMore(hits, draws int, share float64) float64 {
	sum := 0.0
	for k := range hits + 1 {
		sum += math.Exp(logChoose(draws, k) + float64(k)*math.Log(share) + float64(draws-k)*math.Log1p(-share))
	}
	return sum
}

// logChoose is the logarithm of the number of ways to choose k of n.
func logChoose(n, k int) float64 {
	all, _ := math.Lgamma(float64(n + 1))
	chosen, _ := math.Lgamma(float64(k + 1))
	rest, _ := math.Lgamma(float64(n - k + 1))
	return all - chosen - rest
}
