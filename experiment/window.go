package experiment

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/sender"
)

// windowPatience is how much longer than the baseline a run waits for the answer of a pod
// on its own address. One that cannot be reached takes two dials of 2 s.
const windowPatience = 5 * time.Second

// window knows which pods end, and has them asked on their own addresses from when they
// begin to: they are deleted, or out of the service's slices.
type window struct {
	// ports are those of the pods that the URLs lead to, others the services that no URL
	// leads to.
	ports, others []string

	mu     sync.Mutex
	pods   map[string]*recording.PodObservation
	slices map[string][]recording.Endpoint
	// ready are the pods that a slice calls so; left tells of each that was whether none
	// does any more.
	ready, left map[string]bool
	// list is the last that was told to probe, which is nil as long as nobody is asked.
	list  sender.Window
	probe func(sender.Window)
	// named tells that answers name their pods.
	named bool
}

// of has the pods of a workload asked as the check says.
func (w *window) of(spec *check.Window, facts *recording.Workload) {
	w.ports, w.others = facts.TargetPorts, facts.OtherServices
	if spec != nil {
		w.list.Path, w.list.Rate = spec.Path, spec.Rate
	}
}

// take follows the pods and the slices.
func (w *window) take(e *recording.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pods == nil {
		w.pods, w.slices, w.left = map[string]*recording.PodObservation{}, map[string][]recording.Endpoint{}, map[string]bool{}
	}
	switch {
	case e.Pod != nil && e.Pod.Change == recording.Deleted:
		delete(w.pods, e.Pod.UID)
		delete(w.left, e.Pod.UID)
	case e.Pod != nil:
		w.pods[e.Pod.UID] = e.Pod
	case e.Slice != nil && !slices.Contains(w.others, e.Slice.Service):
		w.takeSlice(e.Slice)
	default:
		return
	}
	w.tell()
}

func (w *window) takeSlice(s *recording.SliceObservation) {
	if s.Change == recording.Deleted {
		delete(w.slices, s.Name)
	} else {
		w.slices[s.Name] = s.Endpoints
	}
	w.ready = map[string]bool{}
	for _, endpoints := range w.slices {
		for _, e := range endpoints {
			if e.Ready && e.PodUID != "" {
				w.ready[e.PodUID] = true
			}
		}
	}
	for uid := range w.ready {
		w.left[uid] = false
	}
	for uid := range w.left {
		w.left[uid] = !w.ready[uid]
	}
}

// tell gives the list of those that end, where it has changed.
func (w *window) tell() {
	if w.probe == nil {
		return
	}
	var ending []sender.ProbedPod
	for uid, o := range w.pods {
		left, served := w.left[uid]
		if pod, ok := w.probed(o); ok && served && (left || o.DeletionTimestamp != nil) {
			ending = append(ending, pod)
		}
	}
	slices.SortFunc(ending, func(a, b sender.ProbedPod) int { return cmp.Compare(a.UID, b.UID) })
	if slices.EqualFunc(ending, w.list.Ending, func(a, b sender.ProbedPod) bool { return a.UID == b.UID && a.Address == b.Address }) {
		return
	}
	w.list.Number++
	w.list.Ending = ending
	w.probe(w.list)
}

// probed gives a pod with the address that requests come to; false where it has none.
func (w *window) probed(o *recording.PodObservation) (sender.ProbedPod, bool) {
	port := w.port(o)
	if o.IP == "" || port == 0 || o.Phase == "Failed" || o.Phase == "Succeeded" {
		return sender.ProbedPod{}, false
	}
	pod := sender.ProbedPod{UID: o.UID, Address: net.JoinHostPort(o.IP, strconv.Itoa(int(port)))}
	if w.named {
		pod.Names = names(o)
	}
	return pod, true
}

// names are those by which its answers may name a pod: its own, its address, or on the
// host's network the node's.
func names(o *recording.PodObservation) []string { return []string{o.Name, o.IP, o.Node} }

// isNamed tells whether an answer's name is the pod's.
func isNamed(o *recording.PodObservation, name string) bool {
	return name != "" && slices.Contains(names(o), name)
}

// port is the pod's that the URLs lead to; 0 where they lead to several, or it is not known.
func (w *window) port(o *recording.PodObservation) (port int32) {
	for _, target := range w.ports {
		number := number(o, target)
		if number == 0 || port != 0 && port != number {
			return 0
		}
		port = number
	}
	return port
}

// number resolves a target port, a number or a name of one that a container declares.
func number(o *recording.PodObservation, target string) int32 {
	if n, err := strconv.ParseUint(target, 10, 16); err == nil {
		return int32(n)
	}
	for _, c := range o.Containers {
		for _, p := range c.Ports {
			if p.Is(target) {
				return p.Number
			}
		}
	}
	return 0
}

