package analysis

import (
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A mesh's proxy that is a native sidecar outlives the program, and answers in its place.
func TestAProxyThatOutlivesTheProgram(t *testing.T) {
	const (
		unknown = "failed; 1 unknown () [] outside of any termination"
		own     = "failed; 1 errors-while-draining (certain) [web-1] at the exit"
		gone    = "failed; 1 listener-closed-early (certain) [web-1] after the exit"
		perhaps = "failed; 1 listener-closed-early (possible) [web-1] after the exit"
	)
	app := listening("app", 8080, 2, 6*second)
	mesh, living := listening("mesh", 0, 0, 19*second), recording.Container{Name: "mesh", Sidecar: true}
	mesh.Sidecar = true
	slow := waiting(listening("mesh", 0, 0, 19*second), 12*second)
	exporter := listening("exporter", 0, 0, 6*second)
	withMesh := []recording.Container{app, mesh}
	kept := func(r request) request { return answered(onKept(r, "web-1"), 503) }
	proof := kept(request{sent: 7500 * ms, took: ms})
	tests := []struct {
		name       string
		containers []recording.Container
		lost       []request
		want       string
	}{
		{"on a kept connection", withMesh, []request{proof}, gone},
		{"one that is not known to have ended", []recording.Container{app, living}, []request{proof}, gone},
		{"one with a hook that is longer", []recording.Container{slow, app}, []request{proof}, gone},
		{"for long", withMesh, []request{kept(request{sent: 18 * second, took: ms})}, gone},
		{"502", withMesh, []request{answered(onKept(request{sent: 7500 * ms, took: ms}, "web-1"), 502)}, gone},
		{"504 to what came before", withMesh, []request{answered(onKept(request{sent: 6100 * ms, took: 5 * second}, "web-1"), 504)}, "failed; 1 listener-closed-early (certain) [web-1] before SIGTERM"},
		{"within the second of the exit, where a proxy is known", withMesh, []request{proof, kept(request{sent: 6500 * ms, took: ms})}, "failed; 2 listener-closed-early (likely) [web-1] after the exit"},
		{"what was under way at SIGTERM", withMesh, []request{proof, kept(request{sent: 6150 * ms, took: 120 * ms})}, "failed; 1 no-drain (likely) [web-1] at the exit; 1 listener-closed-early (certain) [web-1] after the exit"},
		{"on a new connection", withMesh, []request{answered(request{sent: 6500 * ms, took: ms}, 503)}, perhaps},
		{"on a new connection, later", withMesh, []request{answered(request{sent: 7500 * ms, took: 3 * ms}, 503)}, perhaps},
		{"on a new one, and for long on kept ones", withMesh, []request{answered(request{sent: 6500 * ms, took: ms}, 503), kept(request{sent: 18 * second, took: ms})}, "failed; 2 listener-closed-early (likely) [web-1] after the exit"},

		{"within the second of the exit, where none is known", withMesh, []request{kept(request{sent: 6500 * ms, took: ms})}, own},
		{"an exporter that ends as well", []recording.Container{exporter, app}, []request{answered(request{sent: 6500 * ms, took: ms}, 503), kept(request{sent: 7500 * ms, took: ms})}, "failed; 2 unknown () [] outside of any termination"},
		{"after the proxy's end, too", withMesh, []request{kept(request{sent: 20500 * ms, took: ms})}, unknown},
		{"the program's own errors, beside an exporter that goes on", []recording.Container{listening("app", 8080, 0, 10*second), listening("exporter", 0, 0, 12*second)}, []request{kept(request{sent: 6900 * ms, took: ms})}, "failed; 1 errors-while-draining (certain) [web-1] between SIGTERM and exit"},
		{
			"the program's own errors, before the proxy's",
			[]recording.Container{listening("app", 8080, 0, 10*second), mesh},
			[]request{kept(request{sent: 6900 * ms, took: ms}), kept(request{sent: 11500 * ms, took: ms})},
			"failed; 1 errors-while-draining (certain) [web-1] between SIGTERM and exit; 1 listener-closed-early (certain) [web-1] after the exit",
		},
		{"an error of a program", withMesh, []request{answered(onKept(request{sent: 7500 * ms, took: ms}, "web-1"), 500)}, unknown},
		{"pods that do not end answer so, too", withMesh, []request{answered(request{sent: 6500 * ms, took: ms}, 503), answered(onKept(request{sent: 7500 * ms, took: ms}, "web-2"), 503)}, "failed; 2 unknown () [] outside of any termination"},
		{"it is not known which one serves", []recording.Container{listening("app", 0, 2, 6*second), mesh}, []request{proof}, unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := twoContainers(tt.containers...)
			for _, r := range tt.lost {
				s.request(r)
			}
			rep := s.analyze(t)
			if got := summary(rep); got != tt.want {
				t.Fatalf("\n got %s\nwant %s", got, tt.want)
			}
			last := rep.Findings[len(rep.Findings)-1]
			fix, said := last.Fix, strings.Join(last.Evidence, "\n")
			lived := strings.Contains(said, "when the container that serves had ended and container mesh of the pod had not: a proxy there seems to have given it")
			if lived != strings.Contains(tt.want, "listener-closed-early") {
				t.Error(said)
			}
			// Of two that are likely together one is certain.
			if sure := strings.Contains(tt.want, "listener-closed-early (certain)") || strings.Contains(tt.want, "2 listener-closed-early (likely)"); sure != strings.Contains(fix.Text, "Container mesh took requests after app had ended") || sure && !strings.Contains(fix.Patch, `"name":"app"`) {
				t.Errorf("%s\n%s", fix.Text, fix.Patch)
			}
		})
	}
}
