package analysis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// made gives the pod of a scenario other containers, each with its exit from when the
// pod is seen to be over.
func (s *scenario) made(pod string, containers ...recording.Container) *scenario {
	for _, e := range s.events {
		if e.Pod == nil || e.Pod.Name != pod {
			continue
		}
		over := e.Pod.Containers[0].Terminated != nil
		e.Pod.Containers = nil
		for _, c := range containers {
			if !over {
				c.Terminated = nil
			}
			e.Pod.Containers = append(e.Pod.Containers, c)
		}
	}
	return s
}

// listening is a container that exits then.
func listening(name string, port int32, code int32, at time.Duration) recording.Container {
	c := recording.Container{Name: name, Terminated: &recording.Exit{Code: code, FinishedAt: after(at).Truncate(time.Second)}}
	if port > 0 {
		c.Ports = []recording.Port{{Name: name + "-http", Number: port}}
	}
	return c
}

func TestWhoServes(t *testing.T) {
	helper, server := listening("helper", 0, 137, 37*second), listening("server", 8080, 2, 6*second)
	metrics := listening("metrics", 9090, 0, 7*second)
	udp := listening("udp", 0, 0, 7*second)
	udp.Ports = []recording.Port{{Number: 8080, Protocol: "UDP"}}
	for name, tt := range map[string]struct {
		ports      []string
		containers []recording.Container
		want       string
		known      bool
	}{
		"by number":                     {[]string{"8080"}, []recording.Container{helper, server}, "server", true},
		"by name":                       {[]string{"server-http"}, []recording.Container{helper, server}, "server", true},
		"by both":                       {[]string{"8080", "server-http"}, []recording.Container{metrics, server}, "server", true},
		"not by another protocol":       {[]string{"8080"}, []recording.Container{udp, server}, "server", true},
		"declared by none":              {[]string{"8000"}, []recording.Container{helper, server}, "helper", false},
		"ports of two":                  {[]string{"8080", "9090"}, []recording.Container{metrics, server}, "metrics", false},
		"declared by two":               {[]string{"8080"}, []recording.Container{helper, server, listening("double", 8080, 0, 0)}, "helper", false},
		"one port of two is undeclared": {[]string{"8080", "8000"}, []recording.Container{helper, server}, "helper", false},
		"an older recording":            {nil, []recording.Container{helper, server}, "helper", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, known := whoServes(tt.containers, &recording.Workload{TargetPorts: tt.ports})
			if got[0].Name != tt.want || known != tt.known {
				t.Errorf("got %s (%t), want %s (%t)", got[0].Name, known, tt.want, tt.known)
			}
		})
	}
}

// leaves is a pod whose server leaves at SIGTERM, while a helper is killed when the
// grace ends.
func leaves() *death {
	return &death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 36300 * ms, gone: 37 * second, grace: 30 * second, code: 137}
}

func TestAHelperThatIgnoresSIGTERMIsNotTheServer(t *testing.T) {
	helper, server := listening("helper", 0, 137, 36*second), listening("server", 8080, 2, 6*second)
	for name, containers := range map[string][]recording.Container{"helper first": {helper, server}, "server first": {server, helper}} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", leaves()).pod("web-2", nil).pod("web-3", nil).made("web-1", containers...)
			s.header.Workload.TargetPorts = []string{"8080"}
			undisturbed(s)
			s.request(request{sent: 6100 * ms, took: 200 * ms, pod: "web-1", phase: recording.PhaseBody, class: recording.ClassBodyCut, status: 200})
			rep := s.analyze(t)
			if got := summary(rep); got != "failed; 1 no-drain (certain) [web-1] at the exit" {
				t.Error(got)
			}
			if patch := rep.Findings[0].Fix.Patch; !strings.Contains(patch, `"name":"server"`) || strings.Contains(patch, "helper") {
				t.Error(patch)
			}
			end := rep.Terminations[0]
			if end.Serves != "server" || *end.ExitCode != 2 || len(end.Exits) != 2 {
				t.Errorf("%+v", end)
			}
			if said := strings.Join(rep.Findings[0].Evidence, "\n"); !strings.Contains(said, "exit code 2 of container server") {
				t.Error(said)
			}
			for _, w := range rep.Warnings {
				if w.Cause == report.SigtermIgnored {
					t.Error(w)
				}
			}
		})
	}
}

