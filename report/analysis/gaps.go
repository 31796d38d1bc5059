package analysis

import "github.com/shutdowncheck/shutdowncheck/recording"

// gaps are the times in which a watch may have missed something.
func gaps(events *recording.Events) []recording.Gap {
	var all []recording.Gap
	for event := range events.ButSlices() {
		if gap := event.Gap; gap != nil {
			all = append(all, *gap)
		}
	}
	return all
}
