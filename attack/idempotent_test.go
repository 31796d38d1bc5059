package attack

import (
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Only what net/http would have sent again is maskable.
func TestWhatIsMaskable(t *testing.T) {
	for _, tt := range []struct {
		method   string
		header   string
		maskable bool
	}{
		{"GET", "", true},
		{"HEAD", "", true},
		{"OPTIONS", "", true},
		{"POST", "", false},
		{"PUT", "", false},
		{"DELETE", "", false},
		{"POST", "idempotency-key", true},
		{"PUT", "X-Idempotency-Key", true},
	} {
		server := serve(t, false, func(v *visit) {
			v.request()
			if v.last.Method == "HEAD" {
				v.say("HTTP/1.1 200 OK\r\n\r\n")
			} else {
				v.answer()
			}
			v.request()
		})
		sink := &samples{}
		s := streamWith(t, server, sink, check.Target{}, func(s *check.Stream) {
			s.Method = tt.method
			if tt.header != "" {
				s.Headers = []check.Header{{Name: tt.header, Value: "1"}}
			}
		})
		got := send(t, s, sink, 2)[1]
		if got.Outcome != recording.Failed || got.Served != 1 || got.Maskable != tt.maskable {
			t.Errorf("%s %s: %+v", tt.method, tt.header, got)
		}
	}
}
