// Package witness compares the pods that a report names for its failed requests
// with what the services themselves logged: which pod really had the connection.
// It shares nothing with the rules by which the report was made.
package witness

import (
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/victim"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// Tally counts the failed requests that a report lists. Of those placed each is
// right, wrong or unnamed. One that reached no process is not placed: no log
// knows of it.
type Tally struct {
	Listed int `json:"listed"`
	// Placed are those whose pod the logs tell.
	Placed int `json:"placed"`
	// Right are those whose pod is among the named ones, Sole the part of them
	// for which no other is named.
	Right int `json:"right"`
	Sole  int `json:"sole"`
	// Wrong are those for which only other pods are named, WrongCertain the
	// part of them whose cause is called certain.
	Wrong        int `json:"wrong"`
	WrongCertain int `json:"wrongCertain"`
	// Unnamed are those for which the report names no pod.
	Unnamed int `json:"unnamed"`
}

// Add adds up the tallies of several runs.
func (t *Tally) Add(other Tally) {
	t.Listed += other.Listed
	t.Placed += other.Placed
	t.Right += other.Right
	t.Sole += other.Sole
	t.Wrong += other.Wrong
	t.WrongCertain += other.WrongCertain
	t.Unnamed += other.Unnamed
}

// request names a request of a run.
type request struct {
	stream string
	seq    uint64
}

// use is one request that a pod read from a client port.
type use struct {
	at  time.Time
	pod string
}

// Logs is what the services logged of a run's requests.
type Logs struct {
	readBy map[request]use
	// ports are the uses of each client port, the earliest first.
	ports map[uint16][]use
}

// ReadLogs takes the events of one run: those from its beginning to its end.
// Requests that carry no stream are probes.
func ReadLogs(events []victim.Event, from, to time.Time) *Logs {
	l := &Logs{readBy: map[request]use{}, ports: map[uint16][]use{}}
	for _, e := range events {
		if e.Event != victim.RequestStart || e.Request.Stream == "" || e.Time.Before(from) || e.Time.After(to) {
			continue
		}
		seq, err := strconv.ParseUint(e.Request.Seq, 10, 64)
		if err != nil {
			continue
		}
		u := use{at: e.Request.Started, pod: e.Pod}
		l.readBy[request{e.Request.Stream, seq}] = u
		if _, text, err := net.SplitHostPort(e.Request.Remote); err == nil {
			if port, err := strconv.ParseUint(text, 10, 16); err == nil {
				l.ports[uint16(port)] = append(l.ports[uint16(port)], u)
			}
		}
	}
	for _, uses := range l.ports {
		slices.SortFunc(uses, func(a, b use) int { return a.at.Compare(b.at) })
	}
	return l
}

// connection is one connection of a stream.
type connection struct {
	stream string
	id     uint64
}

// Places tells for each failed sample the pod that had its connection.
type Places map[request]string

// Place finds the pods: the one that read the request itself, or else the one
// that read the last request before it on the same connection, by client port
// and time.
func Place(samples []recording.Sample, logs *Logs) Places {
	began := map[connection]time.Time{}
	for i := range samples {
		s := &samples[i]
		c := connection{s.Stream, s.Conn}
		if first, known := began[c]; s.Conn != 0 && (!known || s.SentAt().Before(first)) {
			began[c] = s.SentAt()
		}
	}
	places := Places{}
	for i := range samples {
		s := &samples[i]
		if s.Outcome != recording.Failed {
			continue
		}
		r := request{s.Stream, s.Seq}
		if u, read := logs.readBy[r]; read {
			places[r] = u.pod
		} else if s.Served > 0 {
			if pod, known := logs.holder(s.LocalPort, began[connection{s.Stream, s.Conn}], s.EndAt()); known {
				places[r] = pod
			}
		}
	}
	return places
}

// holder gives the pod that last read a request from a client port within a
// connection's life.
func (l *Logs) holder(port uint16, from, to time.Time) (pod string, known bool) {
	for _, u := range l.ports[port] {
		if !u.at.Before(from) && !u.at.After(to) {
			pod, known = u.pod, true
		}
	}
	return pod, known
}

// Compare counts how far the report names the pods that the logs tell.
func Compare(r *report.Report, places Places) Tally {
	t := Tally{Listed: len(r.Failures)}
	for i := range r.Failures {
		f := &r.Failures[i]
		pod, placed := places[request{f.Stream, f.Seq}]
		if !placed {
			continue
		}
		t.Placed++
		switch {
		case len(f.Pods) == 0:
			t.Unnamed++
		case slices.Contains(f.Pods, pod):
			t.Right++
			if len(f.Pods) == 1 {
				t.Sole++
			}
		default:
			t.Wrong++
			if certain(r, f) {
				t.WrongCertain++
			}
		}
	}
	return t
}

// certain tells whether a finding to which the failure belongs is called
// certain. A failure does not say which finding that is; where it fits several,
// the strongest counts.
func certain(r *report.Report, f *report.Failure) bool {
	return slices.ContainsFunc(r.Findings, func(finding report.Finding) bool {
		return finding.Confidence == report.Certain && finding.Cause == f.Cause &&
			slices.Contains(finding.Streams, f.Stream) &&
			!slices.ContainsFunc(f.Pods, func(pod string) bool { return !slices.Contains(finding.Pods, pod) })
	})
}
