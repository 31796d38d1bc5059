package sender

import (
	"maps"
	"slices"
	"sync"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// mostAnswered bounds the names: a header that is taken for a pod's name may be another
// one in each answer, and all are told each second.
const mostAnswered = 1000

// answered holds the pods that answers name.
type answered struct {
	mu   sync.Mutex
	pods map[string]bool
}

func (a *answered) take(s *recording.Sample) {
	if s.Pod == "" || s.Outcome != recording.OK {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.pods[s.Pod] && len(a.pods) < mostAnswered {
		if a.pods == nil {
			a.pods = map[string]bool{}
		}
		a.pods[s.Pod] = true
	}
}

func (a *answered) names() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.pods))
}
