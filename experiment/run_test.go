package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/client-go/kubernetes"
	clienttesting "k8s.io/client-go/testing"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/fakecluster"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

var (
	web        = check.Workload{Kind: check.Deployment, Name: "web"}
	scaleToOne = check.Disruption{Scale: &check.Scale{To: 1}}
)

// scene is a cluster, a service that answers for its pods, and room for a recording.
type scene struct {
	*fakecluster.Cluster
	observer kubernetes.Interface
	url, dir string
}

func newScene(t *testing.T, service http.HandlerFunc) *scene {
	t.Helper()
	if service == nil {
		service = func(http.ResponseWriter, *http.Request) {}
	}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	c := fakecluster.New(t)
	return &scene{Cluster: c, observer: c.Observer(), url: server.URL, dir: filepath.Join(t.TempDir(), "run")}
}

// config is a short run of the disruptions.
func (s *scene) config(disruptions ...check.Disruption) Config {
	return Config{
		Observe: s.observer, Act: s.Client, Namespace: fakecluster.Namespace,
		ID: "run-1", Dir: s.dir, Now: NewClock(), Progress: func(Progress) {},
		Check: check.Check{
			Workload:    web,
			Target:      check.Target{URL: s.url},
			Streams:     []check.Stream{{Name: "default", Rate: sceneRate, Connections: check.Reused, Pool: 2, Timeout: sceneTimeout}},
			Disruptions: disruptions,
			Timing: check.Timing{
				Baseline: check.Duration(time.Second), Settle: check.Duration(100 * time.Millisecond), Timeout: check.Duration(longestDisruption),
			},
		}.WithDefaults(),
	}
}

// sceneRate is how many requests a run sends in a second: so few that a busy machine keeps up
// with several runs at once under the race detector. Of 100 a second thousands were under way in
// each once it did not.
const sceneRate = 20

// sceneTimeout is how long a request may take. Machines that tests run on have kept processes
// from running for nine seconds, and what they are late for is no answer of the service's.
const sceneTimeout = check.Duration(30 * time.Second)

// longestDisruption is how long one may take, unless a test says otherwise.
const longestDisruption = 20 * time.Second

// isAsBefore looks whether the workload wants what it wanted, and bears nothing more.
func (s *scene) isAsBefore(t *testing.T, before *appsv1.Deployment) {
	t.Helper()
	after := s.Deployment()
	if !reflect.DeepEqual(after.Spec, before.Spec) || !reflect.DeepEqual(after.Annotations, before.Annotations) {
		t.Errorf("left with %d replicas and annotations %v", *after.Spec.Replicas, after.Annotations)
	}
}

// recorded reads the recording, which has to be whole.
func (s *scene) recorded(t *testing.T) *recording.Recording {
	t.Helper()
	r := s.open(t)
	if len(r.Losses) > 0 {
		t.Errorf("the recording lost %v", r.Losses)
	}
	return r
}

