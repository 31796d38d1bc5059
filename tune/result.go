package tune

import (
	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// Outcome is what a tuning came to.
type Outcome string

// The outcomes. Found are settings that a run has confirmed; Untunable is a workload that
// loses requests with any; Inconclusive is neither.
const (
	Found        Outcome = "found"
	Untunable    Outcome = "untunable"
	Inconclusive Outcome = "inconclusive"
)

// Result is what a tuning found, and from what.
type Result struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Outcome    Outcome `json:"outcome"`
	// Reasons say in words why it is what it is.
	Reasons   []string `json:"reasons"`
	Workload  string   `json:"workload"`
	Namespace string   `json:"namespace"`
	Container string   `json:"container"`
	// Action is what lets the hook sleep in this cluster.
	Action Action `json:"action"`
	// Before are the workload's own settings, Settings those that were computed; missing
	// where nothing could be.
	Before   Ending  `json:"before"`
	Settings *Ending `json:"settings,omitempty"`
	// Confirmed tells that a run with Settings lost nothing, Kept that they are left in
	// place.
	Confirmed bool `json:"confirmed"`
	Kept      bool `json:"kept"`
	// BelowPartition is how many pods of a StatefulSet keep their former settings where
	// these are kept, as its partition leaves them alone.
	BelowPartition int `json:"belowPartition,omitempty"`
	// Left says why the workload has not its own settings again, where nothing was kept:
	// somebody else has given it others, or it could not be put back.
	Left string `json:"left,omitempty"`
	// Measured is missing where nothing could be measured.
	Measured *Measured `json:"measured,omitempty"`
	// Patch is a strategic merge patch of the workload that gives it Settings; missing
	// where these were not confirmed.
	Patch string `json:"patch,omitempty"`
	// Obstacles are what no settings mend.
	Obstacles []Obstacle `json:"obstacles,omitempty"`
	Runs      []Run      `json:"runs"`
}

// Ending are settings of a pod's end, in seconds.
type Ending struct {
	// PreStop says the hook in words.
	PreStop string `json:"preStop"`
	Grace   int64  `json:"terminationGracePeriodSeconds"`
}

// Obstacle is a cause of losses that is not in the manifest.
type Obstacle struct {
	Cause report.Cause `json:"cause"`
	Text  string       `json:"text"`
	// Fix is what to change in its place, Recipe a page that shows how.
	Fix    string `json:"fix,omitempty"`
	Recipe string `json:"recipe,omitempty"`
}

// Run is one of the runs that were made.
type Run struct {
	Name     string         `json:"name"`
	Folder   string         `json:"folder"`
	Settings Ending         `json:"settings"`
	Verdict  report.Verdict `json:"verdict"`
	// Says is what it shows.
	Says string `json:"says"`
}

func endingOf(s chaos.Settings) Ending { return Ending{PreStop: s.Hook(), Grace: s.Grace} }
