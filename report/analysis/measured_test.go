package analysis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// lookedUp lets the last request have its connection only so long after it was sent.
func (s *scenario) lookedUp(took time.Duration) *scenario {
	last := &s.samples[len(s.samples)-1]
	last.Acquired, last.Written = took, took
	return s
}

// The numbers of a fix are those that its words give reasons for.
func TestWhatTheNumbersOfAFixRestOn(t *testing.T) {
	vanished := request{sent: 9500 * ms, took: 10 * second, phase: recording.PhaseDial, class: recording.ClassTimeout}
	own := request{stream: "short-reused", sent: 6250 * ms, took: 12 * ms, connPod: "web-1", served: 3, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	led := func(sent, took time.Duration) request {
		return request{sent: sent, took: took, pod: "web-1", phase: recording.PhaseBody, class: recording.ClassBodyCut, status: 200}
	}
	long := request{sent: 10 * second, took: 3 * second, pod: "web-2"}
	slept := func(by time.Duration, r request) request {
		r.sent += by
		return r
	}
	tests := []struct {
		name  string
		with  *death
		lost  []request
		cause report.Cause
		patch string // the preStop sleep in it, empty for none
		says  string
		not   string
	}{
		{
			"what is not sure makes no number", abrupt(),
			[]request{vanished},
			report.ListenerClosedEarly,
			"", "a preStop sleep of some seconds (the losses are not sure enough to tell how many)", "kubelet",
		},
		{
			"what is not sure makes none longer", abrupt(),
			[]request{refused, vanished},
			report.ListenerClosedEarly,
			`"seconds":3`, "was sent 250ms after the kubelet began to stop the pod; 2s are added for slower moments. Left out of the number: 1 request, sent up to 3.25s after", "",
		},
		{
			"what is sure does", abrupt(),
			[]request{refused, {sent: 7350 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}},
			report.ListenerClosedEarly,
			`"seconds":4`, "was sent 1.1s after", "eft out",
		},
		{
			"what comes long after the slice, to a pod that was in use until then", withHook(abrupt(), 5*second),
			[]request{{sent: 11 * second, took: 20 * ms, pod: "web-1"}, slept(5*second, refused)},
			report.ListenerClosedEarly,
			`"seconds":8`, "It came 5.28s after the pod had left its EndpointSlice, and a kube-proxy on a node that is not busy takes 1.5s at the most", "",
		},
		{
			"the lag of another cause has its words", abrupt(),
			[]request{refused, {sent: 7350 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}, own},
			report.NoDrain,
			`"seconds":4`, "a preStop sleep of 4 s; the patch adds it", "",
		},
		{
			"no sleep saves what is under way on kept connections", abrupt(),
			[]request{own},
			report.NoDrain,
			"", "A preStop sleep does not do instead: requests on kept connections go on coming", "sleep of",
		},
		{
			"nor what takes longer than it", abrupt(),
			[]request{led(3*second, 3262*ms)},
			report.NoDrain,
			"", "A preStop sleep does not do instead: a request that takes longer", "sleep of",
		},
		{
			"nor what would more likely have taken longer", abrupt(),
			append(slices.Repeat([]request{long}, 12), led(6240*ms, 22*ms)),
			report.NoDrain,
			"", "A preStop sleep does not do instead: a request that takes longer", "kept connections go on",
		},
		{
			"that one answer took longer says little", abrupt(),
			[]request{long, led(6240*ms, 22*ms)},
			report.NoDrain,
			`"seconds":2`, "It saves short requests", "not do instead",
		},
		{
			"it saves what is short and was led there just then", abrupt(),
			[]request{led(6240*ms, 22*ms)},
			report.NoDrain,
			`"seconds":2`, "a preStop sleep of 2 s; the patch adds it. It saves short requests", "not do instead",
		},
		{
			"a sleep that is long enough stays", withHook(abrupt(), 3*second),
			[]request{slept(3*second, own)},
			report.NoDrain,
			"", "Its preStop sleep of 3s is long enough", "patch",
		},
		{
			"one that is too short does not", withHook(abrupt(), second),
			[]request{{sent: 7350 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}},
			report.ListenerClosedEarly,
			`"seconds":4`, "a preStop sleep of 4 s", "long enough",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", tt.with).pod("web-2", nil).pod("web-3", nil))
			for _, r := range tt.lost {
				s.request(r)
			}
			rep := s.analyze(t)
			fix := fixOf(t, rep, tt.cause)
			if (tt.patch == "") != (fix.Patch == "") || !strings.Contains(fix.Patch, tt.patch) {
				t.Errorf("patch %q, want %s (%s)", fix.Patch, tt.patch, summary(rep))
			}
			if !strings.Contains(fix.Text, tt.says) || tt.not != "" && strings.Contains(fix.Text, tt.not) {
				t.Errorf("it says %q, want %q without %q", fix.Text, tt.says, tt.not)
			}
		})
	}
}

