package analysis

import (
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// bodiesCut tells how far the answers came whose body was cut; empty if none was.
func bodiesCut(members []*failure) string {
	var cut int
	var least, most int64
	var first, last time.Duration
	for _, m := range members {
		if m.Phase != recording.PhaseBody {
			continue
		}
		after := m.End - m.Sent
		if cut == 0 {
			least, first = m.BytesIn, after
		}
		cut++
		least, most = min(least, m.BytesIn), max(most, m.BytesIn)
		first, last = min(first, after), max(last, after)
	}
	if cut == 0 {
		return ""
	}
	bytes, took := text.Count(int(most), "byte"), text.Coarse(last)
	if least != most {
		bytes = fmt.Sprintf("%d to %s", least, bytes)
	}
	if text.Coarse(first) != took {
		took = text.Coarse(first) + " to " + took
	}
	return fmt.Sprintf("%s cut in the body, after %s and %s", text.Count(cut, "answer"), bytes, took)
}