// A pod with a proxy in front that waits, and the program behind it that does not.
func TestTheOneThatEndsFirstIsMended(t *testing.T) {
	front := func() recording.Container {
		c := listening("nginx", 80, 0, 11*second)
		c.Server = "nginx"
		c.PreStop, c.PreStopSleep = recording.PreStopSleep, 5*second
		return c
	}
	behind := listening("php", 9000, 0, 6*second)
	behind.Server = "php-fpm"
	bad := request{sent: 7200 * ms, took: ms, pod: "web-1", phase: recording.PhaseDone, class: recording.ClassStatus, status: 502}
	late := bad
	late.sent = 11200 * ms
	end := func() *death {
		return &death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 11300 * ms, gone: 12 * second, grace: 30 * second, preStop: recording.PreStopSleep, sleep: 5 * second}
	}
	var starved time.Duration
	run := func(t *testing.T, bad request, containers ...recording.Container) report.Finding {
		t.Helper()
		s := newScenario().pod("web-1", end()).pod("web-2", nil).pod("web-3", nil).made("web-1", containers...)
		s.header.Workload.TargetPorts = []string{"80"}
		undisturbed(s)
		rep := s.request(bad).starve(starved).analyze(t)
		if len(rep.Findings) != 1 || rep.Findings[0].Cause != report.ErrorsWhileDraining {
			t.Fatal(summary(rep))
		}
		return rep.Findings[0]
	}
	for name, containers := range map[string][]recording.Container{"front first": {front(), behind}, "front last": {behind, front()}} {
		t.Run(name, func(t *testing.T) {
			got := run(t, bad, containers...)
			if want := `{"spec":{"template":{"spec":{"containers":[{"lifecycle":{"preStop":{"sleep":{"seconds":8}}},"name":"php"}]}}}}`; got.Fix.Patch != want {
				t.Errorf("\n got %s\nwant %s", got.Fix.Patch, want)
			}
			if want := "Container php had ended before nginx, which takes the requests: let it end last."; !strings.HasPrefix(got.Fix.Text, want) || strings.Contains(got.Fix.Text, "nginx's own") {
				t.Error(got.Fix.Text)
			}
			if recipe := got.Fix.Recipe; recipe == nil || recipe.Server != "php-fpm" {
				t.Errorf("%+v", recipe)
			}
			if said := strings.Join(got.Evidence, "\n"); !strings.Contains(said, "container php had ended before it, at 12:00:06.000 with exit code 0") {
				t.Error(said)
			}
		})
	}
	t.Run("without numbers where the run was late", func(t *testing.T) {
		starved = 60 * ms
		defer func() { starved = 0 }()
		got := run(t, bad, front(), behind)
		if want := "Or give it a preStop sleep, which outlasts the requests (this run was too late to measure how long they are)."; got.Fix.Patch != "" || !strings.HasSuffix(got.Fix.Text, want) {
			t.Error(got.Fix)
		}
	})
	t.Run("the errors may be its own", func(t *testing.T) {
		app, proxy := listening("app", 80, 0, 11*second), listening("cloudsql", 0, 0, 6*second)
		own := bad
		own.status = 500
		got := run(t, own, app, proxy)
		if !strings.Contains(got.Fix.Patch, `"name":"cloudsql"`) || !strings.Contains(got.Fix.Patch, `"name":"app"`) || !strings.Contains(got.Fix.Text, "may also be app's own") {
			t.Error(got.Fix)
		}
		if !strings.Contains(got.Fix.Text, "Make cloudsql a native sidecar") {
			t.Error(got.Fix.Text)
		}
		if said := strings.Join(got.Evidence, "\n"); !strings.Contains(said, "container cloudsql had ended before it, at 12:00:06.000 with exit code 0") {
			t.Error(said)
		}
	})
	t.Run("a sidecar serves", func(t *testing.T) {
		mesh := front()
		mesh.Sidecar = true
		got := run(t, bad, behind, mesh)
		if strings.Contains(got.Fix.Text, "Make php a native sidecar") || !strings.Contains(got.Fix.Patch, `"containers":[{"lifecycle":{"preStop":{"sleep":{"seconds":8}}},"name":"php"}]`) {
			t.Error(got.Fix)
		}
	})
	t.Run("no port tells who serves", func(t *testing.T) {
		got := run(t, bad, listening("nginx", 0, 0, 11*second), behind)
		const want = "Which container takes the requests is not known (no container alone declares port 80, to which the service leads), and php ended 4s before nginx. If nginx passes requests on to php, let php end last: "
		if got.Fix.Patch != "" || got.Fix.Recipe != nil || !strings.HasPrefix(got.Fix.Text, want) {
			t.Error(got.Fix)
		}
	})
	for name, tt := range map[string]struct {
		bad        request
		containers []recording.Container
	}{
		"one that ended in the same second": {late, []recording.Container{front(), listening("php", 9000, 0, 11*second)}},
		"one that ended later":              {late, []recording.Container{front(), listening("php", 9000, 0, 12*second)}},
		"one that ended after the errors":   {bad, []recording.Container{front(), listening("php", 9000, 0, 9*second)}},
	} {
		t.Run("not "+name, func(t *testing.T) {
			if got := run(t, tt.bad, tt.containers...); strings.Contains(got.Fix.Patch, "php") || !strings.HasPrefix(got.Fix.Text, "After SIGTERM go on") {
				t.Error(got.Fix)
			}
		})
	}
}

