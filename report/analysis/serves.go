package analysis

import (
	"slices"
	"strconv"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// A pod may have several containers, and each its own hook, signal and exit. What the
// pod's end does to requests is told by the one that they are sent to: the one with the
// port that the service leads to (its targetPort, by number or name). A container need
// not declare its ports, and one that does not may listen all the same (kubernetes
// core/v1 Container.Ports), so that where none declares the port, or the ports belong
// to several, nothing is known. Then those of the template come before what admission
// added to the pod: a mesh's proxy, which its injector may put first (Istio with
// holdApplicationUntilProxyStarts, Linkerd since 2.11), takes connections for the program
// and is not the program.

// whoServes gives the container that serves and, where that is not known, the main
// ones, the template's first: whichever of them serves is one of them by far the most
// often. Where the ports tell nothing and all of the others were injected, it is the
// template's only one.
func whoServes(containers []recording.Container, w *recording.Workload) (some []recording.Container, known bool) {
	var found *recording.Container
	for _, port := range w.TargetPorts {
		one := declaring(containers, port)
		if one == nil || found != nil && one != found {
			return likeliest(containers, w)
		}
		found = one
	}
	if found == nil {
		return likeliest(containers, w)
	}
	return []recording.Container{*found}, true
}

// likeliest gives the containers where the ports do not tell which one serves.
func likeliest(containers []recording.Container, w *recording.Workload) (some []recording.Container, known bool) {
	injected := func(c recording.Container) bool { return w.Injected(c.Name) }
	own := slices.DeleteFunc(slices.Clone(containers), injected)
	if len(own) == 1 && len(own) < len(containers) && !own[0].Sidecar && !slices.ContainsFunc(w.TargetPorts, func(port string) bool {
		return slices.ContainsFunc(containers, func(c recording.Container) bool { return injected(c) && declares(c, port) })
	}) {
		return own, true
	}
	return slices.Concat(mains(own), mains(slices.DeleteFunc(slices.Clone(containers), func(c recording.Container) bool { return !injected(c) }))), false
}

// declares tells whether a container declares the port.
func declares(c recording.Container, port string) bool {
	return slices.ContainsFunc(c.Ports, func(p recording.Port) bool { return p.Is(port) })
}

// declaring gives the one container that declares the port, nil if none does, or
// several.
func declaring(containers []recording.Container, port string) *recording.Container {
	var found *recording.Container
	for i := range containers {
		c := &containers[i]
		if !declares(*c, port) {
			continue
		}
		if found != nil {
			return nil
		}
		found = c
	}
	return found
}

// probed tells whether readiness probes connect to each of the ports that requests come
// to, in whichever container: they share the pod's address, and the pod is Ready only
// once all of them have been answered. A port that accepted is one that is listened on.
// Of a port that no Service tells nothing is known.
func probed(containers []recording.Container, targetPorts []string) bool {
	return len(targetPorts) > 0 && !slices.ContainsFunc(targetPorts, func(target string) bool {
		number, err := strconv.ParseInt(target, 10, 32)
		if err != nil {
			number = 0
			if c := declaring(containers, target); c != nil {
				number = int64(c.Ports[slices.IndexFunc(c.Ports, func(p recording.Port) bool { return p.Is(target) })].Number)
			}
		}
		return number == 0 || !slices.ContainsFunc(containers, func(c recording.Container) bool { return int64(c.ReadinessPort) == number })
	})
}

// endedFirst is the first of the other containers that had certainly exited before the
// one that serves did; nil if none had, or if it is not known which one serves. Both
// times are whole seconds of one clock, so that what lies in the same second has no
// order, but that a sidecar ends after the main containers.
func (t *ending) endedFirst() *report.ContainerExit {
	if !t.serves || !t.Exited.Known() {
		return nil
	}
	var first *report.ContainerExit
	for i := range t.Exits {
		e := &t.Exits[i]
		if e.Container == t.container || !e.Exited.Known() {
			continue
		}
		if inOrder := t.sidecar && !e.Sidecar && !e.Exited.From.After(t.Exited.From); !inOrder && e.Exited.To.After(t.Exited.From) {
			continue
		}
		if first == nil || e.Exited.From.Before(first.Exited.From) {
			first = e
		}
	}
	return first
}