// try has one pod asked that is ready and does not end, and tells which; or why none can
// be.
func (w *window) try(probe func(sender.Window)) (pod *recording.PodObservation, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.ports) == 0 {
		return nil, "it is not known to which port of the pods the URL leads; name the service that it leads to in target.service"
	}
	for _, uid := range slices.Sorted(maps.Keys(w.pods)) {
		o := w.pods[uid]
		asked, ok := w.probed(o)
		if !ok || !w.ready[uid] || o.DeletionTimestamp != nil {
			continue
		}
		w.list.Number++
		w.list.Try = &asked
		probe(w.list)
		return o, ""
	}
	if len(w.ports) > 1 {
		return nil, "the URLs lead to several ports of the pods: " + strings.Join(w.ports, ", ")
	}
	return nil, "no pod was ready in the baseline with an address and port " + w.ports[0]
}

// open has pods asked from now on. named tells that answers name their pods.
func (w *window) open(probe func(sender.Window), named bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.probe, w.named = probe, named
	w.tell()
}

// tryWindow asks a pod on its own address, where the check wants that.
func (r *run) tryWindow() {
	if r.cfg.Check.Window == nil {
		return
	}
	if r.unsafeWindow() {
		r.windowWhy = "the check's headers would go to addresses that may be others' outside of the cluster; --inside asks from within"
		return
	}
	r.windowPod, r.windowWhy = r.window.try(r.load.probe)
}

// outside tells that requests come from this process, outside of the cluster.
func (r *run) outside() bool { return r.cfg.Check.Inside == nil && r.cfg.Self == "" }

// unsafeWindow tells whether a request would show secrets to whoever has a pod's address
// where this process is, as nothing proves who answers there.
func (r *run) unsafeWindow() bool {
	like := sender.ProbedLike(r.cfg.Check.Streams)
	return r.outside() && !r.verified() && len(r.cfg.Check.Target.Headers)+len(like.Headers) > 0
}

// verified tells whether a certificate proves who answers.
func (r *run) verified() bool {
	u, err := url.Parse(sender.ProbedLike(r.cfg.Check.Streams).URL)
	secure := r.cfg.Check.Target.TLS
	return err == nil && u.Scheme == "https" && (secure == nil || !secure.InsecureSkipVerify)
}

// openWindow has pods that end asked from now on, if the one that was tried has answered.
// What comes of that is recorded.
func (r *run) openWindow(ctx context.Context) {
	if r.cfg.Check.Window == nil {
		return
	}
	result := recording.Action{Kind: recording.WindowMeasured, Disruption: recording.NoDisruption, Detail: r.windowWhy}
	named := false
	if result.Detail == "" {
		var tried *sender.Tried
		tried, result.Sender = r.awaitTried(ctx)
		result.Object = "pod/" + r.windowPod.Name
		result.Detail = r.unusable(tried)
		named = tried != nil && isNamed(r.windowPod, tried.Pod)
	}
	result.At = r.cfg.Now()
	if result.Detail != "" {
		result.Kind = recording.WindowUnmeasured
	} else {
		r.window.open(r.load.probe, named)
	}
	r.writer.Action(result)
}

// awaitTried gives what came of the try; nil where that took too long.
func (r *run) awaitTried(ctx context.Context) (*sender.Tried, int) {
	ctx, cancel := context.WithTimeout(ctx, windowPatience)
	defer cancel()
	for {
		tried, by := r.load.tried()
		if tried != nil || wait(ctx, check.Duration(50*time.Millisecond)) != nil {
			return tried, by
		}
	}
}

// unusable says why what came of the try does not show that pods answer on their own
// addresses; empty where it does.
func (r *run) unusable(tried *sender.Tried) string {
	at := fmt.Sprintf("pod %s on its own address (%s)", r.windowPod.Name, r.windowPod.IP)
	switch {
	case tried == nil:
		return "no answer came in time from " + at + r.unreached()
	case (tried.Problem == "" || tried.Status) && r.outside() && !r.verified() && !isNamed(r.windowPod, tried.Pod):
		return fmt.Sprintf("what answered as %s did not name it (target.podHeader): outside of the cluster it may be something else (--inside asks from within)", at)
	case tried.Status:
		return fmt.Sprintf("%s: %s; %s", at, tried.Problem, r.answerable())
	case tried.Problem != "":
		return fmt.Sprintf("%s: %s%s", at, tried.Problem, r.unreached())
	default:
		return ""
	}
}

// answerable says what to ask a pod for that it answers. One of gRPC may take no plain
// request, so that a path is no help there.
func (r *run) answerable() string {
	window := r.cfg.Check.Window
	if like := sender.ProbedLike(r.cfg.Check.Streams); like.Kind == check.GRPCCalls && (window == nil || window.Path == "") {
		return fmt.Sprintf("pods are asked as in stream %s: name in its grpc.method what every pod answers, or in grpc.expectCodes what it answers with", like.Name)
	}
	return "name in window.path what every pod answers as the check expects"
}

// unreached says what may keep requests from a pod's own address.
func (r *run) unreached() string {
	if r.outside() {
		return "; the pods' network may not be reachable from here (--inside asks from within)"
	}
	return "; a NetworkPolicy or a mesh (mTLS) may keep others out"
}
