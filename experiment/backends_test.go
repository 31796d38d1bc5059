package experiment

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

var midnight = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func after(seconds float64) time.Time {
	return midnight.Add(time.Duration(seconds * float64(time.Second)))
}

// endpoint reads "10.0.0.1", which is ready, or "10.0.0.1 STATE".
func endpoint(text string) recording.Endpoint {
	address, state, _ := strings.Cut(text, " ")
	e := recording.Endpoint{Address: address, Ready: state == "" || state == "published", Serving: state != "unready" && state != "gone", Terminating: state == "ending" || state == "gone" || state == "published"}
	return e
}

func slice(name string, port int32, endpoints ...string) *recording.SliceObservation {
	service, _, _ := strings.Cut(name, "-")
	o := &recording.SliceObservation{Change: recording.Modified, Name: name, Service: service, Ports: []recording.Port{{Name: "metrics", Number: 9}, {Name: "http", Number: port}}}
	for _, e := range endpoints {
		o.Endpoints = append(o.Endpoints, endpoint(e))
	}
	return o
}

// balanced follows slices, with a route to service web.
type balanced struct {
	*backends
	last sender.Backends
	told int
}

func newBalanced(via check.Via, routes ...chaos.Route) *balanced {
	c := check.Check{Target: check.Target{Via: &via}}.WithDefaults()
	if routes == nil {
		routes = []chaos.Route{{Host: "web", Service: "web", PortName: "http"}}
	}
	return &balanced{backends: newBackends(c.Target.Via, routes)}
}

func (b *balanced) at(seconds float64, s *recording.SliceObservation) {
	b.take(&recording.Event{At: after(seconds), Slice: s})
}

func (b *balanced) start() {
	b.begin(func(told sender.Backends) { b.last, b.told = told, b.told+1 })
}

// knows gives what the load's balancer knows of a host, as "ADDRESS FROM-UNTIL" in seconds.
func (b *balanced) knows(host string) map[string][2]float64 {
	all := map[string][2]float64{}
	for _, one := range b.last.Sets[host] {
		until := -1.0
		if !one.Until.IsZero() {
			until = one.Until.Sub(midnight).Seconds()
		}
		all[one.Address] = [2]float64{one.From.Sub(midnight).Seconds(), until}
	}
	return all
}

func (b *balanced) want(t *testing.T, when, host string, want map[string][2]float64) {
	t.Helper()
	if got := b.knows(host); !maps.Equal(got, want) {
		t.Errorf("%s: %v, want %v", when, got, want)
	}
}

func lagging(lag, lagIn time.Duration) check.Via {
	return check.Via{Lag: new(check.Duration(lag)), LagIn: check.Duration(lagIn)}
}

// A pod is forgotten so long after it has left, and known so long after it was ready, all
// told beforehand; what was ready at the beginning was known before.
func TestBackendsFollowTheSlices(t *testing.T) {
	b := newBalanced(lagging(20*time.Second, 3*time.Second))
	b.at(1, slice("web-a", 8080, "10.0.0.1", "10.0.0.2", "10.0.0.3 unready", "fd00::1"))
	b.at(1, slice("other-a", 8080, "10.0.0.9"))
	b.start()
	b.want(t, "at first", "web", map[string][2]float64{"10.0.0.1:8080": {1, -1}, "10.0.0.2:8080": {1, -1}})
	if b.told != 1 || b.last.Number != 1 {
		t.Errorf("told %d times, %+v", b.told, b.last)
	}
	b.at(5, slice("web-a", 8080, "10.0.0.1 ending", "10.0.0.2", "10.0.0.3"))
	b.want(t, "one ends, one is ready", "web", map[string][2]float64{"10.0.0.1:8080": {1, 25}, "10.0.0.2:8080": {1, -1}, "10.0.0.3:8080": {8, -1}})
	b.at(6, slice("web-a", 8080, "10.0.0.1 gone", "10.0.0.2", "10.0.0.3"))
	b.at(7, slice("web-a", 8080, "10.0.0.2", "10.0.0.3"))
	if b.told != 2 {
		t.Errorf("told %d times where nothing had changed", b.told)
	}
	b.at(9, slice("web-b", 8081, "10.0.0.4"))
	b.at(9, &recording.SliceObservation{Change: recording.Deleted, Name: "web-a", Service: "web"})
	b.want(t, "its slice is gone", "web", map[string][2]float64{"10.0.0.1:8080": {1, 25}, "10.0.0.2:8080": {1, 29}, "10.0.0.3:8080": {8, 29}, "10.0.0.4:8081": {12, -1}})
	b.at(25, slice("web-a", 8080, "10.0.0.2"))
	b.want(t, "the first is forgotten, the second back before it is", "web", map[string][2]float64{"10.0.0.2:8080": {1, -1}, "10.0.0.3:8080": {8, 29}, "10.0.0.4:8081": {12, -1}})
	b.at(30, slice("web-a", 8080, "10.0.0.2", "10.0.0.3"))
	b.want(t, "the third comes anew", "web", map[string][2]float64{"10.0.0.2:8080": {1, -1}, "10.0.0.3:8080": {33, -1}, "10.0.0.4:8081": {12, -1}})
	if b.last.Number != uint64(b.told) {
		t.Errorf("number %d of %d", b.last.Number, b.told)
	}
}

