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
		if len(group) < 2 {
			continue
		}
		sharePod(group)
		var cut, held []time.Time
		for _, f := range group {
			if f.symptom == cutShort && f.brokenOff() {
				cut = append(cut, f.EndAt())
				if f.failure.wasHeld() {
					held = append(held, f.EndAt())
				}
			}
		}
		for _, f := range group {
			if f.disconnected() && f.Phase != recording.PhaseDial && f.Phase != recording.PhaseTLS && among(f.EndAt(), cut) {
				f.symptom, f.sharedHeld = cutShort, among(f.EndAt(), held)
			}
		}
	}
}

// among tells whether one of the moments is the same as this.
func among(when time.Time, moments []time.Time) bool {
	return slices.ContainsFunc(moments, func(m time.Time) bool { return when.Sub(m).Abs() <= sameMoment })
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
