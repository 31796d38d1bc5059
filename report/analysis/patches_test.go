package analysis

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
	"github.com/shutdowncheck/shutdowncheck/internal/patch/patchtest"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// applyPatches applies each patch of a report to the workload of the scenario, as it must
// have been for its pods to look so: the API server takes the outcome, and the grace has
// not become shorter. What two of them set is the same. Every scenario does this.
func (s *scenario) applyPatches(t *testing.T, rep *report.Report) {
	t.Helper()
	for _, field := range disputed(t, rep.Findings) {
		t.Errorf("two patches of one report disagree: %s", field)
	}
	for _, f := range rep.Findings {
		if f.Fix.Patch == "" {
			continue
		}
		for _, o := range s.patched(f.Pods) {
			if err := patchtest.Apply(s.header.Workload.Kind, s.workload(t, o), f.Fix.Patch); err != nil {
				t.Errorf("%s: the API server refuses the patch for %s\n%s\n%v", f.Cause, o.Name, f.Fix.Patch, err)
			}
			if grace := graceOf(t, f.Fix.Patch); grace > 0 && grace < o.Grace {
				t.Errorf("%s: the patch makes a grace of %s shorter\n%s", f.Cause, o.Grace, f.Fix.Patch)
			}
		}
	}
}

// disputed are the fields that the patches of some findings set to different values.
// Containers are told apart by name.
func disputed(t *testing.T, findings []report.Finding) []string {
	t.Helper()
	first, disputed := map[string]string{}, []string{}
	for _, f := range findings {
		if f.Fix.Patch == "" {
			continue
		}
		change, err := patch.Parse(f.Fix.Patch)
		if err != nil {
			t.Fatal(err)
		}
		eachField("", change, func(field, value string) {
			if was, set := first[field]; set && was != value {
				disputed = append(disputed, fmt.Sprintf("%s is %s, and for %s %s", field, was, f.Cause, value))
			}
			first[field] = value
		})
	}
	return disputed
}

// eachField tells of each value in a patch that has no parts of its own, with its path.
func eachField(path string, value any, tell func(field, value string)) {
	switch value := value.(type) {
	case map[string]any:
		for key, part := range value {
			eachField(path+"."+key, part, tell)
		}
	case []any:
		for i, part := range value {
			name := fmt.Sprint(i)
			if container, ok := part.(map[string]any); ok && container["name"] != nil {
				name = fmt.Sprint(container["name"])
			}
			eachField(path+"["+name+"]", part, tell)
		}
	default:
		tell(path, fmt.Sprint(value))
	}
}