// A sidecar gets its signal when the main containers have ended, whatever its hook.
func TestASidecarThatServesIsSignalledLast(t *testing.T) {
	d := drained()
	d.exited = 12300 * ms
	mesh := listening("mesh", 80, 0, 12*second)
	mesh.Sidecar = true
	ended := func(ports ...string) *ending {
		s := newScenario().pod("web-1", d).made("web-1", listening("app", 0, 2, 9*second), mesh)
		r := s.record(t)
		r.Header.Workload.TargetPorts = ports
		return readEndings(r, nil, readEndpoints(&r.Events, &recording.Workload{}, nil, nil))[0]
	}
	got := ended("80")
	if got.container != "mesh" || got.Sigterm.From.Sub(began) != 9*second || got.Sigterm.To.Sub(began) != 10100*ms || *got.ExitCode != 0 {
		t.Errorf("%s: SIGTERM in [%s, %s], exit code %d", got.container, got.Sigterm.From.Sub(began), got.Sigterm.To.Sub(began), *got.ExitCode)
	}
	if got := ended(); got.container != "app" || got.Sigterm.To.Sub(began) > 7*second {
		t.Errorf("%s: SIGTERM by %s", got.container, got.Sigterm.To.Sub(began))
	}
}

// The slices of a service that no URL leads to do not count.
func TestOtherServicesSlices(t *testing.T) {
	for name, tt := range map[string]struct {
		other []string
		left  bool
	}{"led to": {[]string{"web-all"}, true}, "not known": {nil, false}} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", drained())
			s.events = append(s.events, recording.Event{At: after(0), Slice: &recording.SliceObservation{
				Change: recording.Listed, Name: "web-all-xyz", Service: "web-all",
				Endpoints: []recording.Endpoint{{Pod: "web-1", PodUID: "uid-web-1", Ready: true, Serving: true, Terminating: true}},
			}})
			events := recording.EventsOf(s.events)
			got := readEndings(&recording.Recording{Events: *events}, nil, readEndpoints(events, &recording.Workload{OtherServices: tt.other}, nil, nil))[0]
			if got.LeftSlice.Known() != tt.left {
				t.Errorf("left the slice: %v", got.LeftSlice)
			}
		})
	}
}

