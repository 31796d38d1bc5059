package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// twoContainers is a scenario whose pod web-1 ends: the kubelet begins at 6.25 s, and tells
// of the exits at 20.3 s.
func twoContainers(containers ...recording.Container) *scenario {
	s := newScenario().pod("web-1", &death{
		deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 20 * second, gone: 21 * second, grace: 30 * second,
	}).pod("web-2", nil).pod("web-3", nil).made("web-1", containers...)
	s.header.Workload.TargetPorts = []string{"8080"}
	undisturbed(s)
	return s.request(request{stream: "short-reused", sent: 10 * second, took: 6 * second, pod: "web-2", connPod: "web-2", served: 3})
}

// A mesh's proxy holds the connections to the port that the program declares. Its exit cuts
// them, whatever the program still does.
func TestTheContainerThatHoldsTheConnections(t *testing.T) {
	const (
		held, may = "Container proxy had ended before app, and its end cut the requests whose connections it held: let it end last. ",
			"Container proxy had ended before app, and its end may have cut the requests: let it end last. "
		ownToo = "Some may also have been cut by app itself"
		apps   = "Handle SIGTERM: "
	)
	proxy := func(at time.Duration) recording.Container { return listening("proxy", 0, 0, at) }
	drains, sleeps := listening("app", 8080, 0, 15*second), waiting(listening("app", 8080, 0, 17*second), 10*second)
	killed := listening("app", 8080, 137, 36*second)
	after := func(s *scenario) { s.request(request{sent: 11500 * ms, pod: "web-1"}) }
	fresh := request{sent: 8 * second, took: 3260 * ms, phase: recording.PhaseFirstByte, class: recording.ClassEOF}
	halfRead := request{sent: 8 * second, first: 10 * ms, took: 3260 * ms, pod: "web-1", status: 200, phase: recording.PhaseBody, class: recording.ClassBodyCut}
	const asleep, draining = "failed; 1 no-drain (certain) [web-1] before SIGTERM", "failed; 1 no-drain (likely) [web-1] between SIGTERM and exit"
	tests := []struct {
		name       string
		containers []recording.Container
		other      func(*scenario)
		lost       []request
		want       string
		fix, patch string
		not        string
	}{
		{"it ends while the program drains", []recording.Container{proxy(11 * second), drains}, nil, []request{cutKept(8*second, 3260*ms)}, draining, held, "proxy", "app"},
		{"its exit is known to the second", []recording.Container{proxy(11 * second), drains}, nil, []request{cutKept(8*second, 3960*ms)}, draining, held, "proxy", "app"},
		{"an answer was on its way", []recording.Container{drains, proxy(11 * second)}, nil, []request{halfRead}, draining, held, "proxy", "app"},
		{"it ends while the program sleeps", []recording.Container{proxy(11 * second), sleeps}, nil, []request{cutKept(8*second, 3260*ms)}, asleep, held, "proxy", "app"},
		{"it ends at once while the program sleeps", []recording.Container{proxy(6 * second), sleeps}, nil, []request{cutKept(6100*ms, 160*ms)}, asleep, held, "proxy", "app"},
		{"as the request came in", []recording.Container{proxy(11 * second), sleeps}, nil, []request{cutKept(11258*ms, 2*ms)}, asleep, held, "proxy", "app"},
		{"on a new connection", []recording.Container{proxy(11 * second), sleeps}, nil, []request{fresh}, "failed; 1 no-drain (possible) [web-1] before SIGTERM", held, "proxy", "app"},
		{"what came in as others were cut", []recording.Container{proxy(11 * second), drains}, nil, []request{cutKept(8*second, 3260*ms), cutKept(11258*ms, 2*ms)}, "failed; 2 no-drain (likely) [web-1] between SIGTERM and exit", held, "proxy", "app"},
		{"the program is killed much later", []recording.Container{proxy(11 * second), killed}, nil, []request{cutKept(8*second, 3260*ms)}, draining, held, "proxy", "app"},
		{"both are told to stop just then", []recording.Container{proxy(6 * second), drains}, nil, []request{cutKept(6100*ms, 160*ms)}, draining, may, "proxy", "app"},
		{"both are told to stop just then, and the program is killed", []recording.Container{proxy(6 * second), killed}, nil, []request{cutKept(6100*ms, 160*ms)}, draining, apps, "", "proxy"},

		{"both end at once", []recording.Container{proxy(6 * second), listening("app", 8080, 2, 6*second)}, nil, []request{cutKept(6100*ms, 160*ms)}, "failed; 1 no-drain (certain) [web-1] at the exit", apps, "", "proxy"},
		{"both end in one second", []recording.Container{proxy(15 * second), drains}, nil, []request{cutKept(12*second, 3260*ms)}, "failed; 1 no-drain (likely) [web-1] at the exit", apps, "", "proxy"},
		{"it ends last", []recording.Container{proxy(16 * second), drains}, nil, []request{cutKept(12*second, 3260*ms)}, "failed; 1 no-drain (likely) [web-1] at the exit", apps, "", "proxy"},
		{"at another time", []recording.Container{proxy(11 * second), drains}, nil, []request{cutKept(8*second, 5260*ms)}, "failed; 1 no-drain (likely) [web-1] between SIGTERM and exit", apps, "", "proxy"},
		{"the pod answers after that", []recording.Container{proxy(11 * second), drains}, after, []request{cutKept(8*second, 3260*ms)}, "failed; 1 no-drain (likely) [web-1] between SIGTERM and exit", apps, "", "proxy"},
		{"the program lets go of an idle connection", []recording.Container{proxy(6 * second), drains}, nil, []request{cutKept(6898*ms, 2*ms)}, "failed; 1 keepalive-cut (certain) [web-1] between SIGTERM and exit", "", "", "proxy"},
		{"it is not known which one serves", []recording.Container{listening("app", 0, 0, 15*second), proxy(11 * second)}, nil, []request{cutKept(8*second, 3260*ms)}, draining, apps, "", "proxy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := twoContainers(tt.containers...)
			if tt.other != nil {
				tt.other(s)
			}
			for _, r := range tt.lost {
				s.request(r)
			}
			rep := s.analyze(t)
			if got := summary(rep); got != tt.want {
				t.Fatalf("\n got %s\nwant %s", got, tt.want)
			}
			fix, said := rep.Findings[0].Fix, strings.Join(rep.Findings[0].Evidence, "\n")
			if !strings.HasPrefix(fix.Text, tt.fix) || (tt.patch == "") != (fix.Patch == "") || !strings.Contains(fix.Patch, tt.patch) || strings.Contains(fix.Patch, `"name":"`+tt.not+`"`) {
				t.Errorf("%s\n%s", fix.Text, fix.Patch)
			}
			if says := strings.HasPrefix(rep.Findings[0].Says, "a container that holds the pod's connections ends before the one that serves"); says != (tt.fix == held) {
				t.Error(rep.Findings[0].Says)
			}
			if strings.Contains(fix.Text, ownToo) != (tt.fix == may) {
				t.Error(fix.Text)
			}
			if by := strings.Contains(said, "cut within the second in which container proxy ended, and before the one that serves did"); by != (tt.fix == held || tt.fix == may) {
				t.Error(said)
			}
		})
	}
}

