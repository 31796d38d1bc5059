package recording

import "strings"

// windowPrefix begins what the samples of a pod's window are recorded as. No stream is
// called so: its name is a DNS label.
const windowPrefix = "window/"

// WindowStream is the name under which the probes of a pod's own address are recorded, by
// the pod's UID. They count in nothing that a stream counts in.
func WindowStream(uid string) string { return windowPrefix + uid }

// WindowOf tells whose window is recorded under a name, if it is no stream's.
func WindowOf(name string) (uid string, probed bool) { return strings.CutPrefix(name, windowPrefix) }
