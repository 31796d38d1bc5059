package report

import (
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// EndedBy is who ended a pod.
type EndedBy string

// The ones who end pods, as far as they can be told apart.
const (
	ByRollout    EndedBy = "rollout"
	ByScaleDown  EndedBy = "scale-down"
	ByEviction   EndedBy = "eviction"
	ByDelete     EndedBy = "delete"
	ByPreemption EndedBy = "preemption"
	ByTaint      EndedBy = "taint"
	ByPodGC      EndedBy = "pod-gc"
	ByNode       EndedBy = "node"
)

// Termination is the end of one pod. Each moment is an interval, because most
// of them are known only to the second or through somebody else's clock.
type Termination struct {
	Pod     string  `json:"pod"`
	UID     string  `json:"uid"`
	Node    string  `json:"node,omitempty"`
	Owner   string  `json:"owner,omitempty"`
	EndedBy EndedBy `json:"endedBy"`
	// Grace is what the deletion granted.
	Grace Duration `json:"grace"`
	// PreStop is the hook's kind, PreStopSleep its length where that is known.
	PreStop      recording.PreStopKind `json:"preStop,omitempty"`
	PreStopSleep Duration              `json:"preStopSleep,omitempty"`

	// Requested is the deletion request: the deletionTimestamp minus the
	// grace, bounded by the watch and by the controller's own event.
	Requested Interval `json:"requested,omitzero"`
	// Seen is when the pod was first seen to be terminating.
	Seen Interval `json:"seen,omitzero"`
	// KubeletStarted is the kubelet's Killing event: preStop begins, or
	// SIGTERM is sent.
	KubeletStarted Interval `json:"kubeletStarted,omitzero"`
	// Sigterm is the stop signal, as closely as the hook's kind tells.
	Sigterm Interval `json:"sigterm,omitzero"`
	// LeftSlice is when an EndpointSlice no longer called it ready.
	LeftSlice Interval `json:"leftSlice,omitzero"`
	// LastAnswered is the last answer that named it.
	LastAnswered Interval `json:"lastAnswered,omitzero"`
	// Exited is when its last container ended.
	Exited     Interval `json:"exited,omitzero"`
	ExitCode   *int32   `json:"exitCode,omitempty"`
	ExitReason string   `json:"exitReason,omitempty"`
	// Gone is when the object was removed.
	Gone Interval `json:"gone,omitzero"`

	// Covered tells for each stream whether this pod answered requests of it
	// shortly before its end; a stream that it never served proved nothing
	// about it. Missing where answers do not name their pods.
	Covered map[string]bool `json:"covered,omitempty"`
	Margins Margins         `json:"margins"`

	created time.Time
	// fresh are the connections made around its leaving the slice; forgotten is
	// when the traffic shows that no proxy sent anything to it any more, zero
	// if it does not show it.
	fresh     []freshConnection
	forgotten time.Time
	// answers counts its answers from firstCounted to its end's beginning.
	answers      int
	firstCounted time.Time
	// cut is when requests on its own connections were cut: the first and the
	// last of them. Not known if none was.
	cut     Interval
	address string
	// wasReady tells whether a slice ever called it ready.
	wasReady bool
	// container is the first container's name.
	container string
}

// killedAfterGrace is the exit code of SIGKILL: 128 + 9.
const killedAfterGrace = 137

// begin is the earliest moment at which the termination can have had an effect.
func (t *Termination) begin() time.Time {
	for _, i := range []Interval{t.Requested, t.KubeletStarted, t.Seen, t.Exited, t.Gone} {
		if i.Known() {
			return i.From
		}
	}
	return time.Time{}
}

// begunBy is the moment by which the termination had certainly begun. The
// earliest one may lie up to a second before the request, because
// deletionTimestamp has whole seconds.
func (t *Termination) begunBy() time.Time {
	if t.Requested.Known() {
		return t.Requested.To
	}
	return t.begin()
}

// deadline is when the kubelet kills what still runs. It counts the grace from
// its own start, not from the deletion (kubernetes pkg/kubelet/kuberuntime,
// killContainer), and never gives less than 2 s after preStop.
func (t *Termination) deadline() Interval {
	start := t.KubeletStarted
	if !start.Known() {
		start = Interval{From: t.begin(), To: t.begin().Add(time.Second)}
	}
	return start.shift(time.Duration(t.Grace))
}

// killed tells whether it was still running when its grace ended.
func (t *Termination) killed() bool {
	if t.ExitCode == nil || *t.ExitCode != killedAfterGrace || t.ExitReason == "OOMKilled" || !t.Exited.Known() {
		return false
	}
	// The timer rounds by up to a second, and adds two where preStop used up
	// the grace.
	const early, late = time.Second, 3 * time.Second
	deadline := t.deadline()
	return !t.Exited.To.Before(deadline.From.Add(-early)) && !t.Exited.From.After(deadline.To.Add(late))
}

// terminations finds the end of every pod in the events.
func terminations(events []recording.Event) []*Termination {
	pods := map[string]*podHistory{}
	var order []*podHistory
	for i := range events {
		o := events[i].Pod
		if o == nil {
			continue
		}
		p := pods[o.UID]
		if p == nil {
			p = &podHistory{first: o}
			pods[o.UID] = p
			order = append(order, p)
		}
		p.observe(events[i].At, o)
	}
	controllers := readControllers(events)
	kube := kubeEvents(events)
	endpoints := readEndpoints(events)

	var ended []*Termination
	for _, p := range order {
		if !p.ending() {
			continue
		}
		t := p.termination(kube[p.first.UID])
		t.EndedBy = controllers.endedBy(p)
		t.Requested = controllers.boundRequest(t)
		t.LeftSlice, t.wasReady = endpoints.leave(t.UID)
		t.Sigterm = sigterm(t)
		ended = append(ended, t)
	}
	slices.SortStableFunc(ended, func(a, b *Termination) int { return a.begin().Compare(b.begin()) })
	return ended
}

// podHistory gathers what the observations of one pod tell about its end. The
// deletion is latched at first sight: the kubelet's last delete sets a new
// timestamp and no grace.
type podHistory struct {
	first, last *recording.PodObservation
	terminating *recording.PodObservation
	seen        time.Time
	// seenLive is false where the pod was terminating when it was first met.
	seenLive bool
	exit     *recording.Exit
	exitSeen time.Time
	gone     time.Time
}

func (p *podHistory) observe(at time.Time, o *recording.PodObservation) {
	if o.DeletionTimestamp == nil && o.Change != recording.Deleted {
		p.seenLive = true
	}
	if p.terminating == nil && o.DeletionTimestamp != nil {
		p.terminating, p.seen = o, at
	}
	if p.exit == nil {
		if p.exit = lastExit(o.Containers); p.exit != nil {
			p.exitSeen = at
		}
	}
	if o.Change == recording.Deleted {
		p.gone = at
	}
	p.last = o
}

// ending tells whether the pod ended while it was watched.
func (p *podHistory) ending() bool {
	return p.seenLive && (p.terminating != nil || !p.gone.IsZero())
}

func (p *podHistory) termination(events []*recording.KubeEvent) *Termination {
	o := p.last
	t := &Termination{
		Pod: o.Name, UID: o.UID, Node: o.Node,
		Grace:   Duration(o.Grace),
		created: o.Created,
		address: p.address(),
	}
	if o.OwnerKind != "" {
		t.Owner = strings.ToLower(o.OwnerKind) + "/" + o.OwnerName
	}
	for _, c := range o.Containers {
		if t.container == "" {
			t.container = c.Name
		}
		if c.PreStop != recording.PreStopNone {
			t.PreStop, t.PreStopSleep = c.PreStop, Duration(c.PreStopSleep)
		}
	}
	if d := p.terminating; d != nil {
		if d.DeletionGrace != nil {
			t.Grace = Duration(*d.DeletionGrace)
		}
		t.Seen = at(p.seen)
		from := d.DeletionTimestamp.Add(-time.Duration(t.Grace))
		t.Requested = Interval{From: from, To: from.Add(time.Second)}.notAfter(p.seen)
	}
	for _, e := range events {
		if e.Reason == "Killing" && !e.Emitted.IsZero() {
			started := Interval{From: e.Emitted, To: e.Emitted}
			if !e.Precise {
				started.To = e.Emitted.Add(time.Second)
			}
			t.KubeletStarted = started
			break
		}
	}
	if p.exit != nil {
		t.ExitCode, t.ExitReason = &p.exit.Code, p.exit.Reason
		if !p.exit.FinishedAt.IsZero() {
			t.Exited = Interval{From: p.exit.FinishedAt, To: p.exit.FinishedAt.Add(time.Second)}.
				notAfter(p.exitSeen).notBefore(t.KubeletStarted.From)
		}
	}
	if !p.gone.IsZero() {
		t.Gone = at(p.gone)
	}
	return t
}

func (p *podHistory) address() string {
	if p.last.IP != "" {
		return p.last.IP
	}
	return p.first.IP
}

// lastExit is the exit of the container that ended last, once all have: until
// then a terminating pod's statuses are stale (kubernetes#106896).
func lastExit(containers []recording.Container) *recording.Exit {
	var last *recording.Exit
	for _, c := range containers {
		if c.Terminated == nil {
			return nil
		}
		if last == nil || c.Terminated.FinishedAt.After(last.FinishedAt) {
			last = c.Terminated
		}
	}
	return last
}

// signalDelay is how long the runtime takes to deliver a signal.
const signalDelay = 100 * time.Millisecond

// sigterm places the stop signal: at the kubelet's start without a hook, after
// a sleep of known length, and anywhere up to the end of the grace after any
// other hook, whose success emits nothing.
func sigterm(t *Termination) Interval {
	start := t.KubeletStarted
	if !start.Known() {
		return Interval{}
	}
	switch t.PreStop {
	case recording.PreStopNone:
		return Interval{From: start.From, To: start.To.Add(signalDelay)}
	case recording.PreStopSleep:
		after := start.shift(min(time.Duration(t.PreStopSleep), time.Duration(t.Grace)))
		return Interval{From: after.From, To: after.To.Add(signalDelay)}
	default:
		limit := t.deadline().To
		if t.Exited.Known() {
			limit = earlier(limit, t.Exited.To)
		}
		return Interval{From: start.From, To: limit}
	}
}