// A pod that is listed twice, as it moves from slice to slice, does not leave.
func TestBackendsMoveBetweenSlices(t *testing.T) {
	b := newBalanced(lagging(time.Second, 0))
	b.at(0, slice("web-a", 8080, "10.0.0.1"))
	b.at(0, slice("web-b", 8080, "10.0.0.1"))
	b.start()
	b.at(1, slice("web-a", 8080))
	b.at(2, slice("web-b", 8080, "10.0.0.1"))
	b.want(t, "it is still there", "web", map[string][2]float64{"10.0.0.1:8080": {0, -1}})
}

// Pods that publish addresses which are not ready are in rotation until they are gone.
func TestBackendsThatArePublished(t *testing.T) {
	b := newBalanced(lagging(time.Second, 0))
	b.at(0, slice("web-a", 8080, "10.0.0.1 published"))
	b.start()
	b.at(1, slice("web-a", 8080))
	b.want(t, "it is gone", "web", map[string][2]float64{"10.0.0.1:8080": {0, 2}})
}

// kube-proxy goes on sending to pods that end where no other is ready; others do not.
func TestBackendsFallBack(t *testing.T) {
	for profile, want := range map[string][2]float64{"kube-proxy": {0, -1}, "nginx": {0, 3}} {
		b := newBalanced(check.Via{Profile: profile, Lag: new(check.Duration(time.Second))})
		b.at(0, slice("web-a", 8080, "10.0.0.1"))
		b.start()
		b.at(2, slice("web-a", 8080, "10.0.0.1 ending", "10.0.0.2 unready"))
		b.want(t, profile, "web", map[string][2]float64{"10.0.0.1:8080": want})
		b.at(4, slice("web-a", 8080, "10.0.0.1 ending", "10.0.0.2"))
		if known := slices.Sorted(maps.Keys(b.knows("web"))); profile == "kube-proxy" && b.knows("web")["10.0.0.1:8080"] != [2]float64{0, 5} || !slices.Contains(known, "10.0.0.2:8080") {
			t.Errorf("%s: %v", profile, b.knows("web"))
		}
	}
}

// Each URL has pods of its own: by the service, by the port's name or its number, and of one
// family.
func TestBackendsByRoute(t *testing.T) {
	b := newBalanced(lagging(time.Second, 0),
		chaos.Route{Host: "web", Service: "web", PortName: "http"}, chaos.Route{Host: "web:9", Service: "web", PortName: "metrics"},
		chaos.Route{Host: "all:81", Service: "all", Port: 81, IPv6: true}, chaos.Route{Host: "none", Service: "web", PortName: "grpc"})
	b.at(0, slice("web-a", 8080, "10.0.0.1"))
	b.at(0, slice("all-a", 8080, "10.0.0.1", "fd00::1"))
	b.start()
	b.want(t, "by name", "web", map[string][2]float64{"10.0.0.1:8080": {0, -1}})
	b.want(t, "by another name", "web:9", map[string][2]float64{"10.0.0.1:9": {0, -1}})
	b.want(t, "by number", "all:81", map[string][2]float64{"[fd00::1]:81": {0, -1}})
	b.want(t, "by a name that there is not", "none", map[string][2]float64{})
	var nobody *backends
	nobody.take(&recording.Event{Slice: slice("web-a", 1)})
	nobody.begin(nil)
}

// What is told stays as it was told.
func TestBackendsAreTold(t *testing.T) {
	b := newBalanced(lagging(time.Second, 0))
	var all []map[string][]sender.Backend
	b.begin(func(told sender.Backends) { all = append(all, told.Sets) })
	b.at(0, slice("web-a", 8080, "10.0.0.1"))
	b.at(1, slice("web-a", 8080))
	if len(all) != 3 || len(all[0]["web"]) != 0 || !all[1]["web"][0].Until.IsZero() || all[2]["web"][0].Until.IsZero() {
		t.Errorf("%+v", all)
	}
}
