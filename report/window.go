package report

// Window is what a pod did on its own address while it ended, asked there past the service
// on a new connection each time.
type Window struct {
	// Accepts is until when it took new connections, Answers until when those were answered
	// as the check expects: each lies between the last that was and the first that was not.
	// One of which a bound is not known is missing.
	Accepts Interval `json:"accepts,omitzero"`
	Answers Interval `json:"answers,omitzero"`
	// Requests is how many it was sent.
	Requests int `json:"requests"`
	// Ended is what became of the first that was not answered as expected; missing where
	// each was, until the pod was gone or the run over.
	Ended WindowEnd `json:"ended,omitempty"`
}

// WindowEnd is how a pod ceases to answer on its own address.
type WindowEnd string

// The ways in which windows end.
const (
	// WindowRefused is a connection that was refused: nothing listened any more.
	WindowRefused WindowEnd = "refused"
	// WindowUnreachable is one that never came about: the address was gone.
	WindowUnreachable WindowEnd = "unreachable"
	// WindowSilent is one that was made, and on which no answer came. A kernel takes
	// connections also for a program that does not.
	WindowSilent WindowEnd = "silent"
	// WindowCut is one that was made and closed without an answer.
	WindowCut WindowEnd = "cut"
	// WindowError is an answer that the check does not expect.
	WindowError WindowEnd = "error"
)

// Windows are those of all pods that ended in good order and in service, and the paths
// that they are long enough for. It is a forecast: requests of this run took none of these
// paths for it.
type Windows struct {
	// Unmeasured is why no pod was asked on its own address; missing where they were.
	Unmeasured string `json:"unmeasured,omitempty"`
	// Ends counts those ends, Measured those of them whose margin outlasts is known.
	Ends     int `json:"ends"`
	Measured int `json:"measured"`
	// Shortest bounds the shortest of those margins; missing where one of them is not
	// known.
	Shortest *Span  `json:"shortest,omitempty"`
	Paths    []Path `json:"paths,omitempty"`
}

// Path is a kind of path to pods, and whether the shortest window outlasts it.
type Path struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	// Needs is for how long new requests may come after a pod has left its slice.
	Needs Duration `json:"needs"`
	// Evidence is "measured" or "reported": what this project has seen itself, or others
	// have written. Source tells where.
	Evidence string      `json:"evidence"`
	Source   string      `json:"source"`
	Outcome  PathOutcome `json:"outcome"`
}

// PathOutcome is what the windows say of a path.
type PathOutcome string

// The outcomes. A path holds if each pod certainly outlasts it, and loses if one certainly
// does not.
const (
	PathHolds    PathOutcome = "holds"
	PathLoses    PathOutcome = "loses"
	PathNotKnown PathOutcome = "not-known"
)