// open reads the recording, which has to have an end.
func (s *scene) open(t *testing.T) *recording.Recording {
	t.Helper()
	r, err := recording.Open(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.Ending == nil {
		t.Fatal("the recording has no end")
	}
	return r
}

func phases(r *recording.Recording) []string {
	var all []string
	for _, a := range r.Actions {
		switch a.Kind {
		case recording.PhaseBegan:
			all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s", a.Phase, a.Name)))
		case recording.Steady, recording.NotSteady, recording.Restored, recording.RestoreFailed:
			all = append(all, string(a.Kind))
		}
	}
	return all
}

func wantPhases(t *testing.T, r *recording.Recording, want ...string) {
	t.Helper()
	if got := phases(r); !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	before := s.Deployment()
	if err := Run(t.Context(), s.config(scaleToOne, check.Disruption{Delete: &check.Delete{Pods: 2}, Repeat: 2})); err != nil {
		t.Fatal(err)
	}
	s.isAsBefore(t, before)
	r := s.recorded(t)
	wantPhases(t, r, "baseline", "disrupt scale", "restored", "steady", "settle scale",
		"disrupt delete", "steady", "settle delete", "disrupt delete", "steady", "settle delete")
	if r.Ending.Interrupted || r.Ending.Error != "" || r.Ending.Client == nil || len(r.Ending.Streams) != 1 || r.Ending.Streams[0].Sent == 0 {
		t.Errorf("it ends with %+v", r.Ending)
	}
}

// A run that may not or cannot be has written nothing, neither in the cluster nor on
// the disk.
func TestPreflightRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		prepare func(*scene, *Config)
		is      func(error) bool
		says    string
	}{
		"rights": {
			func(s *scene, _ *Config) {
				s.Denied = func(asked *authorizationv1.ResourceAttributes) bool { return asked.Verb == "patch" }
			},
			is[*RightsError], "rights are missing in namespace shop: patch deployments.apps web",
		},
		"another run": {
			func(s *scene, _ *Config) { s.claimed() },
			is[*chaos.ClaimedError], "run run-9 is at work on deployment/web",
		},
		"a disruption that nothing would come of": {
			func(_ *scene, cfg *Config) { cfg.Check.Disruptions[0].Scale = &check.Scale{To: 3} },
			is[*chaos.PlanError], "disruptions[0].scale.to",
		},
		"no such workload": {
			func(_ *scene, cfg *Config) { cfg.Check.Workload.Name = "shop" }, func(error) bool { return true }, `"shop" not found`,
		},
		"no such service": {
			func(_ *scene, cfg *Config) { cfg.Check.Target.Service = "wbe" }, is[*check.FieldError], "there is no service wbe in namespace shop",
		},
		"no such host": {
			// Two dots make it a name that no resolver is asked for.
			func(_ *scene, cfg *Config) { cfg.Check.Streams[0].URL = "http://nobody..invalid/" }, is[*CheckError], "streams[0].url: this machine does not find nobody..invalid (",
		},
		"a server that does not tell the types of a call": {
			func(_ *scene, cfg *Config) {
				cfg.Check.Streams[0] = calling(plainHTTP2(t, http.StatusNotFound, nil), check.GRPC{Method: "a.B/C", Body: check.NewValue(`{"x": 1}`)})
			}, is[*CheckError], "streams[0].grpc.body: a message that is not empty needs its types, and ",
		},
		"no room": {
			func(_ *scene, cfg *Config) { cfg.Room.Disk = 1 }, is[*RoomError], "the recording takes at least",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, nil)
			cfg := s.config(scaleToOne)
			tt.prepare(s, &cfg)
			before := s.Deployment()
			for what, do := range map[string]func() error{
				"run":  func() error { return Run(t.Context(), cfg) },
				"plan": func() error { _, err := Plan(t.Context(), cfg); return err },
			} {
				if err := do(); err == nil || !tt.is(err) || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%s: %v", what, err)
				}
			}
			s.isAsBefore(t, before)
			s.wroteNothing(t)
		})
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// claimed has another run claim the workload.
func (s *scene) claimed() {
	s.Set(func(d *appsv1.Deployment) {
		d.Annotations["shutdowncheck.io/undo"] = `{"version":1,"run":"run-9","uid":"uid-web"}`
	})
}

func (s *scene) wroteNothing(t *testing.T) {
	t.Helper()
	for _, write := range s.Writes() {
		if write != "create selfsubjectaccessreviews/" {
			t.Errorf("there was a %s", write)
		}
	}
	if _, err := os.Stat(s.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder was made: %v", err)
	}
}

// Another run may be quicker between the preflight and the claim.
func TestARefusedClaimLeavesNoTrace(t *testing.T) {
	s := newScene(t, nil)
	cfg := s.config(scaleToOne)
	cfg.Doing = func(d Doing) {
		if d.What == "claiming deployment/web" {
			s.claimed()
		}
	}
	if err := Run(t.Context(), cfg); !is[*chaos.ClaimedError](err) {
		t.Errorf("the run ended with %v", err)
	}
	s.wroteNothing(t)
}