// A check may ask a service of others while the workload ends: what they answer is tied
// to its ends by time. And a workload that is known to be asked may pass requests on.
func TestOthersThatAnswerOnPurpose(t *testing.T) {
	for name, tt := range map[string]struct {
		service  string
		services []string
		serves   bool
		said     string
		want     string
	}{
		"on purpose":  {"api", []string{"web"}, false, "answers come from the pods of service api, not from those that ended", "failed; 1 listener-closed-early (possible) [web-1] between SIGTERM and exit"},
		"passed on":   {"", []string{"web"}, true, "answers name pods to which the workload passes requests on (api-1 for one)", "failed; 1 unknown () [] outside of any termination"},
		"by mistake":  {"", []string{"web"}, false, "", "failed; 1 unknown () [] outside of any termination"},
		"its own one": {"api", []string{"api", "web"}, false, "", "failed; 1 unknown () [] outside of any termination"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", drained()).pod("web-2", nil).pod("web-3", nil).steady(20 * second)
			s.header.Check.Target.Service, s.header.Workload.Services, s.header.Workload.ServesURL = tt.service, tt.services, tt.serves
			s.traffic(0, 20*second, "api-1", "api-2")
			if got := summary(s.analyze(t)); (got == "passed") != (tt.said != "") {
				t.Errorf("without a loss: %s", got)
			}
			s.request(request{stream: "short-reused", sent: 6900 * ms, took: ms, pod: "api-1", connPod: "api-1", served: 3, phase: recording.PhaseDone, class: recording.ClassStatus, status: 502})
			rep := s.analyze(t)
			if got := summary(rep); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			if rep.Validity.PodsNamed {
				t.Error("the names of others are taken for its pods'")
			}
			said := slices.ContainsFunc(rep.Warnings, func(w report.Warning) bool { return tt.said != "" && strings.HasPrefix(w.Text, tt.said) })
			if said != (tt.said != "") {
				t.Errorf("%v", rep.Warnings)
			}
		})
	}
}

// Where a node asks its own pods alone, those of other nodes neither take what comes to
// it nor lose it.
func TestTheNodeThatAsksItsOwnPodsAlone(t *testing.T) {
	for name, tt := range map[string]struct{ node, want string }{
		"the node of the pod that ends": {"10.1.0.1", "failed; 2 no-capacity (likely) [web-1] between SIGTERM and exit"},
		"another one":                   {"10.1.0.2", "failed; 2 unknown () [] outside of any termination"},
		"any node's":                    {"", "failed; 2 listener-closed-early (likely) [web-1] between SIGTERM and exit"},
		"what leads to a node":          {"127.0.0.1", "failed; 2 listener-closed-early (likely) [web-1] between SIGTERM and exit"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-2", nil).pod("web-1", drained()).steady(12 * second)
			s.header.Workload.LocalNode = tt.node
			for _, e := range s.events {
				if e.Pod != nil {
					e.Pod.HostIP = "10.1.0." + e.Pod.Name[len("web-"):]
				}
			}
			s.traffic(0, 6100*ms, "web-1").traffic(12*second, 30*second, "web-2")
			unlabeled(s)
			refused := request{took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}
			for _, sent := range []time.Duration{6500 * ms, 7 * second} {
				refused.sent = sent
				s.request(refused)
			}
			rep := s.analyze(t)
			if got := summary(rep); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			if said := strings.Contains(rep.Findings[0].Fix.Text, "externalTrafficPolicy"); said != strings.Contains(tt.want, "no-capacity") {
				t.Error(rep.Findings[0].Fix.Text)
			}
		})
	}
}
