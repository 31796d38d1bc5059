package analysis

import (
	"os"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
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

// calling has streams of the check speak HTTP/2 or make calls of gRPC.
func calling(s *scenario, kinds ...string) *scenario {
	for i, kind := range kinds {
		switch stream := &s.header.Check.Streams[i]; kind {
		case "grpc":
			stream.Kind, stream.Protocol = check.GRPCCalls, check.H2C
		case "h2c":
			stream.Protocol = check.H2C
		}
	}
	return s
}

// A fix says how clients are told to let go of a connection in the protocol that they speak,
// and what the libraries of gRPC have for it where calls of gRPC were lost.
func TestFixesSpeakTheProtocolThatWasLost(t *testing.T) {
	const header, goaway, either, libraries = `"Connection: close"`, "GOAWAY", `"Connection: close" (over HTTP/2: a GOAWAY)`, "GracefulStop"
	inFlight := func(stream string) request {
		return request{stream: stream, sent: 6060 * ms, took: 200 * ms, connPod: "web-1", served: 4, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	}
	closed := func(stream string) request {
		return request{stream: stream, sent: 7 * second, took: ms, connPod: "web-1", served: 4, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	}
	erring := func(stream string) request {
		return request{stream: stream, sent: 6900 * ms, took: ms, pod: "web-1", phase: recording.PhaseDone, class: recording.ClassStatus, status: 503}
	}
	for _, loss := range []struct {
		cause report.Cause
		with  *death
		lost  func(stream string) request
	}{
		{report.NoDrain, abrupt(), inFlight},
		{report.KeepaliveCut, lingering(0), closed},
		{report.ErrorsWhileDraining, lingering(0), erring},
	} {
		for name, tt := range map[string]struct {
			kinds         [2]string
			says, saysNot []string
			recipe        bool
		}{
			"HTTP/1.1":            {[2]string{"", ""}, []string{header}, []string{goaway, libraries}, false},
			"HTTP/2":              {[2]string{"h2c", "h2c"}, []string{goaway}, []string{header, libraries}, false},
			"HTTP/1.1 and HTTP/2": {[2]string{"", "h2c"}, []string{either}, []string{libraries}, false},
			"gRPC":                {[2]string{"grpc", "grpc"}, []string{goaway, libraries, "awaitTermination", "tryShutdown", "stop(grace)"}, []string{header}, true},
			"HTTP/1.1 and gRPC":   {[2]string{"", "grpc"}, []string{either, libraries}, nil, false},
		} {
			t.Run(string(loss.cause)+"/"+name, func(t *testing.T) {
				s := calling(undisturbed(newScenario().pod("web-1", loss.with).pod("web-2", nil).pod("web-3", nil)), tt.kinds[:]...)
				s.request(loss.lost("short-new")).request(loss.lost("short-reused"))
				rep := s.analyze(t)
				if len(rep.Findings) != 1 || rep.Findings[0].Cause != loss.cause {
					t.Fatal(summary(rep))
				}
				fix := rep.Findings[0].Fix
				for _, words := range tt.says {
					if !strings.Contains(fix.Text, words) {
						t.Errorf("it does not say %s: %s", words, fix.Text)
					}
				}
				for _, words := range tt.saysNot {
					if strings.Contains(fix.Text, words) {
						t.Errorf("it says %s: %s", words, fix.Text)
					}
				}
				if led := fix.Recipe != nil && fix.Recipe.URL == report.RecipesURL+"#grpc-servers"; led != tt.recipe {
					t.Errorf("recipe %+v", fix.Recipe)
				}
			})
		}
	}
}

// What a server of gRPC has to do is said of one alone: not of a container that did nothing
// wrong, nor of a server that is known to hand calls on.
func TestWordsOfGRPCAreOfAServerOfGRPC(t *testing.T) {
	ends := func(server string) []*termination {
		web := recording.Container{Name: "web", Server: server, ServerBy: "image"}
		return []*termination{{ending: ending{container: "web", serves: true, containers: []recording.Container{web}}}}
	}
	last := func(own string) change {
		return change{last: &endsLast{end: ends("")[0], needed: &needed{container: "proxy", how: heldRequests}, own: own}}
	}
	for name, tt := range map[string]struct {
		server string
		change change
		said   bool
	}{
		"a server that is not known": {"", change{}, true},
		"one of gRPC or more":        {"jvm", change{}, true},
		"one that hands calls on":    {"nginx", change{}, false},
		"another":                    {"haproxy", change{sleeps: true}, false},
		"a sidecar's doing":          {"", last(""), false},
		"a sidecar's and its own":    {"", last("Some may also have been cut by web itself."), true},
	} {
		m := &measured{spoken: spoken{grpc: true}, ends: ends(tt.server), change: tt.change}
		words, recipe := m.grpcWords(report.NoDrain), recipeFor(report.NoDrain, m)
		if libraries := recipe != nil && recipe.URL == grpcServers; (words != "") != tt.said || libraries != tt.said {
			t.Errorf("%s: %q, %+v", name, words, recipe)
		}
	}
}

// The fix of a sidecar that ends too early is about the sidecar.
func TestAFixForTheHolderOfCallsOfGRPC(t *testing.T) {
	s := calling(twoContainers(listening("proxy", 0, 0, 11*second), listening("app", 8080, 0, 15*second)), "grpc", "grpc")
	f := s.request(cutKept(8*second, 3260*ms)).analyze(t).Findings[0]
	if f.Cause != report.NoDrain || !strings.Contains(f.Fix.Text, "let it end last") || strings.Contains(f.Fix.Text, "GracefulStop") {
		t.Errorf("%s: %s", f.Cause, f.Fix.Text)
	}
}

// The section to which findings of gRPC lead is there.
func TestTheSectionOfGRPCServersIsThere(t *testing.T) {
	page, err := os.ReadFile("../../docs/recipes.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "\n### gRPC servers\n") {
		t.Error("docs/recipes.md has no section called gRPC servers")
	}
}
