package analysis

import "github.com/shutdowncheck/shutdowncheck/recording"

// unwritten tells of a request whose time was up before this machine had written it. On a
// new connection the send buffer is empty, and holds a head whatever the other side does
// (tcp(7), SO_SNDBUF): only who has no processor time takes long to fill it.
func (t *traffic) unwritten(f *failure) bool {
	return f.Class == recording.ClassTimeout && f.Phase == recording.PhaseWrite && f.Fresh() && t.stream(f.Stream).bodiless
}

// ofOwnMaking tells of a failure that the lookup or this machine may have made alone.
func (t *traffic) ofOwnMaking(f *failure) bool { return t.shortOfTime(f) || t.unwritten(f) }
