package sender

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/attack"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// shop is the host of the URLs, which no lookup finds.
const shop = "shop.invalid"

func named(t *testing.T, name string) (address string) {
	t.Helper()
	pod := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Pod-Name", name) }))
	t.Cleanup(pod.Close)
	at, err := url.Parse(pod.URL)
	if err != nil {
		t.Fatal(err)
	}
	return at.Host
}

// A sender dials the pods that it was told last, from when it was told on, each for as long
// as it was told; what comes late, with a lower number, changes nothing.
func TestBackends(t *testing.T) {
	a, b := named(t, "a"), named(t, "b")
	r := serveTCP(t, time.Now)
	if _, err := r.Backends(t.Context(), Backends{Number: 1}); err == nil {
		t.Error("it took backends before anything was assigned to it")
	}
	share := assignment("http://"+shop+"/", 0, 1)
	share.Target.Via = &check.Via{Lag: new(check.Duration(0)), CloseOnForget: new(true)}
	must(t)(r.Assign(t.Context(), share))
	long := map[string][]attack.Backend{shop: {{Address: a}}}
	for i := range 2000 {
		long["other"] = append(long["other"], attack.Backend{Address: fmt.Sprintf("10.0.%d.%d:8080", i/250, i%250)})
	}
	must(t)(r.Backends(t.Context(), Backends{Number: 2, Sets: long}))
	must(t)(r.Backends(t.Context(), Backends{Number: 1, Sets: map[string][]attack.Backend{shop: {{Address: b}}}}))
	start := r.started(t)
	r.until(t, "answered", func(s Status) bool { return s.Streams[0].OK > 5 && s.Streams[1].OK > 5 })
	forgets := time.Now().Add(300 * time.Millisecond)
	now := Backends{Number: 3, Sets: map[string][]attack.Backend{shop: {{Address: a, Until: forgets}, {Address: b, From: forgets.Add(200 * time.Millisecond)}}}}
	must(t)(r.Backends(t.Context(), now))
	must(t)(r.Backends(t.Context(), now))
	r.until(t, "answered by the other", func(s Status) bool { return len(s.Answered) == 2 })
	must(t)(r.Stop(t.Context(), Stop{}))
	all := samples(t, r.collect(t, r.untilEnded(t)))
	lost := 0
	for i := range all {
		s := &all[i]
		at, want := s.SentAt(), "a"
		if near := at.Sub(forgets).Abs(); near < 20*time.Millisecond || at.Sub(forgets.Add(200*time.Millisecond)).Abs() < 20*time.Millisecond {
			continue
		}
		switch {
		case at.After(forgets.Add(200 * time.Millisecond)):
			want = "b"
		case at.After(forgets):
			lost++
			if s.Class != recording.ClassNoBackend {
				t.Errorf("%s after the start: %+v", at.Sub(start.At), s)
			}
			continue
		}
		if s.Pod != want || s.Outcome != recording.OK {
			t.Errorf("%s after the start: %+v, want an answer of %s", at.Sub(start.At), s, want)
		}
	}
	if lost == 0 {
		t.Error("nothing was sent when no pod was known")
	}
}
