package report

// Via is a balancer that was played: the senders dialled the pods themselves, as one would
// that learns late of them.
type Via struct {
	// Profile is its name in the check, Title what it stands for; missing where the check
	// gave numbers alone.
	Profile string `json:"profile,omitempty"`
	Title   string `json:"title,omitempty"`
	// Lag is for how long a pod was still sent requests after it had left its
	// EndpointSlice, LagIn how long after it was ready it got the first ones.
	Lag   Duration `json:"lag"`
	LagIn Duration `json:"lagIn,omitempty"`
	// ClosesConnections tells that connections to a pod were closed when it was forgotten.
	ClosesConnections bool `json:"closesConnections"`
	// Forgot bounds how long after they had left the pods were seen to be sent their last
	// requests; missing where that was not seen.
	Forgot *Span `json:"forgot,omitempty"`
	// Says is all of that in a sentence.
	Says string `json:"says"`
}
