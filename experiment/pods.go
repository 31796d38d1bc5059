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
	// names are those by which answers may name one that was ever seen: its own, its
	// address, or on the host's network the node's, which is its hostname there.
	names map[string]bool
}

func (w *watched) take(e *recording.Event) {
	if e.Pod == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byUID == nil {
		w.byUID, w.names = map[string]recording.PodObservation{}, map[string]bool{}
	}
	for _, name := range []string{e.Pod.Name, e.Pod.IP, e.Pod.Node} {
		w.names[name] = true
	}
	if e.Pod.Change == recording.Deleted {
		delete(w.byUID, e.Pod.UID)
		return
	}
	w.byUID[e.Pod.UID] = *e.Pod
}

// knows tells whether one of the names is a pod's, or that none was ever seen.
func (w *watched) knows(names ...string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.names) == 0 || slices.ContainsFunc(names, func(name string) bool { return w.names[name] })
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
