package fleet

import (
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// interval bounds by how much a sender's clock is ahead of the run's.
type interval struct{ from, to time.Duration }

// offset is what one question and its answer tell: the sender's clock showed theirs at
// some time between the two.
func offset(theirs, asked, answered time.Time) interval {
	return interval{theirs.Sub(answered), theirs.Sub(asked)}
}

func (i interval) width() time.Duration  { return i.to - i.from }
func (i interval) middle() time.Duration { return i.from + i.width()/2 }

func (i interval) less(d time.Duration) interval { return interval{i.from - d, i.to - d} }

// narrowed is what all intervals allow. Where a clock has moved between two of them
// there is nothing that all do, and the narrowest one is the truest.
func narrowed(all []interval) interval {
	both, narrowest := all[0], all[0]
	for _, next := range all[1:] {
		both = interval{max(both.from, next.from), min(both.to, next.to)}
		if next.width() < narrowest.width() {
			narrowest = next
		}
	}
	if both.from > both.to {
		return narrowest
	}
	return both
}

// measured records the offset of a sender's clock.
func (i interval) measured(at time.Time, index int) recording.Action {
	return recording.Action{
		At: at, Kind: recording.ClockMeasured, Disruption: recording.NoDisruption, Sender: index,
		Clock: &recording.ClockOffset{From: check.Duration(i.from), To: check.Duration(i.to)},
	}
}
