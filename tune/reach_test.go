package tune

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// long are the settings of the run that measures: a sleep of 20 s and a minute.
func long(container string) chaos.Settings {
	return chaos.Settings{Container: container, PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 20}}, Grace: 60}
}

// slept is the end of a pod that had them.
func slept(last, exited time.Duration) report.Termination {
	t := ending("a", last, exited)
	t.PreStopSleep = report.Duration(20 * time.Second)
	return t
}

func failed(change func(*report.Termination), causes ...report.Cause) *report.Report {
	end := slept(300*ms, 21*time.Second)
	change(&end)
	return ran(func(r *report.Report) {
		r.Verdict, r.Reasons = report.Failed, []string{"3 requests failed"}
		for _, cause := range causes {
			r.Findings = append(r.Findings, report.Finding{Cause: cause, Failed: 3})
		}
	}, end)
}

// What a run was too short to show is not told as what no settings mend, and neither is what
// pods did with others than its settings, or a run of which nothing is known.
func TestWhatARunIsFitFor(t *testing.T) {
	t.Parallel()
	refused := func(after time.Duration) func(*report.Termination) {
		return func(t *report.Termination) {
			t.FirstRefused = report.Interval{From: began.Add(after), To: began.Add(after)}
		}
	}
	nothing := func(*report.Termination) {}
	for name, tt := range map[string]struct {
		rep     *report.Report
		run     string
		outcome Outcome
		says    string
		// obstacles that are told
		obstacles int
	}{
		"nothing lost":                {ran(nil, slept(300*ms, 21*time.Second)), measuring, "", "", 0},
		"it exits with requests":      {failed(nothing, report.NoDrain), measuring, Untunable, "requests are lost, or pods do not end by themselves, however long", 1},
		"refused when the sleep ends": {failed(refused(20500*ms), report.ListenerClosedEarly, report.NoDrain), measuring, Inconclusive, "new requests still came to a pod 20.5s after its end had begun, and its sleep of 20s was over", 2},
		"answered when it ends":       {failed(func(t *report.Termination) { t.LastNew = after(19*time.Second, 19*time.Second) }, report.NoDrain), measuring, Inconclusive, "new requests still came to a pod 19s after", 1},
		"refused while it sleeps":     {failed(refused(5*time.Second), report.ListenerClosedEarly), measuring, Untunable, "requests are lost, or pods do not end by themselves, however long", 1},
		"a hook that failed": {failed(func(t *report.Termination) {
			refused(time.Second)(t)
			t.PreStopSleep, t.PreStopFailed = 0, after(0, ms)
		}, report.ListenerClosedEarly), measuring, Untunable, "requests are lost", 2},
		"the grace ended":           {failed(nothing, report.GraceTooShort), measuring, Inconclusive, "requests were still being answered when the grace period of 60 s ended", 1},
		"the grace ended, and more": {failed(nothing, report.GraceTooShort, report.KeepaliveCut), measuring, Untunable, "requests are lost", 2},
		"confirmed to lose":         {failed(nothing, report.GraceTooShort), confirming, Untunable, "the confirming run was not free of losses: 3 requests failed", 1},
		"killed at no cost":         {ran(func(r *report.Report) { r.Warnings = []report.Warning{{Cause: report.SigtermIgnored}} }, slept(300*ms, 21*time.Second)), confirming, Untunable, "nothing was lost with these settings, but pods did not end by themselves", 1},
		"a webhook takes the hook":  {failed(func(t *report.Termination) { t.PreStopSleep = 0 }, report.ListenerClosedEarly), measuring, Inconclusive, "pod a ended with a preStop sleep of 0s, and not of 20s, as the template had it", 0},
		"at no cost":                {ran(nil, ending("a", 0, time.Second)), confirming, Inconclusive, "pod a ended with a preStop sleep of 0s, and not of 20s", 0},
		"another grace":             {failed(func(t *report.Termination) { t.Grace = report.Duration(30 * time.Second) }, report.NoDrain), measuring, Inconclusive, "pod a ended with a grace period of 30s, and not of 60 s", 0},
		"a pod that never served":   {ran(nil, slept(300*ms, 21*time.Second), report.Termination{Pod: "b"}), measuring, "", "", 0},
		"another container serves":  {ran(nil, func() report.Termination { t := ending("a", 0, time.Second); t.Serves = "web"; return t }()), measuring, "", "", 0},
		"a container's end":         {ran(nil, slept(0, 21*time.Second), report.Termination{Container: "app"}), measuring, "", "", 0},
		"a starved run": {func() *report.Report {
			r := failed(nothing, report.NoDrain)
			r.Verdict, r.Reasons = report.Inconclusive, []string{"requests went out late"}
			return r
		}(), measuring, Inconclusive, "requests went out late", 0},
	} {
		u := &tuning{result: &Result{}}
		fit := u.fit(tt.rep, tt.run, long("app"))
		r := u.result
		if fit != (tt.outcome == "") || r.Outcome != tt.outcome || !strings.HasPrefix(strings.Join(r.Reasons, "; "), tt.says) || len(r.Obstacles) != tt.obstacles {
			t.Errorf("%s: %t, %s: %q, %d obstacles", name, fit, r.Outcome, r.Reasons, len(r.Obstacles))
		}
	}
}

