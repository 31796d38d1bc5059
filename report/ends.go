package report

import "fmt"

// Ends are the terminations as draws of one share: that of all ends, of pods or
// containers of this workload, that lose a request. That each is a draw of its own is an
// assumption.
type Ends struct {
	// Seen are those that were put to the test: their pod was in service, and a stream had
	// requests that they could have lost.
	Seen int `json:"seen"`
	// InService are all of pods in service, whether or not they are known to have been put
	// to the test.
	InService int `json:"inService"`
	// Lossy are those that lost a request, as many as there may be. Where several may have
	// lost one they all count, and a loss that is tied to none counts as that of another one.
	Lossy int `json:"lossy"`
	// LossyAtLeast are those of which that is sure.
	LossyAtLeast int `json:"lossyAtLeast"`
	// AtMost is the largest share that this leaves possible with the Confidence, both from
	// 0 to 1: the one-sided bound of Clopper and Pearson (Biometrika 26, 1934), or 1 where
	// the run proved nothing.
	AtMost     float64 `json:"atMost"`
	Confidence float64 `json:"confidence"`
}

// Percent writes a share from 0 to 1: "45 %", and "4.9 %" below a tenth.
func Percent(share float64) string {
	if share > 0 && share < 0.1 {
		return fmt.Sprintf("%.1f %%", 100*share)
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}
