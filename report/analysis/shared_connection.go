package analysis

import (
	"slices"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// HTTP/2 has several requests at a time on one connection (RFC 9113, section 5). What ended
// with it at one moment ended for one reason: where a pod was at work on one of them, the
// connection was no idle one that was closed as another request came in, and the door that
// it had come through was open. Over HTTP/1.1 a connection fails one request at the most, so
// that none speaks for another.

// shareConnections lets requests that failed on one connection speak for each other: that
// it was cut while it was in use, and whose it was. A proxy's connection is nobody's.
func shareConnections(all []examined) {
	type shared struct {
		sender int
		connection
	}
	groups := map[shared][]*examined{}
	for i := range all {
		if f := &all[i]; f.Conn != 0 && !f.proxied {
			at := shared{f.Sender, connection{f.Stream, f.Conn}}
			groups[at] = append(groups[at], f)
		}
	}
	for _, group := range groups {
		if len(group) > 1 {
			sharePod(group)
			shareEnd(group)
		}
	}
}

// shareEnd lets those that ended with their connection, while a pod was at work on others of
// it, be such as well. An answer whose body is cut tells of the connection's end over HTTP/1.1
// alone: over HTTP/2 its stream may have ended too early and the connection gone on (RFC
// 9113, section 8.1.1), so that of a server whose bodies are cut at other times, too, they
// tell nothing of the moment at which the connection ended.
func shareEnd(group []*examined) {
	var ends, cut, held moments
	for _, f := range group {
		if f.disconnected() && f.Class != recording.ClassBodyCut {
			ends = append(ends, f.EndAt())
		}
	}
	ends.sort()
	truncates := slices.ContainsFunc(group, func(f *examined) bool {
		return f.Class == recording.ClassBodyCut && !ends.near(f.EndAt())
	})
	for _, f := range group {
		if f.symptom != cutShort || !f.brokenOff() || truncates && f.Class == recording.ClassBodyCut {
			continue
		}
		cut = append(cut, f.EndAt())
		if f.failure.wasHeld() {
			held = append(held, f.EndAt())
		}
	}
	cut.sort()
	held.sort()
	for _, f := range group {
		if f.disconnected() && f.Phase != recording.PhaseDial && f.Phase != recording.PhaseTLS && cut.near(f.EndAt()) {
			f.symptom, f.sharedHeld = cutShort, held.near(f.EndAt())
		}
	}
}

// moments are times in their order.
type moments []time.Time

func (m moments) sort() { slices.SortFunc(m, time.Time.Compare) }

// near tells whether one of them is the same as this.
func (m moments) near(when time.Time) bool {
	i, _ := slices.BinarySearchFunc(m, when.Add(-sameMoment), time.Time.Compare)
	return i < len(m) && !m[i].After(when.Add(sameMoment))
}

// sharePod names the pod of those that name none, where the others name but one.
func sharePod(group []*examined) {
	var only *life
	for _, f := range group {
		switch {
		case f.life == nil:
		case only == nil:
			only = f.life
		case only != f.life:
			return
		}
	}
	for _, f := range group {
		if f.life == nil && f.Pod == "" {
			f.life = only
		}
	}
}

// disconnected tells that the request failed because its connection ended.
func (f *examined) disconnected() bool {
	return slices.Contains([]recording.Class{recording.ClassReset, recording.ClassEOF, recording.ClassBodyCut}, f.Class)
}