// The grace is that of all containers. A sidecar follows the one that sleeps; another main one
// does not wait for it.
func TestTheTimeOfAllContainers(t *testing.T) {
	t.Parallel()
	at := func(s time.Duration) report.Interval { return after(s*time.Second, (s+1)*time.Second) }
	app := report.ContainerExit{Container: "app", Exited: at(21)}
	for name, tt := range map[string]struct {
		exits []report.ContainerExit
		// seconds
		drain, beside time.Duration
	}{
		"alone":                    {nil, 2, 0},
		"sooner":                   {[]report.ContainerExit{app, {Exited: at(5)}}, 2, 6},
		"later":                    {[]report.ContainerExit{app, {Exited: at(31)}}, 2, 32},
		"not known":                {[]report.ContainerExit{app, {}}, 2, 0},
		"killed in its midst":      {[]report.ContainerExit{app, {ExitCode: 137, Exited: at(31)}}, 2, 32},
		"killed as the grace ends": {[]report.ContainerExit{app, {ExitCode: 137, Exited: at(60)}}, 2, 0},
		"a sidecar":                {[]report.ContainerExit{app, {Sidecar: true, Exited: at(25)}}, 6, 0},
		"a sidecar that is killed": {[]report.ContainerExit{app, {Sidecar: true, ExitCode: 137, Exited: at(60)}}, 2, 0},
		// It took at most 5 s after the last main one, and follows the sooner one then.
		"a sidecar after another": {[]report.ContainerExit{app, {Exited: at(31)}, {Sidecar: true, Exited: at(35)}}, 7, 36},
		"the other one sleeps":    {[]report.ContainerExit{{Container: "web", Exited: at(8)}, {Container: "app", Exited: at(23)}}, 4, 9},
	} {
		end := slept(0, 21*time.Second)
		end.Exits = tt.exits
		got := endOf(&end, "app", 20*time.Second)
		if got.Drain != report.Duration(tt.drain*time.Second) || got.Beside != report.Duration(tt.beside*time.Second) {
			t.Errorf("%s: %s and %s, want %d and %d s", name, got.Drain, got.Beside, tt.drain, tt.beside)
		}
	}
}

// A container that the confirming run has killed, and the run before has not, has too short a
// grace; one that takes no notice of its signal is killed in both.
func TestWhatIsKilledForTheFirstTime(t *testing.T) {
	t.Parallel()
	with := func(exits ...report.ContainerExit) *report.Report {
		end := slept(0, 21*time.Second)
		end.Exits = exits
		return ran(nil, end)
	}
	ended := report.ContainerExit{Container: "mesh", Exited: after(40*time.Second, 41*time.Second)}
	killed := report.ContainerExit{Container: "mesh", ExitCode: 137, Exited: after(60*time.Second, 61*time.Second)}
	const want = "nothing was lost with these settings, but container mesh of pod a was killed when its grace period ended"
	for name, tt := range map[string]struct {
		before, rep *report.Report
		want        string
	}{
		"in neither":    {with(ended), with(ended), ""},
		"in both":       {with(killed), with(killed), ""},
		"in the second": {with(ended), with(killed), want},
		"in the first":  {with(killed), with(ended), ""},
	} {
		if got := killedSince(tt.before, tt.rep); !strings.HasPrefix(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// What the grace is for is told.
func TestWhatTheGraceIsFor(t *testing.T) {
	t.Parallel()
	for beside, want := range map[time.Duration]string{
		6 * time.Second:  "terminationGracePeriodSeconds 9: the sleep, 2s for the exit or the longest request, and 3s to spare",
		46 * time.Second: "terminationGracePeriodSeconds 49: 46s from when an end begins to the exit of the pod's other containers, which do not wait for the sleep, and 3s to spare",
	} {
		m := &Measured{Lag: Spread{Most: report.Duration(1200 * ms)}, Drain: Spread{Most: report.Duration(2 * time.Second)}, Ends: []End{{Beside: report.Duration(beside)}, {}}}
		var said strings.Builder
		if err := Text(&said, &Result{Measured: m, Settings: &Ending{Grace: m.grace()}}); err != nil || !strings.Contains(strings.Join(strings.Fields(said.String()), " "), want) {
			t.Errorf("%v: %s", err, &said)
		}
	}
}

// Computed settings are no patch before they are confirmed, and are told to be computed alone.
func TestSettingsThatAreNotConfirmed(t *testing.T) {
	t.Parallel()
	for confirmed, want := range map[bool]string{true: "Settings (before: ", false: "Settings that were computed, and not confirmed (before: "} {
		var said strings.Builder
		if err := Text(&said, &Result{Outcome: Inconclusive, Confirmed: confirmed, Settings: &Ending{}, Measured: &Measured{}}); err != nil || !strings.Contains(said.String(), want) {
			t.Errorf("%v: %s", err, &said)
		}
	}
}

// Pods below a StatefulSet's partition do not have the settings that are kept.
func TestSettingsThatAPartitionKeepsFromPods(t *testing.T) {
	t.Parallel()
	for below, want := range map[int]string{
		0: "\nThe settings were left in place.\n",
		3: "\nThe settings were left in place. The partition of statefulset/db keeps them from 3 pods until it is lowered: until then these end as before.\n",
	} {
		var said strings.Builder
		if err := Text(&said, &Result{Outcome: Found, Confirmed: true, Kept: true, BelowPartition: below, Workload: "statefulset/db"}); err != nil || !strings.Contains(unwrapped(said.String()), want) {
			t.Errorf("%v: %s", err, &said)
		}
	}
}

// unwrapped has each paragraph in one line.
func unwrapped(s string) string {
	const paragraph = "\x00"
	s = strings.ReplaceAll(s, "\n\n", paragraph)
	return strings.ReplaceAll(strings.TrimSuffix(strings.ReplaceAll(s, "\n", " "), " "), paragraph, "\n\n") + "\n"
}
