package experiment

import (
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func TestDuration(t *testing.T) {
	const minute = check.Duration(time.Minute)
	restart := check.Disruption{Restart: &check.Restart{}}
	timing := check.Timing{Baseline: minute / 6, Settle: minute / 6, Timeout: 5 * minute}
	for want, c := range map[string]check.Check{
		"takes 20s and the time until the pods of 1 disruption have ended and been replaced; 9m20s at most, with the putting back": {
			Disruptions: []check.Disruption{restart},
		},
		"takes 1m40s and the time until the pods of 3 disruptions have ended and been replaced; 23m10s at most, with the putting back": {
			Disruptions: []check.Disruption{{Restart: restart.Restart, Repeat: 3, Pause: minute / 2}},
		},
		"takes 1m20s; 10m20s at most, with the putting back": {
			Disruptions: []check.Disruption{{Observe: &check.Observe{For: minute}}},
		},
		"takes 1h9m20s at most, with the putting back": {
			Disruptions: []check.Disruption{restart}, Soak: &check.Soak{Every: 10 * minute, For: 60 * minute},
		},
	} {
		c.Timing = timing
		if got := duration(c, 0, false); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}
