package check

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// StreamKind is what a stream is there to prove, and so what of it has to be seen
// at the end of each pod before a run may pass.
type StreamKind string

const (
	// Short is a stream whose requests shall be answered by each pod until
	// shortly before its end.
	Short StreamKind = "short"
	// Slow is a stream of which requests shall be under way in each pod at the
	// moment at which its end begins.
	Slow StreamKind = "slow"
	// Streaming is a stream of which answers shall be on their way from each pod
	// at that moment: begun, and not yet at their end.
	Streaming StreamKind = "streaming"
	// GRPCCalls is a stream of gRPC calls, of which is asked what is of Short.
	GRPCCalls StreamKind = "grpc"
)

// What a stream of long requests means where it is silent.
const (
	// DefaultLongRate keeps some 8 requests of 5 s under way in each of 3 pods.
	DefaultLongRate = 5
	// DefaultLongTimeout is longer than most answers take.
	DefaultLongTimeout = Duration(time.Minute)
)

var streamKinds = []StreamKind{Short, Slow, Streaming, GRPCCalls}

// Long tells whether the stream's requests are there to be under way when a pod
// ends.
func (k StreamKind) Long() bool { return k == Slow || k == Streaming }

// withKind fills what the kind decides.
func (s Stream) withKind() Stream {
	s.Kind = cmp.Or(s.Kind, Short)
	if s.Kind.Long() {
		s.Rate = cmp.Or(s.Rate, DefaultLongRate)
		s.Connections = cmp.Or(s.Connections, New)
		s.Timeout = cmp.Or(s.Timeout, DefaultLongTimeout)
	}
	return s
}

func (s Stream) validateKind(at string, p *problems) {
	switch {
	case !slices.Contains(streamKinds, s.Kind):
		p.add(at+".kind", "%q; want %s, %s, %s or %s", string(s.Kind), Short, Slow, Streaming, GRPCCalls)
	case s.Kind == Streaming && s.Targets == nil && s.Method == http.MethodHead:
		p.add(at+".kind", "the answer to a HEAD has no body that could be on its way; want another method, or %s", Slow)
	}
}
