package analysis

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// redirects counts a stream's answers that sent the client on, and named no pod, by
// their status.
type redirects map[int]int

func (r redirects) take(s *recording.Sample) {
	if s.Redirect() {
		r[s.Status]++
	}
}

func (r redirects) add(others redirects) {
	for status, n := range others {
		r[status] += n
	}
}

func (r redirects) sum() int {
	sum := 0
	for _, n := range r {
		sum += n
	}
	return sum
}

// String lists the statuses.
func (r redirects) String() string {
	var shown []string
	for _, status := range slices.Sorted(maps.Keys(r)) {
		shown = append(shown, strconv.Itoa(status))
	}
	return strings.Join(shown, ", ")
}

// redirected tells that nothing but redirects was answered, so that no pod need have been
// asked (recording.Sample.Redirect). Where the URL is known to lead straight to the
// workload's pods, these have answered; and a check that says which statuses it expects
// knows the answer for the workload's. One answer of another kind, or one that names a pod,
// shows that not everything is redirected: nothing is said then.
func (s *streamTally) redirected(w *recording.Workload) bool {
	return s.OK > 0 && s.redirects.sum() == s.OK && !s.expects && !w.ServesURL
}
