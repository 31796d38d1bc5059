package recording

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// ActionKind is what an Action tells.
type ActionKind string

// The kinds of actions.
const (
	// PhaseBegan and PhaseEnded bracket a part of the run.
	PhaseBegan ActionKind = "phase-began"
	PhaseEnded ActionKind = "phase-ended"
	// Requested is a change asked of the API: At is the moment before the
	// call, Done the moment after.
	Requested ActionKind = "requested"
	// Refused is a request that the API turned down and that may be made
	// again: an eviction that a PodDisruptionBudget forbids.
	Refused ActionKind = "refused"
	// Commanded is a command that has ended.
	Commanded ActionKind = "commanded"
	// Steady is the end of a disruption: all doomed pods gone, replacements
	// Ready.
	Steady ActionKind = "steady"
	// NotSteady is a disruption that did not come to its end in time.
	NotSteady ActionKind = "not-steady"
	// Restored is a change that was undone.
	Restored ActionKind = "restored"
	// TakenBack is a change that somebody else had undone before the run did.
	TakenBack ActionKind = "taken-back"
	// RestoreFailed is a change that could not be undone.
	RestoreFailed ActionKind = "restore-failed"
	// ClockMeasured tells the offset of a sender's clock at that time.
	ClockMeasured ActionKind = "clock-measured"
	// SenderLost is a sender from which nothing more came.
	SenderLost ActionKind = "sender-lost"
	// WindowMeasured tells that a pod answers on its own address, so that those that end
	// from then on are probed there. WindowUnmeasured tells why none is.
	WindowMeasured   ActionKind = "window-measured"
	WindowUnmeasured ActionKind = "window-unmeasured"
)

// RunPhase is a part of a run.
type RunPhase string

// The parts of a run in their order. Disrupt and Settle occur once
// for each time that a disruption is done.
const (
	Baseline RunPhase = "baseline"
	Disrupt  RunPhase = "disrupt"
	Settle   RunPhase = "settle"
)

// NoDisruption is the Disruption of an action that belongs to none.
const NoDisruption = -1

// Action is one thing the run did.
type Action struct {
	At    time.Time  `json:"at"`
	Done  time.Time  `json:"done,omitzero"`
	Kind  ActionKind `json:"kind"`
	Phase RunPhase   `json:"phase,omitempty"`
	// Disruption counts the check's disruptions from 0.
	Disruption int `json:"disruption"`
	// Round is how often the one at that place was done before.
	Round int `json:"round,omitempty"`
	// Name says what kind of disruption it is: restart, scale, ...
	Name check.DisruptionKind `json:"name,omitempty"`
	// Object is what was changed, as kind/name.
	Object string `json:"object,omitempty"`
	// Detail says it in words.
	Detail string `json:"detail,omitempty"`
	// Doomed names the pods that were to end.
	Doomed []string `json:"doomed,omitempty"`
	// DoomedUIDs are their UIDs, in the same order: names come back.
	DoomedUIDs []string `json:"doomedUIDs,omitempty"`
	// Spread tells at the beginning of a disruption, for each stream of reused
	// connections, how many of those that it had open were last answered by which
	// pod, under an empty name those that no pod had named itself on.
	Spread map[string]map[string]int `json:"spread,omitempty"`
	// ExitCode is a command's.
	ExitCode *int `json:"exitCode,omitempty"`
	// OutputBytes and OutputLines are how much it wrote to stdout and stderr.
	OutputBytes int64 `json:"outputBytes,omitempty"`
	OutputLines int64 `json:"outputLines,omitempty"`
	// Output is the end of that, only where values are shown.
	Output string `json:"output,omitempty"`
	// Sender is the index of the one that the action is about, Clock the offset of its
	// clock.
	Sender int          `json:"sender,omitempty"`
	Clock  *ClockOffset `json:"clock,omitempty"`
}
