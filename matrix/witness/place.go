package witness

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// read is a request that a pod had read.
type read struct {
	at  time.Time
	pod string
	// port is the client's, as the pod saw it; 0 where that is not known.
	port uint16
	id   recording.TraceID
}

// request names a request of a run.
type request struct {
	stream string
	seq    uint64
}

// connection is one connection of a stream.
type connection struct {
	stream string
	id     uint64
}

// places tells for each failed sample the pod that had it or its connection.
type places map[request]string

// place finds the pods: the one that read the request itself, or else the one that
// read others of the same connection. It had the connection where it saw the port that
// they were sent from; behind a proxy it sees the proxy's.
func (h *heard) place() places {
	readOf := h.byRequest()
	holders := map[connection]string{}
	for i := range h.samples {
		s := &h.samples[i]
		if r, known := readOf(s); known && s.Conn != 0 && r.port == s.LocalPort {
			holders[connection{s.Stream, s.Conn}] = r.pod
		}
	}
	placed := places{}
	for i := range h.samples {
		s := &h.samples[i]
		if s.Outcome != recording.Failed {
			continue
		}
		if r, known := readOf(s); known {
			placed[request{s.Stream, s.Seq}] = r.pod
		} else if pod, known := holders[connection{s.Stream, s.Conn}]; known {
			placed[request{s.Stream, s.Seq}] = pod
		}
	}
	return placed
}
