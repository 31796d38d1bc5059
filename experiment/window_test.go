package experiment

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// cluster tells a window of pods and slices.
type cluster struct {
	window
	told []string
	pods map[string]recording.PodObservation
}

func newCluster(ports ...string) *cluster {
	c := &cluster{pods: map[string]recording.PodObservation{}}
	c.of(&check.Window{Rate: 10}, &recording.Workload{TargetPorts: ports, OtherServices: []string{"other"}})
	return c
}

func (c *cluster) probe(w sender.Window) {
	line := fmt.Sprintf("%d:", w.Number)
	for _, pod := range w.Ending {
		line += " " + pod.UID + "@" + pod.Address
	}
	c.told = append(c.told, line)
}

// pod tells of one, as change has it from then on.
func (c *cluster) pod(name string, change func(*recording.PodObservation)) {
	o, known := c.pods[name]
	if !known {
		o = recording.PodObservation{
			Change: recording.Added, Name: name, UID: name, IP: "10.0.0." + name[len(name)-1:], Phase: "Running",
			Containers: []recording.Container{{Name: "app", Ports: []recording.Port{{Name: "http", Number: 8080}}}},
		}
	}
	change(&o)
	c.pods[name] = o
	c.take(&recording.Event{At: time.Now(), Pod: &o})
}

// slice tells of the pods that one calls ready.
func (c *cluster) slice(service, name string, ready ...string) {
	s := &recording.SliceObservation{Change: recording.Modified, Name: name, Service: service}
	for pod := range c.pods {
		s.Endpoints = append(s.Endpoints, recording.Endpoint{PodUID: pod, Ready: slices.Contains(ready, pod)})
	}
	c.take(&recording.Event{At: time.Now(), Slice: s})
}

func asIs(*recording.PodObservation) {}
func deleted(o *recording.PodObservation) {
	o.Change, o.DeletionTimestamp = recording.Modified, new(time.Now())
}
func removed(o *recording.PodObservation) { o.Change = recording.Deleted }

// Pods are asked from when they are deleted, or out of the slices, until they are gone or
// back.
func TestWhichPodsAreAsked(t *testing.T) {
	c := newCluster("http")
	for _, pod := range []string{"web-1", "web-2", "web-3"} {
		c.pod(pod, asIs)
	}
	c.slice("web", "web-a", "web-1", "web-2", "web-3")
	c.open(c.probe, false)
	for _, step := range []struct {
		what string
		do   func()
		want []string
	}{
		{"nothing", func() {}, nil},
		{"a deletion", func() { c.pod("web-1", deleted) }, []string{"1: web-1@10.0.0.1:8080"}},
		{"it leaves the slice", func() { c.slice("web", "web-a", "web-2", "web-3") }, nil},
		{"another is not ready", func() { c.slice("web", "web-a", "web-3") }, []string{"2: web-1@10.0.0.1:8080 web-2@10.0.0.2:8080"}},
		{"and is again", func() { c.slice("web", "web-a", "web-2", "web-3") }, []string{"3: web-1@10.0.0.1:8080"}},
		{"one moves to another slice", func() { c.slice("web", "web-b", "web-3"); c.slice("web", "web-a", "web-2") }, nil},
		{"a slice of another service", func() { c.slice("other", "other-a") }, nil},
		{"one that was never in a slice ends", func() { c.pod("web-4", asIs); c.pod("web-4", deleted) }, nil},
		{"the first is gone", func() { c.pod("web-1", removed) }, []string{"4:"}},
		{"one has ended by itself", func() {
			c.pod("web-3", func(o *recording.PodObservation) { o.Phase = "Failed" })
			c.slice("web", "web-b")
		}, nil},
	} {
		c.told = nil
		step.do()
		if !slices.Equal(c.told, step.want) {
			t.Errorf("%s: %q, want %q", step.what, c.told, step.want)
		}
	}
}

// The pod's port is the one that the URLs lead to.
func TestThePortOfAPod(t *testing.T) {
	o := &recording.PodObservation{UID: "u", IP: "fd00::1", Phase: "Running", Containers: []recording.Container{
		{Ports: []recording.Port{{Name: "http", Number: 8080}, {Name: "dns", Number: 53, Protocol: "UDP"}}},
	}}
	for want, ports := range map[string][][]string{
		"[fd00::1]:8080": {{"http"}, {"8080"}, {"8080", "http"}},
		"[fd00::1]:9000": {{"9000"}},
		"":               {{}, {"https"}, {"dns"}, {"http", "9000"}},
	} {
		for _, names := range ports {
			c := newCluster(names...)
			if pod, _ := c.probed(o); pod.Address != want {
				t.Errorf("%q: %q, want %q", names, pod.Address, want)
			}
		}
	}
}

