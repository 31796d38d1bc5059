package analysis

import (
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A proxy in the pod takes no notice of SIGTERM and outlives the program behind it. It
// reads what comes on the connections that clients keep to it, tries for seconds to reach
// the program, and answers 503 in its place, until it is killed with the last ones: these
// were read, however long they had waited.
func TestAnErrorIsTheAnswerToARequestThatWasRead(t *testing.T) {
	const kill = 16260 * ms
	const told = 3 * second // to connect, with its retries
	on := func(pod string, conn uint64, sent time.Duration) request {
		return request{stream: "short-reused", sent: sent, took: told, served: 7, conn: conn, connPod: pod}
	}
	cut := func(pod string, conn uint64, sent time.Duration) request {
		r := on(pod, conn, sent)
		r.took, r.phase, r.class = kill-sent, recording.PhaseFirstByte, recording.ClassEOF
		return r
	}
	erring := func(pod string, conns ...uint64) (all []request) {
		for _, conn := range conns {
			for _, at := range []time.Duration{7 * second, 10 * second} {
				all = append(all, answered(on(pod, conn, at), 503))
			}
			all = append(all, cut(pod, conn, 13400*ms))
		}
		return all
	}
	proxy, program := listening("proxy", 8080, 137, kill), listening("app", 0, 0, 6600*ms)
	for name, tt := range map[string]struct {
		code  int32
		pod   string
		lost  []request
		want  string
		never string
	}{
		"no answer names a pod":                       {137, "", erring("", 1, 2), "2 keepalive-outlasts-grace (likely) [web-1] at the exit", "keepalive-cut"},
		"its connections are known":                   {137, "web-1", erring("web-1", 1, 2), "2 keepalive-outlasts-grace (certain) [web-1] at the exit", "keepalive-cut"},
		"it ends by itself":                           {0, "web-1", erring("web-1", 1, 2), "2 no-drain (likely) [web-1] at the exit", "keepalive-cut"},
		"they waited for longer than any answer took": {137, "", []request{cut("", 1, 6500*ms), cut("", 2, 6900*ms), answered(on("", 3, 10*second), 503)}, "2 keepalive-cut (likely) [web-1] at the exit", "grace"},
		"it had stopped answering":                    {137, "", append(erring("", 3)[:2], cut("", 3, 13010*ms)), "1 grace-too-short (likely) [web-1] at the exit", "outlasts"},
		"another that came later was answered, with an error": {
			0, "web-1",
			[]request{cut("web-1", 1, 13*second), answered(request{stream: "short-reused", sent: 15 * second, served: 7, conn: 2, connPod: "web-1"}, 503)},
			"1 no-drain (likely) [web-1] at the exit", "keepalive-cut",
		},
	} {
		t.Run(name, func(t *testing.T) {
			proxy.Terminated.Code = tt.code
			s := newScenario().pod("web-1", &death{deleted: 6200 * ms, left: 6220 * ms, killing: 6250 * ms, exited: kill, gone: kill + second, grace: 10 * second, code: tt.code}).
				pod("web-2", nil).pod("web-3", nil).made("web-1", proxy, program)
			s.header.Workload.TargetPorts = []string{"8080"}
			if tt.pod == "" {
				s.unnamed(0, 6250*ms).unnamed(8500*ms, 30*second).steady(20 * second)
			} else {
				undisturbed(s).steady(20 * second)
			}
			for _, r := range tt.lost {
				s.request(r)
			}
			if got := summary(s.analyze(t)); !strings.Contains(got, tt.want) || strings.Contains(got, tt.never) {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}
