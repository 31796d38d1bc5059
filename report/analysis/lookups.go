package analysis

import (
	"fmt"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// slowLookup is what a name server takes in no case but that of trouble: resolvers ask
// again after 5 s where a question or its answer was lost (resolv.conf(5), timeout).
const slowLookup = time.Second

// lookups sums up how the service's name was looked up. Whatever it takes is no
// doing of the workload's.
type lookups struct {
	slow    int
	longest time.Duration
}

func (l *lookups) take(s *recording.Sample) {
	if s.Lookup >= slowLookup {
		l.slow++
		l.longest = max(l.longest, s.Lookup)
	}
}

// warnings tells of the slow ones, and of who sent where that was late.
func (l *lookups) warnings(starved bool, who string) []report.Warning {
	if l.slow == 0 {
		return nil
	}
	fault := "name resolution, not the workload"
	if starved {
		fault = who + ", which was late, or name resolution, not the workload"
	}
	return []report.Warning{{Text: fmt.Sprintf("%s of the service's name took %s or longer, the longest %s: %s",
		text.Count(l.slow, "lookup"), slowLookup, text.Coarse(l.longest), fault)}}
}

// shortOfTime tells whether a lookup had left the request less time than answered
// ones of its stream took.
func (t *traffic) shortOfTime(f *failure) bool {
	return f.Class == recording.ClassTimeout && f.Lookup >= slowLookup && f.EndAt().Sub(f.DialledAt()) <= t.stream(f.Stream).longest
}