// What comes when the container that holds the connections has ended finds nobody.
func TestNobodyTakesWhatComesAfterTheHolder(t *testing.T) {
	proxy, other := listening("proxy", 0, 0, 6*second), listening("other", 0, 0, 6*second)
	sleeps, drains := waiting(listening("app", 8080, 0, 17*second), 10*second), listening("app", 8080, 0, 15*second)
	cut, late := cutKept(6100*ms, 160*ms), cutKept(6100*ms, 5160*ms)
	refused := func(at time.Duration) request {
		return request{sent: at, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused}
	}
	const asleep = "failed; 1 no-drain (certain) [web-1] before SIGTERM; 1 "
	for name, tt := range map[string]struct {
		containers []recording.Container
		lost       []request
		want       string
		fix        string
	}{
		"while the program sleeps": {
			[]recording.Container{proxy, sleeps},
			[]request{cut, refused(6900 * ms)},
			asleep + "listener-closed-early (likely) [web-1] before SIGTERM",
			"Container proxy had ended before app, and nobody took what came to the pod from then on: let it end last. ",
		},
		"when no proxy sends any more":            {[]recording.Container{proxy, sleeps}, []request{cut, refused(15 * second)}, asleep + "unknown () [] outside of any termination", "No claim is made"},
		"before that":                             {[]recording.Container{listening("proxy", 0, 0, 11*second), sleeps}, []request{late, refused(6900 * ms)}, asleep + "unknown () [] outside of any termination", "No claim is made"},
		"nothing shows who holds the connections": {[]recording.Container{proxy, sleeps}, []request{refused(6900 * ms)}, "failed; 1 unknown () [] outside of any termination", "No claim is made"},
		"two may": {[]recording.Container{proxy, other, sleeps}, []request{cut, refused(6900 * ms)}, asleep + "unknown () [] outside of any termination", "No claim is made"},
		"the program may have closed its listener": {
			[]recording.Container{proxy, drains},
			[]request{refused(6900 * ms)},
			"failed; 1 listener-closed-early (likely) [web-1] between SIGTERM and exit",
			"Keep accepting until the cluster has stopped sending: a preStop sleep of 3 s.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := twoContainers(tt.containers...)
			for _, r := range tt.lost {
				s.request(r)
			}
			rep := s.analyze(t)
			last := rep.Findings[len(rep.Findings)-1]
			if got := summary(rep); got != tt.want || !strings.HasPrefix(last.Fix.Text, tt.fix) {
				t.Errorf("\n got %s (%s)\nwant %s (%s)", got, last.Fix.Text, tt.want, tt.fix)
			}
			said := strings.Contains(strings.Join(last.Evidence, "\n"), "1 request came when container proxy had ended, which holds the pod's connections (its exit cut others), and before the one that serves did")
			if said != strings.Contains(tt.fix, "nobody took") {
				t.Error(last.Evidence)
			}
		})
	}
}

// Of two containers that ended then it is not known which one to mend.
func TestSeveralMayHaveHeldTheConnections(t *testing.T) {
	sleeps := waiting(listening("app", 8080, 0, 17*second), 10*second)
	proxy, other := listening("proxy", 0, 0, 11*second), listening("other", 0, 0, 11*second)
	s := twoContainers(proxy, other, sleeps).request(cutKept(8*second, 3260*ms))
	f := s.analyze(t).Findings[0]
	if said := strings.Join(f.Evidence, "\n"); !strings.Contains(said, "in which container other or proxy ended") || strings.Contains(f.Fix.Patch, "proxy") || strings.Contains(f.Fix.Patch, "other") {
		t.Errorf("%s\n%s", said, f.Fix.Patch)
	}
}

// A recipe is for the server that is to be mended.
func TestTheRecipeIsTheHolders(t *testing.T) {
	proxy, app := listening("proxy", 0, 0, 11*second), waiting(listening("app", 8080, 0, 17*second), 10*second)
	proxy.Server, app.Server = "nginx", "gunicorn"
	f := twoContainers(proxy, app).request(cutKept(8*second, 3260*ms)).analyze(t).Findings[0]
	if f.Fix.Recipe == nil || f.Fix.Recipe.Server != "nginx" {
		t.Errorf("%+v", f.Fix.Recipe)
	}
}
