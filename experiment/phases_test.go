package experiment

import (
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func TestUntilFollowed(t *testing.T) {
	now := time.Unix(1000, 0)
	for name, tt := range map[string]struct {
		since time.Time
		want  time.Duration
	}{
		"Ready for long":          {now.Add(-time.Hour), 0},
		"Ready a second ago":      {now.Add(-time.Second), 2 * time.Second},
		"not known":               {time.Time{}, 0},
		"a clock that runs ahead": {now.Add(time.Hour), 3 * time.Second},
	} {
		if got := untilFollowed(tt.since, now); got != check.Duration(tt.want) {
			t.Errorf("%s: %s, want %s", name, time.Duration(got), tt.want)
		}
	}
}