// A service that loses requests by itself, or does not answer, is left alone.
func TestUnsoundBaseline(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		service http.HandlerFunc
		url     string // what its name becomes after preflight, unless empty
		says    string
	}{
		"failing": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "", ""},
		"silent": {
			func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "",
			"stream default had no answer within the baseline of 1s, so nothing was done; a baseline has to be longer",
		},
		// Package net refuses such a name without asking anybody.
		"no name": {nil, "http://no..such/", "stream default had no answer within the baseline of 1s, so nothing was done; requests failed on the client's own side"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, tt.service)
			before := s.Deployment()
			cfg := s.config(scaleToOne)
			cfg.Check.Streams[0].Timeout = check.Duration(3 * time.Second)
			cfg.Doing = func(d Doing) {
				if d.What == "claiming deployment/web" {
					cfg.Check.Streams[0].URL = cmp.Or(tt.url, cfg.Check.Streams[0].URL)
				}
			}
			if err := Run(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
			s.isAsBefore(t, before)
			r := s.recorded(t)
			wantPhases(t, r, "baseline")
			if !strings.HasPrefix(r.Ending.Error, tt.says) || (tt.says == "") != (r.Ending.Error == "") {
				t.Errorf("it ends with %q, want %q", r.Ending.Error, tt.says)
			}
		})
	}
}

func TestUnhealthyWorkloadIsLeftAlone(t *testing.T) {
	s := newScene(t, nil)
	s.Set(func(d *appsv1.Deployment) { d.Status.ReadyReplicas = 2 })
	steps, err := Plan(t.Context(), s.config(scaleToOne))
	if told := steps[len(steps)-1]; err != nil || !strings.Contains(told, "deployment/web is not healthy") {
		t.Errorf("the plan ends with %q: %v", told, err)
	}
	if err := Run(t.Context(), s.config(scaleToOne)); err != nil {
		t.Fatal(err)
	}
	r := s.recorded(t)
	wantPhases(t, r)
	if !strings.Contains(r.Ending.Error, "was not healthy before anything was done to it") {
		t.Errorf("it ends with %q", r.Ending.Error)
	}
	for _, write := range s.Writes() {
		if write != "create selfsubjectaccessreviews/" {
			t.Errorf("there was a %s", write)
		}
	}
}

// A disruption that runs out of its time is put back while there is still load, and
// the next one is not begun.
func TestTimeout(t *testing.T) {
	t.Parallel()
	timesOut(t, func(timeout time.Duration) (scaled bool) {
		s := newScene(t, nil)
		s.Obedient = false
		before := s.Deployment()
		cfg := s.config(scaleToOne, check.Disruption{Restart: &check.Restart{}})
		cfg.Check.Timing.Timeout = check.Duration(timeout)
		err := Run(t.Context(), cfg)
		s.isAsBefore(t, before)
		if !slices.ContainsFunc(s.Client.Actions(), scalesDown) {
			return false
		}
		if err != nil {
			t.Fatal(err)
		}
		r := s.recorded(t)
		wantPhases(t, r, "baseline", "disrupt scale", "not-steady", "restored", "settle scale")
		if want := fmt.Sprintf("scale of deployment/web did not come to its end (%s are over): ", timeout); !strings.HasPrefix(r.Ending.Error, want) {
			t.Errorf("it ends with %q, want %q", r.Ending.Error, want)
		}
		return true
	})
}

// timesOut gives a disruption that never comes to its end little time. Where that was over
// before the workload was scaled there was nothing to put back, and the run gets another
// try with twice the time.
func timesOut(t *testing.T, run func(timeout time.Duration) (scaled bool)) {
	t.Helper()
	for timeout := 300 * time.Millisecond; timeout < longestDisruption; timeout *= 2 {
		if run(timeout) {
			return
		}
	}
	t.Error("the workload was never scaled")
}

// scalesDown tells whether it is the patch of scaleToOne.
func scalesDown(action clienttesting.Action) bool {
	patch, ok := action.(clienttesting.PatchAction)
	return ok && strings.Contains(string(patch.GetPatch()), `"replicas":1`)
}
