package sender

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const nowhere = "http://web.example/" // a name, so that nobody asks for a way to it

func TestNobodyComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := servePipes(t)
		began := time.Now()
		if err := <-r.ended; err == nil || !strings.Contains(err.Error(), "no conductor came within 2m0s") {
			t.Error(err)
		}
		if took := time.Since(began); took != Patience {
			t.Errorf("it waited for %s", took)
		}
		if r.server.assign(testToken, assignment(nowhere, 0, 1)) == nil {
			t.Error("a conductor that was too late has a sender that has ended")
		}
	})
}

// Each request of the conductor's, and nobody else's, lets the sender go on.
func TestSilenceEndsTheSender(t *testing.T) {
	for name, tt := range map[string]struct {
		begin  func(*testing.T, *running)
		sooner string
	}{
		"assigned": {func(*testing.T, *running) {}, ""},
		"sending": {func(t *testing.T, r *running) {
			must(t)(r.Start(t.Context(), Start{At: time.Now().Add(time.Hour)}))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := servePipes(t)
				ok := must(t)
				ok(r.Assign(t.Context(), assignment(nowhere, 0, 1)))
				tt.begin(t, r)
				for range 10 {
					time.Sleep(Silence - time.Second)
					ok(r.Poll(t.Context(), Poll{}))
				}
				heard := time.Now()
				other := NewClient(r.dial, "another-token-of-somebody")
				defer other.Close()
				time.Sleep(Silence - time.Second)
				if _, err := other.Poll(t.Context(), Poll{}); err == nil {
					t.Error("a stranger was heard")
				}
				err := <-r.ended
				if err == nil || !strings.Contains(err.Error(), "the conductor was silent for 15s") {
					t.Error(err)
				}
				if took := time.Since(heard); took < Silence || took > Silence+leaving {
					t.Errorf("it went on for %s", took)
				}
			})
		})
	}
}

// A conductor that has all need not say goodbye; one that has not is missed.
func TestSilenceAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := servePipes(t)
		ok := must(t)
		ok(r.Assign(t.Context(), assignment(nowhere, 0, 1)))
		if status := ok(r.Stop(t.Context(), Stop{})); status.End == nil {
			t.Errorf("%+v", status)
		}
		heard := time.Now()
		if err := <-r.ended; err != nil {
			t.Error(err)
		}
		if took := time.Since(heard); took < Silence {
			t.Errorf("it waited for %s", took)
		}
	})
}
