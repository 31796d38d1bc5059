package fleet

import "strings"

// lastLine is that of a container's termination message which tells of its end, as the
// message may be the end of a log: the one on which Go's runtime gives up, else the last.
func lastLine(message string) string {
	last := ""
	for line := range strings.Lines(message) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return line
		}
		if line != "" {
			last = line
		}
	}
	return last
}
