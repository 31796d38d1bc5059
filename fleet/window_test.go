package fleet

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// One sender asks the pods; when it is lost, the next one goes on.
func TestOneSenderAsksThePods(t *testing.T) {
	var asked atomic.Int64
	pod := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("X-Pod-Name", "web-7")
	}))
	defer pod.Close()
	c := newCluster(t)
	cfg, got := config(t, c, target(t, 0).URL, 2)
	f := launched(t, cfg)
	one := sender.ProbedPod{UID: "u", Address: pod.Listener.Addr().String()}

	if tried, _ := f.Tried(); tried != nil {
		t.Errorf("tried %+v before anybody was to", tried)
	}
	f.Probe(sender.Window{Number: 1, Rate: 20, Try: &one})
	until(t, "the try", func() bool { tried, _ := f.Tried(); return tried != nil })
	if tried, by := f.Tried(); tried.UID != "u" || tried.Problem != "" || tried.Pod != "web-7" || by != 0 {
		t.Errorf("%+v by %d", tried, by)
	}
	f.Probe(sender.Window{Number: 2, Rate: 20, Ending: []sender.ProbedPod{one}})
	until(t, "the first requests", func() bool { return asked.Load() > 3 })
	c.mu.Lock()
	c.senders[podName(0)].end()
	c.mu.Unlock()
	until(t, "the loss", func() bool { return len(got.of(recording.SenderLost)) > 0 })
	before := asked.Load()
	until(t, "the next sender's requests", func() bool { return asked.Load() > before+3 })
	f.Probe(sender.Window{Number: 3, Rate: 20})

	end, err := f.Stop(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	by := map[int]int{}
	for _, s := range got.samples(t, end)[recording.WindowStream("u")] {
		by[s.Sender]++
		if s.Outcome != recording.OK && s.Outcome != recording.Unfinished {
			t.Errorf("%+v", s)
		}
	}
	if by[0] == 0 || by[1] == 0 || len(by) != 2 {
		t.Errorf("the requests by sender are %v", by)
	}
}

// A sender that cannot take a list keeps its load.
func TestAListThatIsNotTakenLosesNobody(t *testing.T) {
	c := newCluster(t)
	cfg, got := config(t, c, target(t, 0).URL, 1)
	f := launched(t, cfg)
	f.Probe(sender.Window{Number: 1, Rate: -1})
	sent := f.Counts(t.Context())[0].Sent
	until(t, "more traffic", func() bool { return f.Counts(t.Context())[0].Sent > sent+100 })
	if lost := got.of(recording.SenderLost); len(lost) > 0 {
		t.Errorf("lost %+v", lost)
	}
	if _, err := f.Stop(t.Context(), false); err != nil {
		t.Error(err)
	}
}
