package check

import (
	"cmp"
	"slices"
	"time"
)

// What a check means where it is silent.
const (
	DefaultPodHeader = "X-Pod-Name"
	DefaultRate      = 100
	DefaultPool      = 32
	DefaultMethod    = "GET"
	// DefaultStreamTimeout is longer than the phases of a termination that it
	// must tell apart: an answer that hangs after a pod's address is gone is
	// seen as a timeout, not as the client's impatience.
	DefaultStreamTimeout = Duration(10 * time.Second)
	DefaultBaseline      = Duration(10 * time.Second)
	DefaultSettle        = Duration(10 * time.Second)
	DefaultTimeout       = Duration(5 * time.Minute)
	DefaultSignal        = SIGTERM
)

// WithDefaults fills what the check leaves open and gives the result; the
// receiver and what it points to stay as they are. A zero value counts as
// open, so values that a user gave are set after it, not before.
func (c Check) WithDefaults() Check {
	c.APIVersion = cmp.Or(c.APIVersion, APIVersion)
	c.Kind = cmp.Or(c.Kind, Kind)
	c.Metadata.Name = cmp.Or(c.Metadata.Name, c.Workload.Name)
	c.Target.Headers = slices.Clone(c.Target.Headers)
	if c.Target.TLS != nil {
		c.Target.TLS = new(*c.Target.TLS)
	}
	if c.Target.Via != nil {
		c.Target.Via = c.Target.Via.withDefaults()
	}
	c.Target.PodHeader = cmp.Or(c.Target.PodHeader, DefaultPodHeader)
	if c.Inside != nil {
		c.Inside = new(*c.Inside)
		c.Inside.Senders = cmp.Or(c.Inside.Senders, DefaultSenders)
	}
	if c.Prove != nil {
		c.Prove = new(*c.Prove)
		c.Prove.Confidence = cmp.Or(c.Prove.Confidence, DefaultConfidence)
		c.Prove.Within = cmp.Or(c.Prove.Within, DefaultWithin)
	}
	if c.Window == nil {
		c.Window = &Window{}
	}
	c.Window = new(*c.Window)
	c.Window.Rate = cmp.Or(c.Window.Rate, DefaultWindowRate)
	c.Timing.Baseline = cmp.Or(c.Timing.Baseline, DefaultBaseline)
	c.Timing.Settle = cmp.Or(c.Timing.Settle, DefaultSettle)
	c.Timing.Timeout = cmp.Or(c.Timing.Timeout, DefaultTimeout)

	// An empty list is not an open one: somebody wrote it.
	if c.Streams == nil {
		c.Streams = DefaultStreams()
	}
	c.Streams = slices.Clone(c.Streams)
	for i := range c.Streams {
		c.Streams[i] = c.Streams[i].withDefaults(c.Target)
	}

	if c.Disruptions == nil {
		c.Disruptions = []Disruption{{Restart: &Restart{}}}
	}
	c.Disruptions = slices.Clone(c.Disruptions)
	for i := range c.Disruptions {
		c.Disruptions[i] = c.Disruptions[i].withDefaults()
	}
	return c
}

// DefaultStreams are those of a check that names none: short requests on each kind
// of connection.
func DefaultStreams() []Stream {
	return []Stream{
		{Name: "short-new", Rate: DefaultRate, Connections: New},
		{Name: "short-reused", Rate: DefaultRate, Connections: Reused},
	}
}

func (s Stream) withDefaults(target Target) Stream {
	s = s.withKind()
	s.URL = cmp.Or(s.URL, target.URL)
	if s.Kind == GRPCCalls {
		s = s.withGRPC()
	}
	s.Protocol = cmp.Or(s.Protocol, HTTP1)
	s.Method = cmp.Or(s.Method, DefaultMethod)
	s.Timeout = cmp.Or(s.Timeout, DefaultStreamTimeout)
	if s.Connections == Reused {
		s.Pool = cmp.Or(s.Pool, DefaultPool)
	}
	s.Stages = slices.Clone(s.Stages)
	s.Headers = slices.Clone(s.Headers)
	if s.Body != nil {
		s.Body = new(*s.Body)
	}
	if s.Targets != nil {
		s.Targets = new(*s.Targets)
		s.Targets.Format = cmp.Or(s.Targets.Format, TargetsHTTP)
	}
	s.ExpectStatus = slices.Clone(s.ExpectStatus)
	s.Budget = s.Budget.clone()
	if s.ExpectBody != nil {
		s.ExpectBody = new(*s.ExpectBody)
	}
	return s
}

func (d Disruption) withDefaults() Disruption {
	d.Repeat = cmp.Or(d.Repeat, 1)
	d.Command = slices.Clone(d.Command)
	// Each kind is copied before it is filled: what the receiver points to is
	// somebody else's.
	if d.Scale != nil {
		d.Scale = new(*d.Scale)
		d.Scale.Restore = orTrue(d.Scale.Restore)
	}
	if d.Delete != nil {
		d.Delete = new(*d.Delete)
		d.Delete.Pods = cmp.Or(d.Delete.Pods, 1)
	}
	if d.Evict != nil {
		d.Evict = new(*d.Evict)
		d.Evict.Pods = cmp.Or(d.Evict.Pods, 1)
		d.Evict.WhenRefused = cmp.Or(d.Evict.WhenRefused, Wait)
	}
	if d.Drain != nil {
		d.Drain = new(*d.Drain)
		d.Drain.Node = cmp.Or(d.Drain.Node, OfAPod)
		d.Drain.Pods = cmp.Or(d.Drain.Pods, DrainWorkload)
		d.Drain.WhenRefused = cmp.Or(d.Drain.WhenRefused, Wait)
	}
	if d.Kill != nil {
		d.Kill = new(*d.Kill)
		d.Kill.Pods = cmp.Or(d.Kill.Pods, 1)
		d.Kill.Signal = cmp.Or(d.Kill.Signal, DefaultSignal)
		d.Kill.Via = cmp.Or(d.Kill.Via, ViaExec)
	}
	if d.Image != nil {
		d.Image = new(*d.Image)
		d.Image.Env = slices.Clone(d.Image.Env)
		d.Image.Restore = orTrue(d.Image.Restore)
	}
	return d
}

func orTrue(b *bool) *bool {
	if b == nil {
		return new(true)
	}
	return b
}
