package matrix

import (
	"regexp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// The traffic. Rates are low enough for several rows at once on two cores.
func fresh(rate float64) check.Stream {
	return check.Stream{Name: "new", Rate: rate, Connections: check.New, URL: "/", Timeout: check.Duration(10 * time.Second)}
}

func reused(rate float64) check.Stream {
	return check.Stream{Name: "reused", Rate: rate, Connections: check.Reused, Pool: 32, URL: "/", Timeout: check.Duration(10 * time.Second)}
}

func patient(s check.Stream, timeout time.Duration) check.Stream {
	s.Timeout = check.Duration(timeout)
	return s
}

var both = []check.Stream{fresh(40), reused(40)}

// The disruptions.
var (
	restart = check.Disruption{Restart: &check.Restart{}}
	scale   = check.Disruption{Scale: &check.Scale{To: 1}}
)

func observe(d time.Duration) check.Disruption {
	return check.Disruption{Observe: &check.Observe{For: check.Duration(d)}}
}

func passes() Want                  { return Want{Verdict: report.Passed} }
func fails(cause report.Cause) Want { return Want{Verdict: report.Failed, Cause: cause} }
func proves(nothing string) Want {
	return Want{Verdict: report.Inconclusive, Says: regexp.MustCompile(nothing)}
}

func refuses() Want                    { return Want{Verdict: Refused} }
func warns(cause report.Cause) Want    { return Want{Verdict: report.Passed, Cause: cause, Warning: true} }
func (w Want) saying(text string) Want { w.Says = regexp.MustCompile(text); return w }

// has asks for causes of some failures, the most or not.
func (w Want) has(causes ...report.Cause) Want { w.Has = causes; return w }

// windows asks for so many whose end is what the pods' logs tell.
func (w Want) windows(n int) Want { w.Windows = n; return w }

// notSaying, advising and notAdvising ask for what a report does not say, and for what
// its fixes do or do not.
func (w Want) notSaying(text string) Want   { w.SaysNot = regexp.MustCompile(text); return w }
func (w Want) advising(text string) Want    { w.FixSays = regexp.MustCompile(text); return w }
func (w Want) notAdvising(text string) Want { w.FixNot = regexp.MustCompile(text); return w }

// Rows is the table. image is the tool's own, which a signal needs.
func Rows(image string) []Row {
	return slices.Concat([]Row{
		{Name: "graceful: restart", Base: "graceful", Streams: both, Disruption: restart, Want: passes()},
		{Name: "graceful: scale", Base: "graceful", Streams: both, Disruption: scale, Want: passes()},
		{
			Name: "graceful: evict", Base: "graceful", Streams: both,
			Disruption: check.Disruption{Evict: &check.Evict{Pods: 2}}, Want: passes(),
		},
		{
			Name: "graceful: drain", Base: "graceful", Streams: both,
			Disruption: check.Disruption{Drain: &check.Drain{Node: check.OfAPod, Pods: check.DrainWorkload}}, Want: passes(),
		},
		{
			Name: "graceful: delete", Base: "graceful", Streams: both,
			Disruption: check.Disruption{Delete: &check.Delete{Pods: 2}}, Want: passes(),
		},
		{
			Name: "flask", Base: "flask", Disruption: restart, Want: passes(),
			Streams: []check.Stream{patient(fresh(4), 20*time.Second)}, Baseline: 8 * time.Second,
		},
		{
			Name: "flask: no time and no preStop", Base: "flask", Disruption: restart, Want: fails(report.GraceTooShort),
			Edits:   []Edit{grace(3), preStop(0)},
			Streams: []check.Stream{patient(fresh(4), 20*time.Second)}, Baseline: 8 * time.Second,
			Patch: true,
		},
		{
			// The preStop sleep keeps its closed door out of sight.
			Name: "exits at SIGTERM", Base: "careless", Streams: both, Disruption: restart, Want: fails(report.NoDrain),
			Edits: []Edit{env("VICTIM_HANDLER_TIME", "500ms"), preStop(3)},
		},
		{
			Name: "closes its listener at once", Base: "graceful", Disruption: restart, Want: fails(report.ListenerClosedEarly),
			Edits:   []Edit{acceptsFor(0), preStop(0)},
			Streams: []check.Stream{fresh(80)},
			Patch:   true,
		},
		{
			// Only new connections tell it from a pod that waits for its kept ones.
			Name: "ignores SIGTERM", Base: "careless", Disruption: restart, Want: fails(report.SigtermIgnored),
			Edits:   []Edit{env("VICTIM_ON_SIGTERM", "ignore"), env("VICTIM_HANDLER_TIME", "500ms"), grace(5)},
			Streams: both,
		},
		{
			Name: "ignores SIGTERM, nothing lost", Base: "careless", Disruption: restart, Want: warns(report.SigtermIgnored),
			Edits:   []Edit{env("VICTIM_ON_SIGTERM", "ignore"), env("VICTIM_HANDLER_TIME", "5ms"), grace(5)},
			Streams: []check.Stream{fresh(40)},
		},
		{
			Name: "closes kept-alive connections", Base: "graceful", Streams: both, Disruption: restart, Want: fails(report.KeepaliveCut),
			Edits: []Edit{env("VICTIM_KEEPALIVE", "cut")},
		},
		{
			// 27 of the pool's 32 connections are in use at any time, so that the pods
			// that end keep theirs, and a third of those have more than 2 s to go.
			Name: "preStop eats the grace period", Base: "graceful", Disruption: restart, Want: fails(report.PrestopEatsGrace),
			Edits:   []Edit{env("VICTIM_HANDLER_TIME", "3s"), acceptsFor(0), preStop(9), grace(10)},
			Streams: []check.Stream{fresh(10), reused(9)},
			Patch:   true,
		},
		{
			Name: "answers 503 from SIGTERM on", Base: "graceful", Streams: both, Disruption: restart, Want: fails(report.ErrorsWhileDraining),
			Edits: []Edit{env("VICTIM_SIGTERM_STATUS", "503"), preStop(0)},
		},
		{
			Name: "Ready before it listens", Base: "graceful", Streams: both, Disruption: restart, Want: fails(report.NotReadyYet),
			Edits: []Edit{env("VICTIM_START_DELAY", "3s"), env("VICTIM_START_MODE", "closed"), noReadinessProbe},
		},
		{
			Name: "one replica that may be unavailable", Base: "graceful", Streams: both, Disruption: restart, Want: fails(report.NoCapacity),
			Edits: []Edit{replicas(1), acceptsFor(0), preStop(0), env("VICTIM_START_DELAY", "5s"), noSurge},
		},
		{
			// Reused connections are not told to go, so that some are in use at the
			// kill 2 s later.
			Name: "deleted by force", Base: "graceful", Want: fails(report.Killed),
			Edits:      []Edit{env("VICTIM_HANDLER_TIME", "500ms"), env("VICTIM_KEEPALIVE", "keep")},
			Streams:    both,
			Disruption: check.Disruption{Delete: &check.Delete{Pods: 1, GracePeriod: new(check.Duration(0))}},
		},
		{
			Name: "killed by SIGKILL", Base: "graceful", Want: fails(report.Killed),
			Edits:      []Edit{env("VICTIM_HANDLER_TIME", "500ms")},
			Streams:    both,
			Disruption: check.Disruption{Kill: &check.Kill{Pods: 1, Signal: check.SIGKILL, Via: check.ViaNode, HelperImage: image}},
		},
		{
			// 27 requests a second and pod, of 192 KiB each, fill the 56 MiB that a
			// Go program leaves of 64 in 11 s, of which the baseline takes 5.
			Name: "runs out of memory", Base: "graceful", Streams: both, Want: fails(report.Restarted).saying("OOMKilled"),
			Edits:      []Edit{env("VICTIM_ALLOC_PER_REQUEST", "192Ki")},
			Disruption: observe(12 * time.Second),
		},
		{
			// 300 requests at 27 a second and pod: 11 s, of which the baseline takes 5.
			Name: "exits by itself", Base: "graceful", Streams: both, Want: fails(report.Restarted),
			Edits:      []Edit{env("VICTIM_EXIT_AFTER_REQUESTS", "300")},
			Disruption: observe(12 * time.Second),
		},
		{
			// 23 requests a second and pod where 20 can be served: after the baseline
			// they wait for 1 s, which fails a probe, and 8 s later comes the restart.
			Name: "liveness probe too eager", Base: "careless", Want: fails(report.Restarted),
			Edits: []Edit{
				env("VICTIM_HANDLER_TIME", "50ms"), env("VICTIM_WORKERS", "1"),
				eagerLiveness(8), lazyReadiness,
			},
			Streams:    []check.Stream{patient(fresh(70), time.Minute)},
			Disruption: observe(16 * time.Second),
		},
		{
			// The door is closed before the kubelet's first second is over: not each pod is
			// asked in time to be seen to answer.
			Name: "window of no time", Base: "graceful", Disruption: restart, Want: fails(report.ListenerClosedEarly).windows(1),
			Edits:   []Edit{acceptsFor(0), preStop(0)},
			Streams: []check.Stream{fresh(80)},
		},
		{
			Name: "window of 3 s", Base: "graceful", Disruption: restart, Want: passes().windows(3),
			Edits:   []Edit{acceptsFor(3), preStop(0)},
			Streams: []check.Stream{fresh(40)},
		},
		{
			Name: "window of 10 s", Base: "graceful", Disruption: restart, Want: passes().windows(3),
			Edits:   []Edit{acceptsFor(10), preStop(0)},
			Streams: []check.Stream{fresh(40)},
		},
		{
			Name: "a long request", Base: "graceful", Disruption: restart, Want: fails(report.GraceTooShort),
			Edits:    []Edit{acceptsFor(3), preStop(0), grace(10)},
			Streams:  []check.Stream{fresh(20), patient(check.Stream{Name: "slow", Kind: check.Slow, Rate: 3, Connections: check.New, URL: "/slow?for=20s"}, 30*time.Second)},
			Baseline: 21 * time.Second,
			Patch:    true,
		},
		{
			Name: "broken before we came", Base: "graceful", Streams: both, Disruption: restart, Want: proves("baseline"),
			Edits: []Edit{env("VICTIM_STATUS", "500")},
		},
		{
			Name: "paused", Base: "graceful", Streams: both, Disruption: restart, Want: refuses().saying("is paused"),
			Pause: true,
		},
		{
			Name: "listens for 5 s", Base: "graceful", Disruption: restart, Want: passes(),
			Edits: []Edit{acceptsFor(0)}, Streams: []check.Stream{fresh(60)},
		},
		{
			Name: "listens for 5 s, forgotten after 8 s", Base: "graceful", Disruption: restart,
			Want:  fails(report.ListenerClosedEarly).saying(`lag 8s`).notSaying("kube-proxy").advising(`played \(lag 8s\)`),
			Edits: []Edit{acceptsFor(0)}, Via: &check.Via{Lag: new(check.Duration(8 * time.Second))},
			Streams: both,
			Patch:   true,
		},
		{
			// The rollout is over before the first new pod is known.
			Name: "learned of after 15 s", Base: "graceful", Disruption: restart,
			Want:    fails(report.NoCapacity).notSaying("kube-proxy").advising("minReadySeconds"),
			Via:     &check.Via{Lag: new(check.Duration(time.Second)), LagIn: check.Duration(15 * time.Second)},
			Streams: both,
			Patch:   true,
		},
		{
			Name: "nothing ends", Base: "graceful", Streams: both, Disruption: observe(5 * time.Second), Want: proves("(?i)no pod|nothing"),
		},
	}, grpcRows())
}

func replicas(n int32) Edit {
	return func(d *appsv1.Deployment) { d.Spec.Replicas = &n }
}

// noReadinessProbe makes a pod Ready as soon as it runs.
func noReadinessProbe(d *appsv1.Deployment) { container(d).ReadinessProbe = nil }

// noSurge lets a rollout end a pod before it makes its replacement.
func noSurge(d *appsv1.Deployment) {
	d.Spec.Strategy = appsv1.DeploymentStrategy{
		Type: appsv1.RollingUpdateDeploymentStrategyType,
		RollingUpdate: &appsv1.RollingUpdateDeployment{
			MaxSurge: new(intstr.FromInt32(0)), MaxUnavailable: new(intstr.FromInt32(1)),
		},
	}
}

// eagerLiveness restarts the container after so many seconds without a quick
// answer.
func eagerLiveness(failures int32) Edit {
	return func(d *appsv1.Deployment) {
		container(d).LivenessProbe = &corev1.Probe{
			ProbeHandler:   corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromString("http")}},
			TimeoutSeconds: 1, PeriodSeconds: 1, FailureThreshold: failures,
		}
	}
}

// lazyReadiness leaves a slow pod Ready.
func lazyReadiness(d *appsv1.Deployment) {
	p := container(d).ReadinessProbe
	p.TimeoutSeconds, p.FailureThreshold = 20, 30
}
