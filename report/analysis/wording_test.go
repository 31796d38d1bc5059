package analysis

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Where nothing comes of the requests the reasons say why, in the error's own words.
func TestReasonsNameTheMostFrequentError(t *testing.T) {
	const (
		nobody  = "dial tcp 127.0.0.1:39999: connect: connection refused"
		noHost  = "lookup nosuch.demo.svc on 10.96.0.10:53: no such host"
		faulted = "stream short-new: %s failed on the client's own side (names, ports or descriptors)"
	)
	failed := func(n int) string {
		return fmt.Sprintf("the service failed %d of %d requests in the baseline, before anything was done to it", n, 500+n)
	}
	reset := func(port int) string {
		return fmt.Sprintf("read tcp 10.0.0.9:%d->10.96.0.20:80: read: connection reset by peer", port)
	}
	tests := []struct {
		name   string
		errors []string
		ours   bool // failures of this side
		want   string
	}{
		{"one", []string{nobody, nobody, nobody}, false, failed(3) + ": " + nobody},
		{"of several", []string{"EOF", nobody, nobody}, false, failed(3) + ", most often: " + nobody},
		{"as often as another", []string{nobody, "EOF"}, false, failed(2) + ", most often: EOF"},
		{"from another port each time", []string{reset(40001), reset(40002), "EOF"}, false, failed(3) + ", most often: read tcp 10.96.0.20:80: read: connection reset by peer"},
		{"a long one", []string{strings.Repeat("ä", 200)}, false, failed(1) + ": " + strings.Repeat("ä", 160) + "…"},
		{"no text", []string{"\xff"}, false, failed(1) + ": �"},
		{"none", []string{""}, false, failed(1)},
		{"of this side", []string{noHost, noHost}, true, fmt.Sprintf(faulted, "2 requests") + ": " + noHost},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil))
			lost := request{sent: second, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}
			if tt.ours {
				lost.phase, lost.class, lost.outcome = recording.PhaseResolve, recording.ClassResolve, recording.ClientFault
			}
			for _, words := range tt.errors {
				s.request(lost)
				s.samples[len(s.samples)-1].Error = words
			}
			if rep := s.analyze(t); rep.Reasons[0] != tt.want {
				t.Errorf("\n got %s\nwant %s", rep.Reasons[0], tt.want)
			}
		})
	}
}

// A server that says another thing each time does not fill the memory.
func TestWordingsAreBounded(t *testing.T) {
	w := wording{}
	for i := range 10_000 {
		w.take(fmt.Sprintf("error %d", i))
		w.take("EOF")
	}
	if len(w) > wordingsKept || w.told() != ", most often: EOF" {
		t.Errorf("%d are kept, told is %q", len(w), w.told())
	}
}