func fixOf(t *testing.T, rep *report.Report, cause report.Cause) report.Fix {
	t.Helper()
	for _, f := range rep.Findings {
		if f.Cause == cause {
			return f.Fix
		}
	}
	t.Fatalf("no %s in %s", cause, summary(rep))
	return report.Fix{}
}

// What nobody was ready for does not show that a proxy still sent to the pod.
func TestNoCapacityIsNoLag(t *testing.T) {
	early := &death{deleted: 6 * second, killing: 6050 * ms, exited: 6060 * ms, left: 6220 * ms, gone: 7500 * ms, grace: 30 * second, code: 2}
	s := newScenario().pod("web-1", early).traffic(0, 6050*ms, "web-1").steady(12 * second)
	s.request(request{sent: 6120 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
	s.request(request{sent: 9 * second, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
	fix := fixOf(t, s.analyze(t), report.ListenerClosedEarly)
	if !strings.Contains(fix.Text, "a preStop sleep of 3 s. The last request that was turned away was sent 70ms after") {
		t.Errorf("it says %q", fix.Text)
	}
}

// How long a request takes counts from its connection on: a lookup or a dial of
// seconds keeps no pod busy.
func TestALookupIsNoLongRequest(t *testing.T) {
	s := undisturbed(newScenario().pod("web-1", abrupt()).pod("web-2", nil).pod("web-3", nil))
	s.request(request{sent: 10 * second, took: 5030 * ms, pod: "web-2"}).lookedUp(5 * second)
	s.request(request{sent: 4250 * ms, took: 2012 * ms, pod: "web-1", phase: recording.PhaseBody, class: recording.ClassBodyCut, status: 200}).lookedUp(1900 * ms)
	rep := s.analyze(t)
	if fix := fixOf(t, rep, report.NoDrain); !strings.Contains(fix.Text, "up to 30ms was seen here") {
		t.Errorf("it says %q", fix.Text)
	}
	if said := strings.Join(rep.Findings[0].Evidence, "\n"); !strings.Contains(said, "after 0 bytes and 112ms") || !strings.Contains(said, "the oldest under way for 112ms") {
		t.Errorf("the evidence is %q", said)
	}
}

// A grace that was too little is not proposed again, and the words say so.
func TestAGraceThatWasTooLittle(t *testing.T) {
	s := undisturbed(newScenario().pod("web-1", killed()).pod("web-2", nil).pod("web-3", nil))
	s.request(request{sent: 6500 * ms, took: 2760 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF}).lookedUp(2500 * ms)
	fix := fixOf(t, s.analyze(t), report.GraceTooShort)
	if want := "Set terminationGracePeriodSeconds to 4: 250ms in which requests still came after the stop had begun, at least 260ms for the longest request (it was cut, and takes longer), and 3s to spare; but 3s were too little."; !strings.HasPrefix(fix.Text, want) {
		t.Errorf("it says %q", fix.Text)
	}
}
