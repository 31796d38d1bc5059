package experiment

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// answered holds the pods that answers of the baseline name.
type answered struct {
	over atomic.Bool
	mu   sync.Mutex
	pods map[string]bool
}

func (a *answered) take(s *recording.Sample) {
	if s.Pod == "" || s.Outcome != recording.OK || a.over.Load() {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.pods[s.Pod] {
		if a.pods == nil {
			a.pods = map[string]bool{}
		}
		a.pods[s.Pod] = true
	}
}

// names ends the taking and gives them.
func (a *answered) names() []string {
	a.over.Store(true)
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.pods))
}

// namesShown is how many of those that answered are named.
const namesShown = 3

// strangers tells that the answers of the baseline name pods, none of which is the
// workload's: whatever is done to it, they are not the ones to tell. Where the check
// names the service of others on purpose, that is what it is about; where the URL is known
// to lead to the workload's pods, these pass requests on, as they do where the check names
// their service; and where no pod of the workload, or no answer's, is known, nothing is
// claimed: what is lost at its pods' ends then shows that requests reached them, and a run
// that loses nothing cannot pass (analysis, pastDoubts).
func (r *run) strangers() string {
	names, service := r.load.answered(), r.cfg.Check.Target.Service
	if len(names) == 0 || r.facts.ServesURL || r.facts.Front(service) || r.watched.knows(names...) {
		return ""
	}
	shown := strings.Join(names[:min(len(names), namesShown)], ", ")
	if more := len(names) - namesShown; more > 0 {
		shown += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("in the baseline %s answered, and no pod of %s, so nothing was done to it: want the URL of a service that leads to its pods; "+
		"if these are its pods, have answers name them as Kubernetes does (target.podHeader, --pod-header); "+
		"if it is meant that others answer while it is disturbed, name their service in target.service (--service)", shown, r.cfg.Check.Workload)
}
