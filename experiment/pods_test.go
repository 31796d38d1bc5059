package experiment

import (
	"slices"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

func TestPodsThatAreWatched(t *testing.T) {
	now := time.Unix(1000, 0)
	var w watched
	see := func(change recording.Change, o recording.PodObservation) {
		o.Change, o.UID = change, "uid-"+o.Name
		w.take(&recording.Event{At: now, Pod: &o})
	}
	see(recording.Listed, recording.PodObservation{Name: "web-b", Phase: "Running", Ready: true})
	see(recording.Added, recording.PodObservation{Name: "web-c", Phase: "Pending"})
	see(recording.Listed, recording.PodObservation{Name: "web-a", Phase: "Running", Ready: true})
	see(recording.Modified, recording.PodObservation{Name: "web-a", Phase: "Running", DeletionTimestamp: new(now.Add(12 * time.Second))})
	see(recording.Listed, recording.PodObservation{Name: "web-d", Phase: "Failed"})
	see(recording.Listed, recording.PodObservation{Name: "web-e", Phase: "Running", Ready: true})
	see(recording.Deleted, recording.PodObservation{Name: "web-e", Phase: "Running"})
	w.take(&recording.Event{At: now, Gap: &recording.Gap{}})

	want := []PodProgress{
		{Name: "web-a", State: PodTerminating, Left: 12 * time.Second},
		{Name: "web-b", State: PodReady},
		{Name: "web-c", State: PodStarting},
	}
	if got := w.pods(now); !slices.Equal(got, want) {
		t.Errorf("\n got %v\nwant %v", got, want)
	}
}