func TestADisputeBetweenPatchesIsFound(t *testing.T) {
	sleep := func(container string, seconds, grace int) report.Finding {
		spec := patch.Object{"terminationGracePeriodSeconds": grace}
		patch.Main.Container(spec, container, patch.Sleep(seconds))
		return report.Finding{Cause: report.NoDrain, Fix: report.Fix{Patch: patch.PodSpec(spec)}}
	}
	for name, tt := range map[string]struct {
		findings []report.Finding
		want     int
	}{
		"the same twice":   {[]report.Finding{sleep("app", 4, 11), sleep("app", 4, 11)}, 0},
		"two containers":   {[]report.Finding{sleep("app", 4, 11), {}, sleep("proxy", 7, 11)}, 0},
		"another grace":    {[]report.Finding{sleep("app", 4, 11), sleep("app", 4, 7)}, 1},
		"another sleep":    {[]report.Finding{sleep("app", 4, 11), sleep("app", 5, 11)}, 1},
		"all is different": {[]report.Finding{sleep("app", 4, 11), sleep("app", 5, 12)}, 2},
	} {
		if got := disputed(t, tt.findings); len(got) != tt.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func graceOf(t *testing.T, change string) time.Duration {
	t.Helper()
	var into struct {
		Spec struct {
			Template struct {
				Spec struct{ TerminationGracePeriodSeconds int }
			}
		}
	}
	if err := json.Unmarshal([]byte(change), &into); err != nil {
		t.Fatal(err)
	}
	return time.Duration(into.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second
}

// patched are the pods that a patch is about, or one of the scenario where it names none.
func (s *scenario) patched(names []string) []*recording.PodObservation {
	var all []*recording.PodObservation
	for _, e := range slices.Backward(s.events) {
		if o := e.Pod; o != nil && (len(names) == 0 && len(all) == 0 || slices.Contains(names, o.Name) &&
			!slices.ContainsFunc(all, func(other *recording.PodObservation) bool { return other.Name == o.Name })) {
			all = append(all, o)
		}
	}
	return all
}

// workload writes in JSON the workload that makes such pods. What was injected is not in
// its template.
func (s *scenario) workload(t *testing.T, pod *recording.PodObservation) []byte {
	t.Helper()
	w := &s.header.Workload
	main, sidecars := []patch.Object{}, []patch.Object{}
	for _, c := range pod.Containers {
		switch {
		case w.Injected(c.Name):
		case c.Sidecar:
			sidecars = append(sidecars, manifestOf(c))
		default:
			main = append(main, manifestOf(c))
		}
	}
	spec := patch.Object{"replicas": w.Replicas, "template": patch.Object{"spec": patch.Object{
		"containers": main, "initContainers": sidecars, "terminationGracePeriodSeconds": int(pod.Grace / time.Second),
	}}}
	rolling := patch.Object{}
	for name, limit := range map[string]string{"maxSurge": w.MaxSurge, "maxUnavailable": w.MaxUnavailable} {
		if limit != "" {
			rolling[name] = limit
		}
	}
	strategy := patch.Object{"type": cmp.Or(w.Strategy, "RollingUpdate")}
	switch {
	case w.Recreates():
		strategy["type"] = "Recreate"
	case strategy["type"] == "RollingUpdate":
		strategy["rollingUpdate"] = rolling
	}
	field := "updateStrategy"
	if w.Kind == "Deployment" {
		field = "strategy"
	}
	spec[field] = strategy
	return []byte(patch.JSON(patch.Object{"spec": spec}))
}

func manifestOf(c recording.Container) patch.Object {
	made := patch.Object{"name": c.Name, "image": "registry.example/" + c.Name}
	if c.Sidecar {
		made["restartPolicy"] = "Always"
	}
	if handler := map[recording.PreStopKind]patch.Object{
		recording.PreStopSleep: {"sleep": patch.Object{"seconds": int(c.PreStopSleep / time.Second)}},
		recording.PreStopExec:  {"exec": patch.Object{"command": []string{"drain"}}},
		recording.PreStopHTTP:  {"httpGet": patch.Object{"port": 80}},
		recording.PreStopTCP:   {"tcpSocket": patch.Object{"port": 80}},
	}[c.PreStop]; handler != nil {
		made["lifecycle"] = patch.Object{"preStop": handler}
	}
	if c.Liveness != nil {
		made["livenessProbe"] = patch.Object{"httpGet": patch.Object{"port": 80}}
	}
	return made
}

// cutBeside is a pod of the workload that leaves at SIGTERM with a short request on a new
// connection, which a sleep would have saved, and has these containers.
func cutBeside(w recording.Workload, containers ...recording.Container) *scenario {
	s := newScenario().pod("web-1", leaves()).pod("web-2", nil).pod("web-3", nil).made("web-1", containers...)
	w.Kind, w.Name, w.UID, w.Replicas, w.Services, w.MaxUnavailable, w.TargetPorts = "Deployment", "web", "uid-web", 3, []string{"web"}, "25%", []string{"8080"}
	s.header.Workload = w
	undisturbed(s)
	return s.request(request{sent: 6100 * ms, took: 200 * ms, pod: "web-1", phase: recording.PhaseBody, class: recording.ClassBodyCut, status: 200})
}

// A mesh's proxy that was injected first is not the server where no port tells, and gets
// no patch, whoever serves.
func TestAnInjectedContainerIsNotPatched(t *testing.T) {
	proxy, app := listening("linkerd-proxy", 0, 0, 9*second), listening("app", 0, 2, 6*second)
	front := listening("linkerd-proxy", 8080, 2, 6*second)
	ofApp := recording.Workload{Containers: []string{"app"}}
	for name, tt := range map[string]struct {
		s         *scenario
		patched   string // the container in the patch
		code      int32
		serves    string
		annotated bool
	}{
		"before the app":          {cutBeside(ofApp, proxy, app), "app", 2, "app", false},
		"behind the app":          {cutBeside(ofApp, app, proxy), "app", 2, "app", false},
		"it has the port":         {cutBeside(ofApp, front, app), "", 2, "linkerd-proxy", true},
		"an older recording":      {cutBeside(recording.Workload{}, front, app), "linkerd-proxy", 2, "linkerd-proxy", false},
		"one of its own template": {cutBeside(recording.Workload{Containers: []string{"app", "linkerd-proxy"}}, front, app), "linkerd-proxy", 2, "linkerd-proxy", false},
	} {
		t.Run(name, func(t *testing.T) {
			rep := tt.s.analyze(t)
			if got := summary(rep); got != "failed; 1 no-drain (certain) [web-1] at the exit" {
				t.Fatal(got)
			}
			fix, end := rep.Findings[0].Fix, rep.Terminations[0]
			if (fix.Patch == "") != (tt.patched == "") || !strings.Contains(fix.Patch, tt.patched) {
				t.Errorf("patch %s, want of %q", fix.Patch, tt.patched)
			}
			if end.Serves != tt.serves || *end.ExitCode != tt.code {
				t.Errorf("%q serves, exit code %d", end.Serves, *end.ExitCode)
			}
			if strings.Contains(fix.Text, "config.alpha.linkerd.io/proxy-wait-before-exit-seconds") != tt.annotated || strings.Contains(fix.Text, "the patch adds it") != (tt.patched != "") {
				t.Error(fix.Text)
			}
		})
	}
}

// Of several containers without a port the template's first is taken for the one that
// serves, as it is in a pod without any others.
func TestTheTemplatesContainersComeFirst(t *testing.T) {
	proxy, app, log := listening("linkerd-proxy", 0, 0, 6*second), listening("app", 0, 2, 6*second), listening("log", 0, 0, 6*second)
	mesh, double := proxy, listening("double", 8080, 0, 6*second)
	mesh.Sidecar = true
	w := func(names ...string) *recording.Workload {
		return &recording.Workload{Containers: names, TargetPorts: []string{"8080"}}
	}
	for name, tt := range map[string]struct {
		w          *recording.Workload
		containers []recording.Container
		want       string
		known      bool
	}{
		"its only one":                        {w("app"), []recording.Container{proxy, app}, "app", true},
		"beside an injected sidecar":          {w("app"), []recording.Container{app, mesh}, "app", true},
		"one of two":                          {w("app", "log"), []recording.Container{proxy, app, log}, "app log linkerd-proxy", false},
		"beside a sidecar of its own":         {w("app", "linkerd-proxy"), []recording.Container{app, mesh, log}, "app log", false},
		"its sidecar alone":                   {w("linkerd-proxy"), []recording.Container{app, mesh}, "app", false},
		"injected ones both declare the port": {w("app"), []recording.Container{double, front(double), app}, "app double front", false},
		"nothing was injected":                {w("app", "linkerd-proxy"), []recording.Container{proxy, app}, "linkerd-proxy app", false},
		"one container":                       {w("app"), []recording.Container{app}, "app", false},
		"a recording of an older version":     {w(), []recording.Container{proxy, app}, "linkerd-proxy app", false},
	} {
		t.Run(name, func(t *testing.T) {
			some, known := whoServes(tt.containers, tt.w)
			var names []string
			for _, c := range some {
				names = append(names, c.Name)
			}
			if got := strings.Join(names, " "); got != tt.want || known != tt.known {
				t.Errorf("got %s (%t), want %s (%t)", got, known, tt.want, tt.known)
			}
		})
	}
}

func front(c recording.Container) recording.Container {
	c.Name = "front"
	return c
}

// The proxy of a mesh that is told to stop at once, while the app's hook still sleeps.
func TestAnInjectedProxyThatEndsFirst(t *testing.T) {
	app := waiting(listening("app", 8080, 0, 11*second), 5*second)
	s := newScenario().pod("web-1", &death{
		deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: 11300 * ms, gone: 12 * second, grace: 30 * second,
		preStop: recording.PreStopSleep, sleep: 5 * second,
	}).pod("web-2", nil).pod("web-3", nil).made("web-1", listening("linkerd-proxy", 0, 0, 6*second), app)
	s.header.Workload.TargetPorts, s.header.Workload.Containers = []string{"8080"}, []string{"app"}
	undisturbed(s)
	s.request(request{sent: 7200 * ms, took: ms, pod: "web-1", phase: recording.PhaseDone, class: recording.ClassStatus, status: 502})
	fix := fixOf(t, s.analyze(t), report.ErrorsWhileDraining)
	if fix.Patch != "" || strings.Contains(fix.Text, "the patch") {
		t.Error(fix)
	}
	for _, want := range []string{"Have linkerd-proxy injected as a native sidecar", "Container linkerd-proxy is not in the workload's template"} {
		if !strings.Contains(fix.Text, want) {
			t.Errorf("%q is not in\n%s", want, fix.Text)
		}
	}
}

// A container's own hook goes, whatever hooks others have; the kubelet runs no tcpSocket,
// but the API counts it.
func TestAHookHasOneHandler(t *testing.T) {
	hooked := func(name string, kind recording.PreStopKind, sleep time.Duration) recording.Container {
		c := listening(name, 0, 2, 6*second)
		c.PreStop, c.PreStopSleep = kind, sleep
		return c
	}
	for name, tt := range map[string]struct {
		containers []recording.Container
		hook       string
	}{
		"none":                        {[]recording.Container{hooked("app", recording.PreStopNone, 0)}, `{"sleep":`},
		"a tcpSocket":                 {[]recording.Container{hooked("app", recording.PreStopTCP, 0)}, `{"sleep":{"seconds":2},"tcpSocket":null}`},
		"an httpGet":                  {[]recording.Container{hooked("app", recording.PreStopHTTP, 0)}, `{"httpGet":null,"sleep":`},
		"another container's sleep":   {[]recording.Container{hooked("app", recording.PreStopExec, 0), hooked("log", recording.PreStopSleep, second)}, `{"exec":null,"sleep":`},
		"another container's command": {[]recording.Container{hooked("app", recording.PreStopNone, 0), hooked("log", recording.PreStopExec, 0)}, `{"sleep":`},
	} {
		t.Run(name, func(t *testing.T) {
			rep := cutBeside(recording.Workload{}, tt.containers...).analyze(t)
			fix := fixOf(t, rep, report.NoDrain)
			if kind := rep.Terminations[0].PreStop; kind == recording.PreStopTCP {
				t.Errorf("%s is taken for a hook that runs", kind)
			}
			if want := `[{"lifecycle":{"preStop":` + tt.hook; !strings.Contains(fix.Patch, want) {
				t.Errorf("%s has not %s", fix.Patch, want)
			}
			if strings.Contains(fix.Text, "the patch puts it in the place of the hook") != strings.Contains(tt.hook, "null") {
				t.Error(fix.Text)
			}
		})
	}
}

// What a deletion's own grace was says nothing of the spec's.
func TestAPatchLeavesALongerGrace(t *testing.T) {
	d := abrupt()
	d.grace, d.own = 4*second, 60*second
	s := undisturbed(newScenario().pod("web-1", d).pod("web-2", nil).pod("web-3", nil))
	s.request(request{sent: 7350 * ms, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
	want := `{"spec":{"template":{"spec":{"containers":[{"lifecycle":{"preStop":{"sleep":{"seconds":4}}},"name":"app"}]}}}}`
	if got := fixOf(t, s.analyze(t), report.ListenerClosedEarly).Patch; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// A probe is changed where its container is: a native sidecar among the init containers,
// an injected one nowhere.
func TestALivenessPatch(t *testing.T) {
	probed := &recording.Probe{Period: second, Timeout: second, Failures: 2}
	for name, tt := range map[string]struct {
		sidecar    bool
		containers []string
		want       string
	}{
		"a main container": {false, []string{"app"}, `{"spec":{"template":{"spec":{"containers":[{"livenessProbe":`},
		"a native sidecar": {true, nil, `{"spec":{"template":{"spec":{"initContainers":[{"livenessProbe":`},
		"an injected one":  {false, []string{"web"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			end := &termination{ending: ending{sidecar: tt.sidecar, liveness: probed}}
			end.Container = "app"
			got := livenessPatch(end, &measured{workload: recording.Workload{Containers: tt.containers}})
			if !strings.HasPrefix(got, tt.want) || (got == "") != (tt.want == "") {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// When no pod is ready, each kind of workload has its own remedy: the patch must be one
// that its strategy allows.
func TestWhatKeepsAPodReady(t *testing.T) {
	const surge = `"rollingUpdate":{"maxSurge":1,"maxUnavailable":0}`
	for name, tt := range map[string]struct {
		w           recording.Workload
		says, never string
		patch       string
	}{
		"a rollout that may end all": {
			recording.Workload{Kind: "Deployment", Replicas: 3, Strategy: "RollingUpdate", MaxSurge: "25%", MaxUnavailable: "100%"},
			"add a PodDisruptionBudget", "Recreate", `{"spec":{"strategy":{` + surge + `}}}`,
		},
		"Recreate": {
			recording.Workload{Kind: "Deployment", Replicas: 3, Strategy: "Recreate"},
			"the strategy is Recreate, with which every rollout ends all pods before it starts new ones", "two replicas", `{"spec":{"strategy":{` + surge + `,"type":"RollingUpdate"}}}`,
		},
		"Recreate of one": {
			recording.Workload{Kind: "Deployment", Replicas: 1, Strategy: "Recreate"},
			"and run two replicas or more", "", `{"spec":{"strategy":{` + surge + `,"type":"RollingUpdate"}}}`,
		},
		"Recreate in an older recording": {
			recording.Workload{Kind: "Deployment", Replicas: 3},
			"ReadWriteOnce", "", `{"spec":{"strategy":{` + surge + `,"type":"RollingUpdate"}}}`,
		},
		"a StatefulSet": {
			recording.Workload{Kind: "StatefulSet", Replicas: 3, Strategy: "RollingUpdate"},
			"a StatefulSet ends a pod before it starts the one in its place", "maxSurge", "",
		},
		"a StatefulSet with OnDelete": {
			recording.Workload{Kind: "StatefulSet", Replicas: 3, Strategy: "OnDelete"},
			"a StatefulSet ends a pod before it starts the one in its place", "maxSurge", "",
		},
		"a DaemonSet": {
			recording.Workload{Kind: "DaemonSet", Replicas: 1, Strategy: "RollingUpdate", MaxSurge: "0", MaxUnavailable: "1"},
			"cannot stand beside each other", "replicas", "",
		},
		"a DaemonSet with OnDelete": {
			recording.Workload{Kind: "DaemonSet", Replicas: 3, Strategy: "OnDelete"},
			"updateStrategy RollingUpdate with maxSurge 1 and maxUnavailable 0", "replicas", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario().pod("web-1", abrupt()).pod("web-2", abrupt())
			s.traffic(0, 6250*ms, "web-1", "web-2").steady(12 * second)
			s.request(request{sent: 7 * second, took: ms, phase: recording.PhaseDial, class: recording.ClassRefused})
			tt.w.Name, tt.w.UID, tt.w.Services = "web", "uid-web", []string{"web"}
			s.header.Workload = tt.w
			fix := fixOf(t, s.analyze(t), report.NoCapacity)
			if !strings.Contains(fix.Text, tt.says) || tt.never != "" && strings.Contains(fix.Text, tt.never) || fix.Patch != tt.patch {
				t.Errorf("%s\n%s", fix.Text, fix.Patch)
			}
		})
	}
}
