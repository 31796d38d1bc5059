package timeline

import (
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// retryPause is how long is waited before a call that failed is made again.
	// Each failure after it doubles the pause, up to longestPause: a server that
	// closes everything at once must not be kept busy by that, and the first change
	// after an outage must not come much later than the server does.
	retryPause   = 500 * time.Millisecond
	longestPause = 4 * time.Second

	// longEnough is how long a watch has to live to be one that works. What was
	// before it is then forgotten.
	longEnough = 10 * time.Second
)

// reopening paces the opening of one watch, or of one log, again and again. The
// zero value is ready.
type reopening struct {
	// pauses are those to come; nil before the first.
	pauses *wait.Backoff
	// short tells that the one before was not long enough.
	short bool
}

// pause is how long to wait after one that has lived for so long and ended in
// good order, or with an error. Where only a single one ends soon, as when a
// server is replaced, the next is opened at once.
func (r *reopening) pause(lived time.Duration, err error) time.Duration {
	if r.pauses == nil || lived >= longEnough {
		r.pauses = &wait.Backoff{Duration: retryPause, Factor: 2, Cap: longestPause, Steps: 10}
		r.short = false
	}
	first := !r.short
	r.short = lived < longEnough
	if err == nil && (first || !r.short) {
		return 0
	}
	return r.pauses.Step()
}
