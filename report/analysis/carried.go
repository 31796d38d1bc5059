package analysis

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A path of layer 4 leads a connection to one pod for as long as it lasts, so that the
// end which closes it tells whose all the answers on it were, though they name no pod:
// SIGKILL closes all connections of a pod at one moment.

// carried is what a kept connection had carried before a request failed on it: when its
// last two answered requests were sent, and the last of them was answered; zero if there
// were fewer. An error is an answer: somebody had read the request.
type carried struct{ before, last, answered time.Time }

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
		c[at] = carried{known.last, s.SentAt(), s.EndAt()}
	}
}

// failed gives what the failed request's connection had carried, and forgets the connection
// unless an error was answered on it.
func (c carriers) failed(s *recording.Sample) carried {
	at := connection{s.Stream, s.Conn}
	known := c[at]
	if s.Class.Answered() {
		c.answered(s)
	} else {
		delete(c, at)
	}
	return known
}
