package attack

import (
	"context"
	"testing"
	"time"
)

func TestAlarmIsNeverEarly(t *testing.T) {
	origin := time.Now()
	now := func() time.Time { return origin.Add(time.Since(origin)) }
	alarm := newAlarm(now)
	for _, ahead := range []time.Duration{-time.Second, 0, 1, time.Microsecond, 300 * time.Microsecond, timerSlack, timerSlack + 1, 7 * time.Millisecond} {
		moment := now().Add(ahead)
		if !alarm.wait(t.Context(), moment) || now().Before(moment) {
			t.Errorf("%v ahead: early by %v", ahead, moment.Sub(now()))
		}
		if alarm.sleepPrecisely == nil {
			t.Error("it took the machine's clock for one that is held")
		}
	}
}

func TestAlarmHearsAStop(t *testing.T) {
	for _, ahead := range []time.Duration{timerSlack, time.Hour} {
		ctx, stop := context.WithCancel(t.Context())
		reads := make(chan bool)
		go func() { reads <- newAlarm(time.Now).wait(ctx, time.Now().Add(ahead)) }()
		stop()
		// A stop at the last moment may be overtaken by it.
		if on := <-reads; on && ahead > timerSlack {
			t.Errorf("%v ahead: not reads", ahead)
		}
	}
}
