package experiment

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// watched holds the last that was seen of each pod, for the progress.
type watched struct {
	mu    sync.Mutex
	byUID map[string]recording.PodObservation
}

func (w *watched) take(e *recording.Event) {
	if e.Pod == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byUID == nil {
		w.byUID = map[string]recording.PodObservation{}
	}
	if e.Pod.Change == recording.Deleted {
		delete(w.byUID, e.Pod.UID)
		return
	}
	w.byUID[e.Pod.UID] = *e.Pod
}

// pods tells the states of those that have not ended.
func (w *watched) pods(now time.Time) []PodProgress {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []PodProgress
	for _, o := range w.byUID {
		p := PodProgress{Name: o.Name, State: PodStarting}
		switch {
		case o.Phase == "Failed" || o.Phase == "Succeeded":
			continue
		case o.DeletionTimestamp != nil:
			p.State, p.Left = PodTerminating, o.DeletionTimestamp.Sub(now)
		case o.Ready:
			p.State = PodReady
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b PodProgress) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
