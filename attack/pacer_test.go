package attack

import (
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// A single request that the stop came before is not missed, others are.
func TestWhatTheScheduleWanted(t *testing.T) {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		released     uint64
		onTime       bool
		stopped      time.Duration
		sent, wanted uint64
	}{
		"stopped before the next was due":  {98, true, 19500 * time.Millisecond, 98, 98},
		"stopped as one was let go":        {98, false, 19399 * time.Millisecond, 97, 97},
		"stopped as one was due":           {97, false, 19401 * time.Millisecond, 97, 97},
		"two are missing":                  {98, false, 19601 * time.Millisecond, 97, 99},
		"the workers were busy for long":   {41, false, 9900 * time.Millisecond, 40, 50},
		"stopped before anything was sent": {0, false, 0, 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := &pacer{schedule: newSchedule(began, check.Stream{Rate: 5}), released: tt.released, onTime: tt.onTime}
			if got := p.scheduled(began.Add(tt.stopped), tt.sent); got != tt.wanted {
				t.Errorf("%d, want %d", got, tt.wanted)
			}
		})
	}
}