// A ready pod is tried, or it is told why none can be.
func TestWhichPodIsTried(t *testing.T) {
	for want, ports := range map[string][]string{
		"":                           {"8080"},
		"name the service":           {},
		"several ports of the pods":  {"8080", "9090"},
		"with an address and port x": {"x"},
	} {
		c := newCluster(ports...)
		c.pod("web-1", deleted)
		c.pod("web-2", asIs)
		c.slice("web", "web-a", "web-1", "web-2")
		var tried *sender.ProbedPod
		pod, why := c.try(func(w sender.Window) { tried = w.Try })
		if !strings.Contains(why, want) || (why == "") != (want == "") || (pod == nil) != (want != "") || (tried == nil) != (want != "") {
			t.Errorf("%q: %v, %q", ports, pod, why)
		}
		if want == "" && (tried.UID != "web-2" || tried.Address != "10.0.0.2:8080") {
			t.Errorf("tried %+v", tried)
		}
	}
}

// What may be somebody else's answer, or is none, measures nothing.
func TestWhatComesOfATry(t *testing.T) {
	for name, tt := range map[string]struct {
		inside bool
		url    string
		tried  *sender.Tried
		want   string
	}{
		"inside":                      {true, "http://web/", &sender.Tried{}, ""},
		"inside, late":                {true, "http://web/", nil, "no answer came in time"},
		"inside, refused":             {true, "http://web/", &sender.Tried{Problem: "connection refused"}, "NetworkPolicy"},
		"inside, a status":            {true, "http://web/", &sender.Tried{Problem: "it answered with 404 Not Found", Status: true}, "window.path"},
		"outside, hung":               {false, "http://web/", &sender.Tried{Problem: "i/o timeout"}, "--inside asks from within"},
		"outside, by its name":        {false, "http://web/", &sender.Tried{Pod: "web-1"}, ""},
		"outside, by another's":       {false, "http://web/", &sender.Tried{Pod: "somebody"}, "it may be something else"},
		"outside, by none":            {false, "http://web/", &sender.Tried{}, "it may be something else"},
		"outside, a proxy's status":   {false, "http://web/", &sender.Tried{Problem: "it answered with 403 Forbidden", Status: true}, "it may be something else"},
		"outside, by its certificate": {false, "https://web/", &sender.Tried{}, ""},
	} {
		r := &run{load: &streams{}, windowPod: &recording.PodObservation{Name: "web-1", IP: "10.0.0.1"}}
		r.cfg.Check.Streams = []check.Stream{{URL: tt.url}}
		if tt.inside {
			r.cfg.Check.Inside = &check.Inside{}
		}
		if got := r.unusable(tt.tried); !strings.Contains(got, tt.want) || (tt.want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// What is advised where a pod answers otherwise than the check expects fits the way in which
// it was asked.
func TestWhatEveryPodAnswers(t *testing.T) {
	calls := check.Stream{Name: "calls", Kind: check.GRPCCalls, URL: "http://web/"}
	plain := check.Stream{Name: "plain", URL: "http://web/"}
	const path, method = "name in window.path", "asked as in stream calls: name in its grpc.method"
	for name, tt := range map[string]struct {
		streams []check.Stream
		window  check.Window
		want    string
	}{
		"requests":             {[]check.Stream{plain}, check.Window{}, path},
		"calls":                {[]check.Stream{calls}, check.Window{}, method},
		"both":                 {[]check.Stream{calls, plain}, check.Window{}, path},
		"calls, and a request": {[]check.Stream{calls}, check.Window{Path: "/live"}, path},
	} {
		r := &run{load: &streams{}, windowPod: &recording.PodObservation{Name: "web-1", IP: "10.0.0.1"}}
		r.cfg.Check = check.Check{Inside: &check.Inside{}, Streams: tt.streams, Window: &tt.window}
		if got := r.unusable(&sender.Tried{Problem: "it answered with grpc-status 5 (NOT_FOUND)", Status: true}); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// Headers with secrets go to no address that may be another's.
func TestWhoMayHaveThePodsAddress(t *testing.T) {
	headers := []check.Header{{Name: "Authorization", Value: "secret"}}
	for name, tt := range map[string]struct {
		check  check.Check
		self   string
		unsafe bool
	}{
		"no headers":          {check.Check{Streams: []check.Stream{{URL: "http://web/"}}}, "", false},
		"the target's":        {check.Check{Target: check.Target{Headers: headers}, Streams: []check.Stream{{URL: "http://web/"}}}, "", true},
		"the stream's":        {check.Check{Streams: []check.Stream{{URL: "http://web/", Headers: headers}}}, "", true},
		"inside":              {check.Check{Inside: &check.Inside{}, Streams: []check.Stream{{URL: "http://web/", Headers: headers}}}, "", false},
		"in a pod":            {check.Check{Streams: []check.Stream{{URL: "http://web/", Headers: headers}}}, "ci/job-1", false},
		"a verified name":     {check.Check{Streams: []check.Stream{{URL: "https://web/", Headers: headers}}}, "", false},
		"a name not verified": {check.Check{Target: check.Target{TLS: &check.TLS{InsecureSkipVerify: true}}, Streams: []check.Stream{{URL: "https://web/", Headers: headers}}}, "", true},
	} {
		r := &run{cfg: Config{Check: tt.check, Self: tt.self}}
		if got := r.unsafeWindow(); got != tt.unsafe {
			t.Errorf("%s: %t", name, got)
		}
	}
}
