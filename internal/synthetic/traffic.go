package synthetic

import (
	"math/rand/v2"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// traffic is one stream's requests. Its times have the spread of real ones: all
// but their highest bits are noise.
type traffic struct {
	*script
	random *rand.Rand
	stream string
	// offset is by how much its schedule is behind the run's beginning.
	offset time.Duration
	// kept are the connections of a stream that reuses them; nil for new ones.
	kept []kept
	// conns counts the connections that were made.
	conns uint64
	// over counts the pods, from the first, that no request is sent to any more.
	over int
}

// kept is a connection that is used again.
type kept struct {
	conn   uint64
	served uint32
	port   uint16
	pod    *life
}

// spread is a time of at least least, and twice or thrice that now and then.
func (t *traffic) spread(least time.Duration) time.Duration {
	return least + time.Duration(t.random.ExpFloat64()*float64(least)/3)
}

func (t *traffic) next(seq uint64) recording.Sample {
	due := t.offset + time.Duration(float64(seq)/t.Rate*float64(time.Second))
	sample := recording.Sample{
		Stream: t.stream, Seq: seq, Scheduled: began.Add(due), Sent: t.spread(40 * time.Microsecond), Resolved: recording.NotReached, RemoteAddr: "127.0.0.1:30080",
	}
	senders := max(1, t.Senders)
	sample.Sender = int(seq) % senders
	sent := due + sample.Sent
	var pod *life
	if t.kept == nil {
		pod = t.route(sent)
		t.conns++
		sample.Conn, sample.LocalPort = t.conns, t.port()
		sample.Acquired = sample.Sent + t.spread(120*time.Microsecond)
	} else {
		// Each sender has its part of the connections.
		c := &t.kept[t.random.IntN(len(t.kept)/senders)*senders+sample.Sender]
		sample.Acquired = sample.Sent + t.spread(2*time.Microsecond)
		if c.pod == nil {
			t.conns++
			*c = kept{conn: t.conns, port: t.port(), pod: t.route(sent)}
			sample.Acquired += t.spread(120 * time.Microsecond)
		} else {
			sample.ConnPod = c.pod.name
		}
		pod = c.pod
		sample.Conn, sample.Served, sample.LocalPort = c.conn, c.served, c.port
		if c.served++; sent >= pod.sigterm {
			c.pod = nil // it is found closed, and replaced before its next use
		}
	}
	sample.Written = sample.Acquired + t.spread(15*time.Microsecond)
	answered := sample.Written + t.spread(12*time.Millisecond)
	if due+answered < pod.sigterm {
		sample.FirstByte, sample.End = answered, answered+t.spread(30*time.Microsecond)
		sample.Outcome, sample.Status, sample.BytesIn, sample.Pod = recording.OK, 200, 17, pod.name
		return sample
	}
	sample.FirstByte = recording.NotReached
	sample.End = max(sample.Written, pod.sigterm-due) + t.spread(200*time.Microsecond)
	sample.Outcome, sample.Phase, sample.Class, sample.Error = recording.Failed, recording.PhaseFirstByte, recording.ClassEOF, "EOF"
	sample.Maskable = sample.Served > 0
	return sample
}

func (t *traffic) port() uint16 { return uint16(32768 + t.random.IntN(28232)) }

// route picks one of the pods that are in rotation.
func (t *traffic) route(at time.Duration) *life {
	for t.lives[t.over].dropped < at-time.Second {
		t.over++
	}
	var up []*life
	for n := t.over; n < len(t.lives) && t.lives[n].ready <= at; n++ {
		if at < t.lives[n].dropped {
			up = append(up, &t.lives[n])
		}
	}
	return up[t.random.IntN(len(up))]
}
