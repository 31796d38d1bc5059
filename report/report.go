package report

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Verdict is what a run proved.
type Verdict string

// The verdicts. Inconclusive is neither of the others: the run proved nothing.
const (
	Passed       Verdict = "passed"
	Failed       Verdict = "failed"
	Inconclusive Verdict = "inconclusive"
)

// Duration is a time.Duration that is written as "1.5s".
type Duration = check.Duration

// Report is what a run saw, why it was so, and what to change. It is the one
// model behind every format.
type Report struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Verdict    Verdict `json:"verdict"`
	// Reasons say in words why the verdict is what it is.
	Reasons []string `json:"reasons"`
	// Warnings are what a passing run should not be silent about.
	Warnings  []Warning `json:"warnings,omitempty"`
	Namespace string    `json:"namespace"`
	Workload  string    `json:"workload"`
	Began     time.Time `json:"began"`
	Ended     time.Time `json:"ended"`

	// Via is the balancer that the senders played; missing where requests went to where
	// their URL leads.
	Via *Via `json:"via,omitempty"`

	Streams []Stream `json:"streams"`
	// Senders are the pods that sent, by their index; missing where the program itself
	// did.
	Senders      []Sender      `json:"senders,omitempty"`
	Disruptions  []Disruption  `json:"disruptions"`
	Terminations []Termination `json:"terminations"`
	// Ends tell what the terminations prove of those to come; missing where there was
	// none.
	Ends *Ends `json:"ends,omitempty"`
	// Windows tell for how long those pods went on answering on their own addresses; missing
	// where nobody was to ask.
	Windows *Windows `json:"windows,omitempty"`
	// Proof is what they prove of the check's share; missing where it wants no proof.
	Proof    *Proof    `json:"proof,omitempty"`
	Findings []Finding `json:"findings"`
	// Lint is what the manifest showed by itself, with what this run showed of that;
	// missing where nobody looked at it.
	Lint *Lint `json:"lint,omitempty"`
	// Failures are the single failed requests, the first FailuresListed of
	// them; Findings count all.
	Failures []Failure `json:"failures"`
	// Power is, per stream, the length of the shortest outage of one pod that
	// this run would have seen with a probability of 99 %; of none where requests went
	// out late or off their rate, or past the workload, and not of one without an answer.
	Power    map[string]Duration `json:"power"`
	Validity Validity            `json:"validity"`
	Check    check.Check         `json:"check"`

	// Picture is what a drawing needs besides. It is made by package analysis alone, and
	// nil in a report that was read from JSON.
	Picture *Picture `json:"-"`
}

// FailuresListed bounds Report.Failures.
const FailuresListed = 1000

// Stream is the sum of one stream's samples: Sent = OK + Failed + Client +
// Unfinished. Maskable and Unattributed are parts of Failed.
type Stream struct {
	Name string `json:"name"`
	// Kind is empty for a stream of short requests.
	Kind         check.StreamKind `json:"kind,omitempty"`
	Connections  string           `json:"connections"`
	Sent         int              `json:"sent"`
	OK           int              `json:"ok"`
	Failed       int              `json:"failed"`
	Maskable     int              `json:"maskable"`
	Client       int              `json:"client"`
	Unfinished   int              `json:"unfinished"`
	Unattributed int              `json:"unattributed"`
	Rate         float64          `json:"rate"`
	AchievedRate float64          `json:"achievedRate"`
	// Exceeded says in words where it exceeded a budget of its own.
	Exceeded []string `json:"exceeded,omitempty"`
	// Latency counts from the scheduled time, over the answered requests.
	Latency Latency `json:"latency"`
	// LatencyBounds are what the check holds its latency to, with what came of each.
	LatencyBounds []LatencyBound `json:"latencyBounds,omitempty"`
	// LatenessP99 is how late requests were sent, against the schedule.
	LatenessP99 Duration `json:"latenessP99"`
	// Spread tells how many of the connections that a stream of reused ones had open
	// at its end were last answered by which pod; missing where no answer named one.
	Spread map[string]int `json:"spread,omitempty"`
}

