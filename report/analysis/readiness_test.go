package analysis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// isProbed gives web-1, which gets its SIGTERM at 9.25 s and is killed at 16.26 s, a
// readiness probe on the port that requests come to. It is Ready as long as it runs.
func isProbed(edits ...func(*recording.Container)) func(*scenario) {
	return func(s *scenario) {
		s.header.Workload.TargetPorts = []string{"8080"}
		for i := range s.events {
			o := s.events[i].Pod
			if o == nil || o.Name != "web-1" {
				continue
			}
			o.Containers = slices.Clone(o.Containers)
			c := &o.Containers[0]
			c.Ports, c.ReadinessPort, c.Ready = []recording.Port{{Number: 8080}}, 8080, c.Terminated == nil
			c.Readiness = &recording.Probe{Kind: recording.ProbeHTTP, Period: second, Timeout: second, Failures: 3}
			for _, edit := range edits {
				edit(c)
			}
		}
	}
}

// seenUnready has web-1 seen not to be Ready while it runs.
func seenUnready(at time.Duration) func(*scenario) {
	return func(s *scenario) {
		i := slices.IndexFunc(s.events, func(e recording.Event) bool {
			return e.Pod != nil && e.Pod.Name == "web-1" && e.Pod.DeletionTimestamp != nil
		})
		o := *s.events[i].Pod
		o.Ready, o.Containers = false, slices.Clone(o.Containers)
		o.Containers[0].Ready = false
		s.events = append(s.events, recording.Event{At: after(at), Pod: &o})
		slices.SortStableFunc(s.events, func(a, b recording.Event) int { return a.At.Compare(b.At) })
	}
}

// An Unhealthy event of web-1's container, as the kubelet words it.
func unhealthy(at time.Duration, message string) func(*scenario) {
	return func(s *scenario) {
		s.events = append(s.events, recording.Event{At: after(at + 5*ms), Kube: &recording.KubeEvent{
			Reason: "Unhealthy", Message: message, Kind: "Pod", Object: "web-1", UID: "uid-web-1", Container: "app", Emitted: after(at), Precise: true, Count: 1,
		}})
	}
}

// besides gives web-1 a second main container.
func besides(name string) func(*scenario) {
	return func(s *scenario) {
		for i := range s.events {
			if o := s.events[i].Pod; o != nil && o.Name == "web-1" {
				o.Containers = append(slices.Clone(o.Containers), recording.Container{Name: name})
			}
		}
	}
}

// A readiness probe that is refused while the program lives on shows that it noticed
// SIGTERM.
func TestARefusedProbeShowsThatSigtermWasNoticed(t *testing.T) {
	const refused = `Readiness probe failed: Get "http://10.0.0.1:8080/healthz": dial tcp 10.0.0.1:8080: connect: connection refused`
	for name, tt := range map[string]struct {
		with    []func(*scenario)
		noticed bool
	}{
		"refused":                               {[]func(*scenario){isProbed(), unhealthy(11*second, refused)}, true},
		"by TCP":                                {[]func(*scenario){isProbed(func(c *recording.Container) { c.Readiness.Kind = recording.ProbeTCP }), unhealthy(11*second, refused)}, true},
		"no answer in time":                     {[]func(*scenario){isProbed(), unhealthy(11*second, `Readiness probe failed: Get "http://10.0.0.1:8080/healthz": context deadline exceeded`)}, false},
		"another answer":                        {[]func(*scenario){isProbed(), unhealthy(11*second, "Readiness probe failed: HTTP probe failed with statuscode: 503")}, false},
		"the liveness probe":                    {[]func(*scenario){isProbed(), unhealthy(11*second, strings.Replace(refused, "Readiness", "Liveness", 1))}, false},
		"before SIGTERM":                        {[]func(*scenario){isProbed(), unhealthy(9*second, refused)}, false},
		"when it may have been gone":            {[]func(*scenario){isProbed(), unhealthy(16100*ms, refused)}, false},
		"another container may have refused it": {[]func(*scenario){isProbed(), unhealthy(11*second, refused), besides("proxy")}, false},
		"the probe asks another port":           {[]func(*scenario){isProbed(func(c *recording.Container) { c.ReadinessPort = 9090 }), unhealthy(11*second, refused)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := undisturbed(newScenario().pod("web-1", outlasting()).pod("web-2", nil).pod("web-3", nil))
			answersKept(9500*ms, 16200*ms)(s)
			s.request(cutKept(16200*ms, 60*ms))
			for _, with := range tt.with {
				with(s)
			}
			seenUnready(13 * second)(s)
			rep := s.analyze(t)
			if len(rep.Findings) != 1 || rep.Findings[0].Cause != report.KeepaliveOutlastsGrace {
				t.Fatal(summary(rep))
			}
			if noticed := !strings.Contains(rep.Findings[0].Fix.Text, "is not known"); noticed != tt.noticed {
				t.Errorf("noticed: %v; %s", noticed, rep.Findings[0].Fix.Text)
			}
		})
	}
}

