package lint

import (
	"fmt"
	"reflect"

	corev1 "k8s.io/api/core/v1"
)

var handlerRules = []rule{{
	id:  "one-handler",
	doc: "A hook or a probe has one handler: the API server refuses none and several (pkg/apis/core/validation, validateHandler; tried with 1.37).",
	find: func(w *workload, report func(breach)) {
		for _, c := range append(w.containers(), w.sidecars()...) {
			tell := func(field string, handlers int) {
				if handlers != 1 {
					report(breach{
						severity: Error, always: true, container: c.Name, field: c.field + "." + field,
						why: fmt.Sprintf("%s has %s: the API server refuses the manifest.", field, counted(handlers)),
						fix: "Give it one of exec, httpGet, tcpSocket, grpc (a probe) or sleep (a hook), or leave it out.",
					})
				}
			}
			if l := c.Lifecycle; l != nil {
				if l.PreStop != nil {
					tell("lifecycle.preStop", handlersOf(*l.PreStop))
				}
				if l.PostStart != nil {
					tell("lifecycle.postStart", handlersOf(*l.PostStart))
				}
			}
			for _, p := range []struct {
				field string
				probe *corev1.Probe
			}{{"readinessProbe", c.ReadinessProbe}, {"livenessProbe", c.LivenessProbe}, {"startupProbe", c.StartupProbe}} {
				if p.probe != nil {
					tell(p.field, handlersOf(p.probe.ProbeHandler))
				}
			}
		}
	},
}}

// handlersOf counts the fields that are set; each is a pointer to one kind of handler.
func handlersOf(handler any) int {
	n := 0
	for _, kind := range reflect.ValueOf(handler).Fields() {
		if !kind.IsNil() {
			n++
		}
	}
	return n
}

func counted(handlers int) string {
	if handlers == 0 {
		return "no handler"
	}
	return fmt.Sprintf("%d handlers", handlers)
}
