package lint

import (
	"regexp"
	"strings"
)

// The annotations and variables that let a mesh's proxy outlast the program:
// config.alpha.linkerd.io/proxy-wait-before-exit-seconds of Linkerd, and of Istio
// terminationDrainDuration (how long it drains) and EXIT_ON_ZERO_ACTIVE_CONNECTIONS (until
// nothing is open), in proxy.istio.io/config or as the proxy's own variables.
var (
	linkerdWaits = []string{"config.alpha.linkerd.io/proxy-wait-before-exit-seconds", "config.linkerd.io/proxy-wait-before-exit-seconds"}
	istioDrains  = regexp.MustCompile(`(?i)terminationDrainDuration["']?\s*[:=]\s*["']?([0-9a-z.]+)`)
	istioUntil   = regexp.MustCompile(`(?i)EXIT_ON_ZERO_ACTIVE_CONNECTIONS["']?\s*[:=]\s*["']?true`)
)

const (
	istioConfig   = "proxy.istio.io/config"
	istioZero     = "EXIT_ON_ZERO_ACTIVE_CONNECTIONS"
	istioDuration = "TERMINATION_DRAIN_DURATION_SECONDS"
)

// meshWaits tells whether a mesh's proxy that is a plain container stays for as long as
// the program's preStop lasts.
func (w *workload) meshWaits(proxy container) bool {
	served, exact := 0.0, true
	for _, c := range w.serving() {
		hook, known := hookSeconds(w, c)
		served, exact = max(served, hook), exact && known
	}
	waits, _ := hookSeconds(w, proxy)
	for _, name := range linkerdWaits {
		if s, ok := durationOf(w.template.Annotations[name]); ok {
			waits = max(waits, s)
		}
	}
	drains, untilIdle := w.istioDrains(proxy)
	return untilIdle || exact && max(waits, drains) > 0 && max(waits, drains) >= served
}

// istioDrains is for how many seconds Istio's proxy is told to drain, 0 where nothing is said,
// and whether it drains until it is idle instead.
func (w *workload) istioDrains(proxy container) (seconds float64, untilIdle bool) {
	config := w.template.Annotations[istioConfig]
	if istioUntil.MatchString(config) {
		return 0, true
	}
	if found := istioDrains.FindStringSubmatch(config); found != nil {
		seconds, _ = durationOf(found[1])
	}
	for i := range proxy.Env {
		switch e := &proxy.Env[i]; e.Name {
		case istioZero:
			if strings.EqualFold(e.Value, "true") {
				return 0, true
			}
		case istioDuration:
			if s, ok := durationOf(e.Value); ok {
				seconds = max(seconds, s)
			}
		}
	}
	return seconds, false
}
