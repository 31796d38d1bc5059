package report

// Proof is what the ends prove of the share of lossy ends that the check names.
type Proof struct {
	Outcome ProofOutcome `json:"outcome"`
	// LossyEnds and Confidence are the check's, from 0 to 1.
	LossyEnds  float64 `json:"lossyEnds"`
	Confidence float64 `json:"confidence"`
	// Needs is how many ends prove it with so many that lost a request as were seen; missing
	// where no number of them does.
	Needs int `json:"needs,omitempty"`
}

// ProofOutcome is how a proof ended.
type ProofOutcome string

// The outcomes of a proof.
const (
	Proven   ProofOutcome = "proven"
	Refuted  ProofOutcome = "refuted"
	Unproven ProofOutcome = "unproven"
)
