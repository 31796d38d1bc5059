package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A path of layer 4 leads a connection to one pod for as long as it lasts, so that the
// end which closes it tells whose all the answers on it were, though they name no pod:
// SIGKILL closes all connections of a pod at one moment.

// carried is what a kept connection had carried before a request failed on it: when its
// last two answered requests were sent; zero if there were fewer.
type carried struct{ before, last time.Time }

// carriers are the kept connections whose answers name no pod.
type carriers map[connection]carried

// carriersKept bounds them. A service that lets go of each connection soon has clients
// open as many as there are requests.
const carriersKept = 1 << 16

func (c carriers) answered(s *recording.Sample) {
	if s.Pod != "" || s.ConnPod != "" || s.Fresh() {
		return
	}
	at := connection{s.Stream, s.Conn}
	known, there := c[at]
	if there || len(c) < carriersKept {
		c[at] = carried{known.last, s.SentAt()}
	}
}

// of gives what the request's connection had carried, and forgets the connection.
func (c carriers) of(s *recording.Sample) carried {
	at := connection{s.Stream, s.Conn}
	defer delete(c, at)
	return c[at]
}