// Sender is one of the pods that sent the requests, with what became of those. They are
// what is recorded of them.
type Sender struct {
	Index int    `json:"index"`
	Pod   string `json:"pod"`
	Node  string `json:"node"`
	// Sent = OK + Failed + Client + Unfinished, as in Stream.
	Sent       int `json:"sent"`
	OK         int `json:"ok"`
	Failed     int `json:"failed"`
	Client     int `json:"client"`
	Unfinished int `json:"unfinished"`
	// Clock bounds by how much its clock was ahead of the run's; missing where it was
	// not measured.
	Clock *recording.ClockOffset `json:"clock,omitempty"`
	// Lost is why nothing more came from it before the load ended, LostAt when it was
	// heard last; missing where all that it sent is recorded.
	Lost   string    `json:"lost,omitempty"`
	LostAt time.Time `json:"lostAt,omitzero"`
}

// Latency holds the quantiles of a stream.
type Latency struct {
	P50 Duration `json:"p50"`
	P99 Duration `json:"p99"`
	Max Duration `json:"max"`
}

// LatencyBound is a bound of a stream's latency, with what was measured in disruptions and
// outside of them. A request is in one if it was due between the beginning of its first end
// and when the last one was over, proxies had followed, and the workload was steady.
type LatencyBound struct {
	Quantile check.Quantile `json:"quantile"`
	Within   Duration       `json:"within"`
	// In are the answers to requests in disruptions, Outside the others.
	In      LatencyPart `json:"in"`
	Outside LatencyPart `json:"outside"`
}

// LatencyPart is a part of a stream's answers.
type LatencyPart struct {
	Answers int `json:"answers"`
	// Longer is how many took longer than the bound, May how many may.
	Longer int `json:"longer"`
	May    int `json:"may"`
	// Measured is the quantile, to three digits.
	Measured Duration `json:"measured"`
}

// Disruption is one thing that was done to the workload.
type Disruption struct {
	Kind string `json:"kind"`
	// Detail is the node of a drain that was given one, as in "node n1".
	Detail  string    `json:"detail,omitempty"`
	Started time.Time `json:"started"`
	// Steady is when all doomed pods were gone and their replacements Ready;
	// zero if that never came.
	Steady time.Time `json:"steady,omitzero"`
	// Took is the time from its beginning until then.
	Took *Duration `json:"took,omitempty"`
	// Unsteady says what was missing.
	Unsteady string `json:"unsteady,omitempty"`
	// Changes are what it asked of the API, Refusals what the API turned down,
	// Restored what was put back.
	Changes  []string `json:"changes,omitempty"`
	Refusals []string `json:"refusals,omitempty"`
	Restored []string `json:"restored,omitempty"`
	// Command is how the user's own command ended.
	Command *Command `json:"command,omitempty"`
	// Spread tells for each stream of reused connections how many of those that it
	// had open at the beginning were last answered by which pod, under an empty name
	// those that no pod had named itself on. Streams whose answers named no pod are
	// missing.
	Spread map[string]map[string]int `json:"spread,omitempty"`
	// Terminated are the pods that ended, and those of which a container did that
	// requests may have come to. Containers counts the latter.
	Terminated []string `json:"terminated"`
	Containers int      `json:"containers,omitempty"`
}

// Command is a command that was the disruption.
type Command struct {
	// ExitCode is missing where the command could not be started.
	ExitCode *int     `json:"exitCode,omitempty"`
	Took     Duration `json:"took"`
	// OutputBytes and OutputLines are how much it wrote to stdout and stderr.
	OutputBytes int64 `json:"outputBytes,omitempty"`
	OutputLines int64 `json:"outputLines,omitempty"`
	// Output is the end of that; missing where values were not to be shown.
	Output string `json:"output,omitempty"`
}

// Warning is a weakness that cost no request this time. Cause is the cause of
// the failures it would lead to.
type Warning struct {
	Cause Cause  `json:"cause,omitempty"`
	Text  string `json:"text"`
}

