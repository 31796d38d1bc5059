package check

import "strings"

// DisruptionKind says what is done in a disruption, in the word that a check file has
// for it.
type DisruptionKind string

// The kinds of disruptions, as Disruption has them.
const (
	KindRestart DisruptionKind = "restart"
	KindScale   DisruptionKind = "scale"
	KindDelete  DisruptionKind = "delete"
	KindEvict   DisruptionKind = "evict"
	KindDrain   DisruptionKind = "drain"
	KindKill    DisruptionKind = "kill"
	KindImage   DisruptionKind = "image"
	KindCommand DisruptionKind = "command"
	KindObserve DisruptionKind = "observe"
)

// Kind names the disruption; empty if none or several are set.
func (d Disruption) Kind() DisruptionKind {
	if set := d.kinds(); len(set) == 1 {
		return DisruptionKind(set[0])
	}
	return ""
}

// Signal is the name of a signal that a kill may send.
type Signal string

// The signals.
const (
	SIGTERM Signal = "SIGTERM"
	SIGINT  Signal = "SIGINT"
	SIGQUIT Signal = "SIGQUIT"
	SIGHUP  Signal = "SIGHUP"
	SIGUSR1 Signal = "SIGUSR1"
	SIGUSR2 Signal = "SIGUSR2"
	SIGKILL Signal = "SIGKILL"
)

// Signals are all of them.
func Signals() []Signal {
	return []Signal{SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGKILL}
}

// SignalNames lists them in words.
func SignalNames() string {
	var names []string
	for _, s := range Signals() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}
