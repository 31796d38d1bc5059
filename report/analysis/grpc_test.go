package analysis

import (
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// An answer of gRPC that says that the call failed is an error, whatever its HTTP status,
// and is told in its own words.
func TestAFailedCallIsAnError(t *testing.T) {
	for pod, want := range map[string]string{
		"web-1": "failed; 1 errors-while-draining (certain) [web-1] between SIGTERM and exit",
		"web-2": "failed; 1 unknown",
	} {
		s := undisturbed(newScenario().pod("web-1", lingering(0)).pod("web-2", nil).pod("web-3", nil))
		s.request(request{sent: 6900 * ms, took: 2 * ms, pod: pod, phase: recording.PhaseDone, class: recording.ClassGRPCStatus, status: 200})
		s.samples[len(s.samples)-1].Error = "grpc-status 14 (UNAVAILABLE)"
		rep := s.analyze(t)
		if got := summary(rep); !strings.HasPrefix(got, want) {
			t.Errorf("of %s\n got %s\nwant %s", pod, got, want)
		}
		if evidence := strings.Join(rep.Findings[0].Evidence, "; "); !strings.Contains(evidence, "1 × status 200 with grpc-status 14 (UNAVAILABLE)") {
			t.Errorf("of %s: %s", pod, evidence)
		}
	}
}

// Streams to a server of gRPC are warned of, pass or not.
func TestStreamsOfPlainHTTPAreNoCheckOfGRPC(t *testing.T) {
	for _, grpc := range []bool{false, true} {
		s := sound()
		s.ending = &recording.Ending{At: after(60 * second), Streams: []recording.StreamEnd{{Name: "short-new", GRPC: grpc, Sent: uint64(countFunc(s.samples, func(s recording.Sample) bool { return s.Stream == "short-new" }))}}}
		rep := s.analyze(t)
		warned := countFunc(rep.Warnings, func(w report.Warning) bool {
			return strings.HasPrefix(w.Text, "answers of short-new are those of gRPC, and were judged by their grpc-status, too.")
		})
		if (warned == 1) != grpc || rep.Verdict != report.Passed {
			t.Errorf("gRPC %t: %s, %+v", grpc, rep.Verdict, rep.Warnings)
		}
	}
}