// Finding is a set of failed samples that share a cause and a phase of the
// termination, with the evidence and the fix.
type Finding struct {
	Cause      Cause      `json:"cause"`
	Says       string     `json:"says"`
	Confidence Confidence `json:"confidence,omitempty"`
	Failed     int        `json:"failed"`
	Maskable   int        `json:"maskable"`
	// OwnMaking counts those of Failed that the lookup of the service's name, or the machine
	// that sent them, may have made alone: they tell nothing of the workload.
	OwnMaking int      `json:"ownMaking,omitempty"`
	Streams   []string `json:"streams"`
	Pods      []string `json:"pods"`
	// Phase is the part of the termination in which the requests failed.
	Phase string `json:"phase"`
	// Node is the one from which all of the requests were sent, where others sent as well
	// and it is no chance that none of theirs failed.
	Node string `json:"node,omitempty"`
	// SinceSigterm is the span of the failures' moments, measured from SIGTERM:
	// of a request that reached no pod the moment it was sent, of others the
	// moment it failed. It lies in the phase: nothing of it is negative where
	// SIGTERM had come.
	SinceSigterm *Span    `json:"sinceSigterm,omitempty"`
	Evidence     []string `json:"evidence"`
	Fix          Fix      `json:"fix"`
	// StayedListed tells that pods with which requests were lost by its cause, in any phase,
	// were called ready by a Service until they were gone, as with publishNotReadyAddresses:
	// no preStop sleep keeps requests away then.
	StayedListed bool `json:"stayedListed,omitempty"`
	// Foreseen are the rules of lint that saw the cause in the manifest before the run.
	Foreseen []string `json:"foreseen,omitempty"`
}

// Span is a span of times relative to some moment.
type Span struct {
	From Duration `json:"from"`
	To   Duration `json:"to"`
}

// Fix is what to change.
type Fix struct {
	Text string `json:"text"`
	// Patch is a strategic merge patch of the workload, where a change of the
	// manifest helps: kubectl patch --patch.
	Patch string `json:"patch,omitempty"`
	// Recipe is missing where the server is no matter, or where one was recognised and
	// none of its own settings mends the cause.
	Recipe *Recipe `json:"recipe,omitempty"`
}

// RecipesURL is the page of configurations that were seen to lose nothing. Its section
// of a server has the server's name.
const RecipesURL = "https://github.com/shutdowncheck/shutdowncheck/blob/main/docs/recipes.md"

// Recipe is what a server needs.
type Recipe struct {
	// Server names it: nginx, gunicorn. It is empty where none was recognised.
	Server string `json:"server,omitempty"`
	// RecognisedBy is what told the server: "command" or "image" (its name).
	RecognisedBy string `json:"recognisedBy,omitempty"`
	// Text says its own setting. It is empty where no server was recognised.
	Text string `json:"text,omitempty"`
	// URL is that of a whole configuration that was seen to lose nothing; of the page of
	// all of them where no server was recognised.
	URL string `json:"url"`
}

// Failure is one failed request and what explains it.
type Failure struct {
	Stream string `json:"stream"`
	Seq    uint64 `json:"seq"`
	// Sender is the index of the one that sent it; missing where the program itself did.
	Sender *int            `json:"sender,omitempty"`
	Sent   time.Time       `json:"sent"`
	Ended  time.Time       `json:"ended"`
	Phase  recording.Phase `json:"phase"`
	Class  recording.Class `json:"class"`
	Status int             `json:"status,omitempty"`
	Error  string          `json:"error,omitempty"`
	// BytesIn is how much had been read of an answer's body that was cut; missing
	// where the body was not.
	BytesIn *int64 `json:"bytesIn,omitempty"`
	// Connection is the number of the stream's connection that it was sent on,
	// Served how many answers that had carried before.
	Connection uint64 `json:"connection,omitempty"`
	Served     uint32 `json:"served,omitempty"`
	Maskable   bool   `json:"maskable,omitempty"`
	Cause      Cause  `json:"cause"`
	// Pods are the pods whose termination explains it: one where the evidence
	// suffices, several where it does not tell them apart, none where nothing
	// does.
	Pods []string `json:"pods"`
	// Confidence is how surely it is theirs, and of this cause; empty without one that explains it.
	Confidence   Confidence `json:"confidence,omitempty"`
	SinceSigterm *Duration  `json:"sinceSigterm,omitempty"`
	// TraceID is that of the traceparent which it bore; empty where it bore none.
	TraceID string `json:"traceId,omitempty"`
}

// Validity is how far the run itself can be trusted.
type Validity struct {
	Baseline struct {
		Sent   int `json:"sent"`
		Failed int `json:"failed"`
	} `json:"baseline"`
	// Gaps are times in which a watch may have missed something.
	Gaps []recording.Gap `json:"gaps,omitempty"`
	// Complete is false for a run that was cut off or stopped.
	Complete bool `json:"complete"`
	// PodsNamed tells whether answers named their pods.
	PodsNamed bool `json:"podsNamed"`
	// Client is how the process that sent the requests fared; nil where it did not
	// say.
	Client *recording.Client `json:"client,omitempty"`
	// Doubts are the reasons for which a clean run would prove nothing.
	Doubts []string `json:"doubts,omitempty"`
}
