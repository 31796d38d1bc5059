package recording

// Lint is what the rules of `shutdowncheck lint` said of the workload's manifest, and of
// what belongs to it in the cluster, before anything was done to it.
type Lint struct {
	// Findings are those that are not ignored, the worst first.
	Findings []LintFinding `json:"findings"`
	// Notes say what could not be looked at.
	Notes []string `json:"notes,omitempty"`
}

// LintFinding is one place that breaks a rule.
type LintFinding struct {
	Rule string `json:"rule"`
	// Severity is error, warning or note.
	Severity string `json:"severity"`
	// Cause is that of the failures which it leads to; empty where it leads to none by
	// itself.
	Cause string `json:"cause,omitempty"`
	// Object is kind/name, Container empty where the place is in none, Field the path to it.
	Object    string `json:"object"`
	Container string `json:"container,omitempty"`
	Field     string `json:"field"`
	Why       string `json:"why"`
	// ShownBy is what has to happen for it to show.
	ShownBy Occasion `json:"shownBy,omitempty"`
}

// Occasion is what has to happen to a workload for a weakness of its manifest to cost
// requests. An empty one is nothing that a run does.
type Occasion string

// The occasions.
const (
	// PodEnds is the end of a pod that has time to end by itself.
	PodEnds Occasion = "pod-ends"
	// PodStarts is a new pod that requests come to.
	PodStarts Occasion = "pod-starts"
	// ListedNotReady is a pod that a Service may list although it is not ready: a new one,
	// or one that ends and stays listed until it is gone.
	ListedNotReady Occasion = "listed-not-ready"
	// Rollout replaces all pods by new ones.
	Rollout Occasion = "rollout"
	// Eviction is that of pods by the eviction API, as a drain asks for them.
	Eviction Occasion = "eviction"
)
