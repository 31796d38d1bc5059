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
	for _, ahead := range []time.Duration{-time.Second, 0, 1, time.Microsecond, 300 * time.Microsecond, closeBy, closeBy + 1, 7 * time.Millisecond} {
		moment := now().Add(ahead)
		if !alarm.wait(t.Context(), moment) || now().Before(moment) {
			t.Errorf("%v ahead: early by %v", ahead, moment.Sub(now()))
		}
		if alarm.nap == nil {
			t.Error("it took the machine's clock for one that is held")
		}
	}
}

func TestAlarmHearsAStop(t *testing.T) {
	for _, ahead := range []time.Duration{closeBy, time.Hour} {
		ctx, stop := context.WithCancel(t.Context())
		heard := make(chan bool)
		go func() { heard <- newAlarm(time.Now).wait(ctx, time.Now().Add(ahead)) }()
		stop()
		// A stop at the last moment may be overtaken by it.
		if on := <-heard; on && ahead > closeBy {
			t.Errorf("%v ahead: not heard", ahead)
		}
	}
}