// A pod that went on answering the kubelet's new connections until it was killed has taken
// no notice of SIGTERM, whether or not a request shows it.
func TestAReadinessProbeShowsThatSigtermIsIgnored(t *testing.T) {
	const ignored, outlasts = "sigterm-ignored", "keepalive-outlasts-grace"
	tcp := func(c *recording.Container) { c.Readiness.Kind = recording.ProbeTCP }
	tests := map[string]struct {
		with []func(*scenario)
		want report.Cause
	}{
		"answered until the kill": {[]func(*scenario){isProbed()}, ignored},
		"by gRPC":                 {[]func(*scenario){isProbed(func(c *recording.Container) { c.Readiness.Kind = recording.ProbeGRPC })}, ignored},
		"no probe":                {nil, outlasts},
		"the kernel answers it":   {[]func(*scenario){isProbed(tcp)}, outlasts},
		"a command, which is not run any more": {[]func(*scenario){isProbed(func(c *recording.Container) {
			c.Readiness.Kind, c.ReadinessPort = recording.ProbeExec, 0
		})}, outlasts},
		"a recording without its kind": {[]func(*scenario){isProbed(func(c *recording.Container) { c.Readiness.Kind = "" })}, outlasts},
		"another port":                 {[]func(*scenario){isProbed(func(c *recording.Container) { c.ReadinessPort = 9090 })}, outlasts},
		"it need not have noticed yet": {[]func(*scenario){isProbed(func(c *recording.Container) { c.Readiness.Period = 2 * second })}, outlasts},
		"it did notice":                {[]func(*scenario){isProbed(), seenUnready(12 * second)}, outlasts},
		"it was not Ready before":      {[]func(*scenario){isProbed(func(c *recording.Container) { c.Ready = false })}, outlasts},
		"it may have noticed unseen": {[]func(*scenario){isProbed(), func(s *scenario) {
			s.events = append(s.events, recording.Event{At: after(13 * second), Gap: &recording.Gap{Resource: "pods", From: after(11 * second), To: after(13 * second)}})
		}}, outlasts},
		"slices alone were missed": {[]func(*scenario){isProbed(), func(s *scenario) {
			s.events = append(s.events, recording.Event{At: after(13 * second), Gap: &recording.Gap{Resource: "endpointslices", From: after(11 * second), To: after(13 * second)}})
		}}, ignored},
		"its kubelet was late": {[]func(*scenario){isProbed(), func(s *scenario) {
			for i := range s.events {
				if o := s.events[i].Pod; o != nil && o.Name == "web-1" && o.Phase == "Failed" {
					s.events[i].At = s.events[i].At.Add(3 * second)
				}
			}
		}}, outlasts},
		"its log says that it noticed": {[]func(*scenario){isProbed(), says(9260 * ms)}, outlasts},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := outlasting()
			d.gone = 20 * second
			s := undisturbed(newScenario().pod("web-1", d).pod("web-2", nil).pod("web-3", nil))
			for _, sent := range []time.Duration{14 * second, 15 * second, 16200 * ms} {
				r := request{stream: "short-reused", sent: sent, served: 7, conn: 1}
				if sent > 16*second {
					r.took, r.phase, r.class = 60*ms, recording.PhaseFirstByte, recording.ClassEOF
				}
				s.request(r)
			}
			for _, with := range tt.with {
				with(s)
			}
			rep := s.analyze(t)
			if len(rep.Findings) != 1 || rep.Findings[0].Cause != tt.want {
				t.Fatal(summary(rep))
			}
			evidence := strings.Join(rep.Findings[0].Evidence, "\n")
			if told := strings.Contains(evidence, "the program went on accepting"); tt.want == ignored && !told {
				t.Error(evidence)
			}
		})
	}
}
