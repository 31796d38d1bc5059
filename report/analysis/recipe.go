package analysis

import (
	"slices"

	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// recipe is what a server needs that is known by its name.
type recipe struct {
	// server is as recording.Container.Server names it, and its section in
	// docs/recipes.md.
	server   string
	settings []setting
}

// setting is one of the server's own, and what it mends.
type setting struct {
	mends []report.Cause
	text  string
	// http1 tells that it is one of HTTP/1.1, as it has the server answer with a header which
	// HTTP/2 forbids; http2 is what the server has for that instead, empty if nothing is known.
	http1 bool
	http2 string
}

// over says what to set for the protocols that were spoken; empty if nothing is known of
// them. What a server of gRPC needs its libraries have.
func (s setting) over(spoken spoken) string {
	switch {
	case !s.http1 || !spoken.http2 && !spoken.grpc:
		return s.text
	case spoken.multiplexed():
		return s.http2
	case !spoken.http2 || s.http2 == "":
		return "Over HTTP/1.1: " + s.text
	default:
		return "Over HTTP/1.1: " + s.text + " Over HTTP/2: " + s.http2
	}
}

var (
	cutsAtSigterm = []report.Cause{report.NoDrain, report.ListenerClosedEarly}
	cutsInFlight  = []report.Cause{report.NoDrain}
	cutsKept      = []report.Cause{report.KeepaliveCut}
)

// recipes hold for what the servers' own documentation says of their signals, and for
// what the rows of docs/recipes.md show.
var recipes = []recipe{
	{"nginx", []setting{
		{mends: cutsAtSigterm, text: "Let the hook that sleeps then send nginx SIGQUIT and wait until it has gone, unless SIGQUIT is the image's STOPSIGNAL: SIGTERM is its fast stop, which cuts what is in flight."},
	}},
	{"apache", []setting{
		{mends: cutsAtSigterm, text: "Let the hook that sleeps then send httpd SIGWINCH and wait until it has gone, unless SIGWINCH is the image's STOPSIGNAL: at SIGTERM it stops at once. GracefulShutdownTimeout bounds how long it waits for requests."},
	}},
	{"haproxy", []setting{
		{mends: cutsAtSigterm, text: "Let the hook that sleeps then send haproxy SIGUSR1 and wait until it has gone, unless SIGUSR1 is the image's STOPSIGNAL: SIGTERM is its hard stop, which cuts what is in flight. hard-stop-after bounds how long it waits."},
		{mends: cutsKept, text: "Set option idle-close-on-response, so that after SIGUSR1 a kept connection is closed with its next answer, and hard-stop-after for those that stay idle."},
		{mends: []report.Cause{report.KeepaliveOutlastsGrace}, text: "Set hard-stop-after to less than what the hook leaves of the grace: then what is still open is closed."},
		{mends: []report.Cause{report.SigtermIgnored}, text: "Start haproxy with a master process (-W): without one it has no handler of SIGTERM, which the kernel then does not deliver to the first process of a container."},
	}},
	{"caddy", []setting{
		{mends: []report.Cause{report.ListenerClosedEarly}, text: "Or set Caddy's global option shutdown_delay in the place of a preStop sleep: it goes on accepting for that long after SIGTERM."},
		{mends: cutsInFlight, text: "Set Caddy's global option grace_period, if it is set at all, to more than the longest request takes: what takes longer is cut."},
	}},
	{"gunicorn", []setting{
		{mends: cutsKept, text: "Set gunicorn's --keep-alive to 0: its gthread workers stop reading kept connections at SIGTERM and close them when they end. Sync workers keep none."},
		{mends: cutsInFlight, text: "Set gunicorn's --graceful-timeout (30 s unless it is set) to more than the longest request takes: what takes longer is cut."},
	}},
	{"uvicorn", []setting{
		{mends: cutsInFlight, text: "Set uvicorn's --timeout-graceful-shutdown, if it is set at all, to more than the longest request takes: what takes longer is cut."},
	}},
	{"puma", []setting{
		{mends: cutsInFlight, text: "Set puma's force_shutdown_after, if it is set at all, and in cluster mode worker_shutdown_timeout (30 s unless it is set) to more than the longest request takes: what takes longer is cut."},
	}},
	{"node", []setting{
		{
			mends: []report.Cause{report.NoDrain, report.KeepaliveCut, report.KeepaliveOutlastsGrace, report.SigtermIgnored},
			text:  "From SIGTERM on set \"Connection: close\" on each answer; two seconds later call server.close() and, until none is left, server.closeIdleConnections(). Call process.exit() in the callback of close() and nowhere else.",
			http1: true,
			http2: "From SIGTERM on call server.close(), and close() of each session that the server's event \"session\" gave (newer versions of Node do that by themselves): this sends GOAWAY and lets the streams under way end. Call process.exit() in the callback of server.close() and nowhere else.",
		},
	}},
	{"jvm", []setting{
		{mends: cutsInFlight, text: "Switch on the framework's graceful shutdown: in Spring Boot server.shutdown=graceful with spring.lifecycle.timeout-per-shutdown-phase, in Quarkus quarkus.shutdown.timeout; with com.sun.net.httpserver wait in a shutdown hook until nothing is under way, and call HttpServer.stop only then."},
		{mends: cutsKept, http1: true, text: "With com.sun.net.httpserver, answer with \"Connection: close\" from SIGTERM on, and call HttpServer.stop only when nothing is under way: it reads no kept connection any more, and resets them. A framework's graceful shutdown may do as it does: see the recipe."},
	}},
	{"php-fpm", []setting{
		{mends: []report.Cause{report.ErrorsWhileDraining}, text: "Run php-fpm as a native sidecar, so that it ends after the web server. Where it cannot end last, SIGQUIT with process_control_timeout lets it answer what it has; SIGTERM ends it at once."},
	}},
}

// recipeFor gives what mends the cause in the server that all of the ends had. Where
// that is not known it gives all servers' page, if any server has a setting that does; of
// calls of gRPC the section on its libraries, as the settings of servers that do not hand
// calls on are not theirs. A setting is one of the protocol in which requests were lost.
func recipeFor(cause report.Cause, m *measured) *report.Recipe {
	server := m.server(cause)
	if m.spoken.onlyGRPC() && m.grpcWords(cause) != "" {
		return &report.Recipe{URL: grpcServers}
	}
	some := false
	for _, r := range recipes {
		for _, s := range r.settings {
			text := s.over(m.spoken)
			if !slices.Contains(s.mends, cause) || text == "" {
				continue
			}
			if r.server == server.name {
				return &report.Recipe{Server: server.name, RecognisedBy: server.by, Text: text, URL: report.RecipesURL + "#" + server.name}
			}
			some = true
		}
	}
	if some && server.name == "" {
		return &report.Recipe{URL: report.RecipesURL}
	}
	return nil
}

// server is one that was recognised, and what by.
type server struct{ name, by string }

// server is that of the container which the fix of the cause is about; empty if it is
// not known, or not the same at all ends.
func (m *measured) server(cause report.Cause) server {
	if t, first := m.endedEarly(); cause == report.ErrorsWhileDraining && first != nil {
		return serverOf(t.containers, first.container)
	}
	if h := m.holder; h != nil && !h.ownToo {
		return serverOf(h.end.containers, h.needed.container)
	}
	var all server
	for i, t := range m.ends {
		own := server{}
		if t.serves || len(mains(t.containers)) == 1 {
			own = serverOf(t.containers, t.container)
		}
		if i > 0 && own.name != all.name {
			return server{}
		}
		all = own
	}
	return all
}

func serverOf(containers []recording.Container, name string) server {
	for _, c := range containers {
		if c.Name == name {
			return server{c.Server, c.ServerBy}
		}
	}
	return server{}
}
