package analysis

import (
	"net"
	"net/http"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A path of layer 4 (kube-proxy, a network load balancer) leads a connection to one
// pod for as long as it lasts. A proxy of layer 7 ends the client's connection and
// sends each request on, over connections of its own, to a pod that it chooses
// (RFC 9110, sections 3.7 and 7.6): there the client's connection belongs to no pod.

// frontends are what was seen at each address that was dialled.
type frontends struct {
	pods      *podIndex
	byAddress map[string]*frontend
	// last is what stands at address, the last one that was asked for: samples mostly
	// have the same.
	last    *frontend
	address string
	// told: a proxy is known to stand there whatever the traffic shows (leadsElsewhere).
	told bool
	// straight: the URL is known to lead straight to the pods (recording.Workload.ServesURL).
	straight bool
}

// frontend is what the answers at one address tell of who gives them.
type frontend struct {
	// first is the first of the workload's pods that an answer named, several tells
	// that others did, too.
	first   string
	several bool
	// moved tells that answers of several of them came on one connection, stayed
	// counts those that came on a kept one from the pod that had answered before.
	moved  bool
	stayed int
	// unnamed tells of an answer as expected that named no pod, badGateway of a 502
	// or 504 that named none.
	unnamed, badGateway bool
	// own tells that the address is a pod's own. A pod there that sends requests on to
	// others (as replicas do to their leader) still owns its connections.
	own bool
}

// proxy tells whether the traffic shows a proxy of layer 7.
func (f *frontend) proxy() bool { return f.moved && !f.own }

// stayedEnough is how many answers on kept connections show that connections stay
// with their pods: a choice for each request among two comes out the same that
// often once in a thousand.
const stayedEnough = 10

// staysWithPods tells whether the traffic shows a path of layer 4 to several pods.
func (f *frontend) staysWithPods() bool {
	return !f.moved && f.several && f.stayed >= stayedEnough
}

func newFrontends(pods *podIndex, told, straight bool) *frontends {
	return &frontends{pods: pods, byAddress: map[string]*frontend{}, told: told, straight: straight && !told}
}

// leadsElsewhere tells whether connections are known to lead to no pod of the workload: by
// what the check says, or as the URL leads to a service that selects none of these, whose
// pods then send the requests on.
func leadsElsewhere(header *recording.Header) bool {
	return header.Check.Target.Proxy || len(header.Workload.ForeignServices) > 0
}

// take notes what a sample tells, and gives what stands at its address. A name that
// is none of the workload's pods tells nothing of connections: where the workload is
// itself a proxy, the pods behind it name themselves.
func (f *frontends) take(s *recording.Sample) *frontend {
	at := f.at(s.RemoteAddr)
	if s.Pod == "" {
		at.unnamed = at.unnamed || s.Outcome == recording.OK
		at.badGateway = at.badGateway || unnamedStatus(s) && s.Status != http.StatusServiceUnavailable
		return at
	}
	switch {
	case at.first == s.Pod || at.several:
	case !f.pods.has(s.Pod):
	case at.first == "":
		at.first = s.Pod
	default:
		at.several = true
	}
	switch {
	case s.ConnPod == "" || at.moved:
	case s.ConnPod == s.Pod:
		if at.stayed < stayedEnough {
			at.stayed++
		}
	default:
		at.moved = f.pods.has(s.Pod) && f.pods.has(s.ConnPod)
	}
	return at
}

// at gives what stands at an address, for take.
func (f *frontends) at(address string) *frontend {
	if f.last != nil && f.address == address {
		return f.last
	}
	at := f.byAddress[address]
	if at == nil {
		at = &frontend{own: f.pods.owns(address)}
		f.byAddress[address] = at
	}
	f.last, f.address = at, address
	return at
}

// ofWorkload tells whether some answer named one of the workload's pods, or whether
// that cannot be told because the cluster told of none.
func (f *frontends) ofWorkload() bool {
	if len(f.pods.all) == 0 {
		return true
	}
	for _, at := range f.byAddress {
		if at.first != "" {
			return true
		}
	}
	return false
}

// proxied tells whether a proxy of layer 7 stands at an address, as far as is known.
func (f *frontends) proxied(address string) bool {
	at := f.byAddress[address]
	return f.told || at != nil && at.proxy()
}

// leadsToPods tells whether connections to an address are known to lead to the pods,
// so that all answers there are the pods' own.
func (f *frontends) leadsToPods(address string) bool {
	at := f.byAddress[address]
	return !f.told && at != nil && at.staysWithPods()
}

// found tells whether the traffic shows a proxy at some address.
func (f *frontends) found() bool {
	for _, at := range f.byAddress {
		if at.proxy() {
			return true
		}
	}
	return false
}

// gateway tells whether a failed request was answered by a gateway in a pod's place.
func (f *frontends) gateway(s *recording.Sample) gateway {
	at := f.byAddress[s.RemoteAddr]
	if !unnamedStatus(s) || at == nil || !f.told && at.own {
		return noGateway
	}
	switch proxied := f.proxied(s.RemoteAddr); {
	case at.first != "" && !proxied && (at.unnamed || at.staysWithPods()):
		// Either pods do not always name themselves here, or the connections lead to
		// them and it was one of their own that forgot to.
		return noGateway
	case at.first != "" && !proxied:
		return inferredGateway
	case proxied && (s.Status != http.StatusServiceUnavailable || at.first != "" && !at.unnamed):
		return certainGateway
	case at.badGateway, at.first != "":
		return possibleGateway
	default:
		return gatewayOrPod
	}
}

// gateway tells whether an answer was a gateway's, and what that is known from. By
// RFC 9110 (sections 15.6.3 and 15.6.5) 502 and 504 are the answers of a gateway,
// while 503 (15.6.4) is any server's.
type gateway int

const (
	noGateway gateway = iota
	// certainGateway: a proxy is known to stand there.
	certainGateway
	// inferredGateway: all other answers name their pods.
	inferredGateway
	// possibleGateway: other answers do not name their pods either; it may be one in
	// front of the pods or inside of them.
	possibleGateway
	// gatewayOrPod: 503, where nothing tells of a gateway. A program that shuts down
	// answers so as well.
	gatewayOrPod
)

// answered tells whether the answer is taken for a gateway's.
func (g gateway) answered() bool { return g != noGateway && g != gatewayOrPod }

// unnamedStatus tells of an answer that a gateway may have given in the place of a pod:
// 502, 503 or 504 without a pod's name.
func unnamedStatus(s *recording.Sample) bool {
	if s.Pod != "" || s.Class != recording.ClassStatus {
		return false
	}
	return s.Status == http.StatusBadGateway || s.Status == http.StatusServiceUnavailable || s.Status == http.StatusGatewayTimeout
}

// has tells whether a pod of the workload ever bore the name.
func (p *podIndex) has(name string) bool { return len(p.byName[name]) > 0 }

// owns tells whether an address with a port is one of the workload's pods' own.
func (p *podIndex) owns(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && len(p.byAddress[host]) > 0
}
