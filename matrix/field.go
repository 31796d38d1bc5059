package matrix

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// The traffic of the field. A request of 500 ms on one of the kept connections is
// under way in each pod at any time; one of 3 s is so on a connection of its own.
func busy() check.Stream {
	s := reused(40)
	s.URL = "/half"
	return s
}

// A slow one takes 3 s, or as many as SLOW says.
func slow() check.Stream {
	return patient(check.Stream{Name: "slow", Kind: check.Slow, Rate: 5, Connections: check.New, URL: "/slow"}, 20*time.Second)
}

func brief(rate float64) check.Stream {
	s := fresh(rate)
	s.URL = "/brief"
	return s
}

func posts(s check.Stream) check.Stream {
	s.Method = "POST"
	return s
}

var (
	onlyNew    = []check.Stream{fresh(40)}
	newAndSlow = []check.Stream{fresh(40), slow()}
	newAndKept = []check.Stream{fresh(40), reused(40)}
	newAndBusy = []check.Stream{fresh(40), busy()}
	allThree   = []check.Stream{fresh(40), reused(40), slow()}
)

// or adds an outcome that is as true.
func (w Want) or(other Want) Want { w.Or = &other; return w }

// only makes every cause wrong but those that are given and the two that claim
// nothing.
func (w Want) only(causes ...report.Cause) Want {
	w.MustNot = slices.DeleteFunc(slices.Clone(report.Causes), func(c report.Cause) bool {
		return !c.Explains() || slices.Contains(causes, c)
	})
	return w
}

func (w Want) patching(container string) Want { w.Container = container; return w }

// leaves is what is true of a server that goes at SIGTERM at once: what is under
// way is cut, what comes next is refused. How many requests meet which depends on
// how soon the nodes' proxies know.
func leaves() Want {
	return fails(report.NoDrain).or(fails(report.ListenerClosedEarly)).only(report.NoDrain, report.ListenerClosedEarly)
}

// leavesSlow is what is true of it where requests of 3 s come five a second: some 15 are
// in flight at any time, about five in each pod of three, so that the ends of all pods
// together cut some, whatever else they lose.
func leavesSlow() Want { return leaves().has(report.NoDrain) }

// cutsSlow is what is true of one that had a preStop sleep shorter than the
// requests that were under way.
func cutsSlow() Want { return fails(report.NoDrain).only(report.NoDrain) }

// closesDoor is what is true of one that answers what is under way and accepts
// nothing more.
func closesDoor() Want {
	return fails(report.ListenerClosedEarly).only(report.ListenerClosedEarly)
}

// closesIdle is what is true of one that closes its idle kept connections when it stops,
// and answers all else: a request may be on its way on one of them just then, and is lost
// (RFC 9112, 9.3.1). So do nginx (ngx_close_idle_connections), apache's workers, uvicorn,
// puma, and what is made with Go's http.Server.
func closesIdle() Want {
	return passes().or(fails(report.KeepaliveCut)).only(report.KeepaliveCut)
}

// servers that others wrote, restarted by a rollout unless the row says otherwise.
func tried(name, folder string, streams []check.Stream, want Want, edits ...Edit) Row {
	d := deployment("web", folder, edits...)
	return Row{
		Name: name, Streams: streams, Disruption: restart, Want: want,
		Objects:  []runtime.Object{files(folder), d, serviceOf(d.Name)},
		Workload: check.Workload{Kind: check.Deployment, Name: d.Name},
	}
}

// underWay is such a server that sleeps before SIGTERM for longer than the nodes' proxies take, on a
// machine that is busy too (2.6 s were seen), and whose slow requests take longer still.
func underWay(name, folder string, streams []check.Stream, want Want, edits ...Edit) Row {
	row := tried(name, folder, streams, want, slices.Concat([]Edit{preStop(4), grace(30), env("SLOW", "6")}, edits)...)
	row.Baseline = 8 * time.Second
	return row
}

// FieldRows is the table of servers that nobody here wrote, as people run them.
// What is wanted of a row is what the server's own documentation says of its
// signals and what was seen of it on a cluster, not what the tool says.
func FieldRows() []Row {
	return slices.Concat(
		webServers(), caddyServers(), appServers(), pods(), besideADatabaseProxy(), around(), nameless(), autoscaled(), proxies(), late(), clients(), recipes(),
	)
}

// webServers stop at SIGTERM at once: "fast shutdown" (nginx.org, Controlling
// nginx), "stop now" (httpd.apache.org, Stopping and Restarting), "hard stop"
// (HAProxy Management Guide, Stopping and restarting). In good order they do so at
// SIGQUIT, SIGWINCH and SIGUSR1.
func webServers() []Row {
	// A sleep that suffices leaves nothing that SIGTERM could cut in this run: eight seconds
	// are longer than the slow requests and the lag of a busy node together. A report may
	// warn of what is close.
	suffices := passes().only(report.NoDrain)
	const hookFailed = "hook that failed|FailedPreStopHook"
	sigquit, sigwinch, sigusr1 := env("STOP_SIGNAL", "3"), env("STOP_SIGNAL", "28"), env("STOP_SIGNAL", "10")
	return []Row{
		tried("nginx", "nginx", newAndSlow, leavesSlow()),
		tried("nginx, sleep 8", "nginx", newAndSlow, suffices, preStop(8), grace(30)),
		underWay("nginx, sleep 4, requests of 6 s", "nginx", newAndSlow, cutsSlow()),
		// Its exit code is 0, and no answer names a pod.
		tried("nginx, 60 ms, nameless", "nginx", []check.Stream{brief(40)}, leaves(), env("NAMELESS", "yes")),
		// Whether the last answer ends before SIGTERM is chance; that it is close is not.
		tried("nginx, sleep 3, requests of 3 s", "nginx", newAndSlow,
			fails(report.NoDrain).or(warns(report.NoDrain)).only(report.NoDrain), preStop(3)),
		tried("nginx, sleep 5, busy kept connections", "nginx", newAndBusy,
			fails(report.NoDrain).only(report.NoDrain, report.KeepaliveCut), preStop(5)),
		// It waits until its own container ends, which ends it: that is no failure of it.
		tried("nginx, hook quits it and waits", "nginx", newAndSlow, passes().only().notSaying(hookFailed),
			hook("/bin/sh", "-c", "sleep 3; kill -QUIT 1; while kill -0 1; do sleep 0.1; done")),
		tried("nginx that quits in good order", "nginx", newAndSlow, closesDoor(), sigquit),
		tried("nginx that quits in good order, sleep 7", "nginx", allThree, closesIdle(), sigquit, preStop(7)),
		// It exits 8 s after SIGTERM, if a CGI program runs then, and later on a busy node.
		tried("apache", "apache", newAndSlow, leavesSlow(), grace(30)),
		tried("apache, sleep 8", "apache", newAndSlow, suffices, preStop(8), grace(30)),
		underWay("apache, sleep 4, requests of 6 s", "apache", newAndSlow, cutsSlow()),
		tried("apache that stops in good order", "apache", newAndSlow, closesDoor(), sigwinch, grace(30)),
		tried("apache that stops in good order, sleep 7", "apache", newAndSlow, passes().only(), sigwinch, preStop(7), grace(30)),
		tried("haproxy", "haproxy", newAndSlow, leavesSlow()),
		tried("haproxy, sleep 8", "haproxy", newAndSlow, suffices, preStop(8), grace(30)),
		underWay("haproxy, sleep 4, requests of 6 s", "haproxy", newAndSlow, cutsSlow()),
		tried("haproxy that stops in good order", "haproxy", newAndSlow, closesDoor(), sigusr1),
		// The slow requests that it has take 3 s of the grace, on a busy node more.
		tried("haproxy without a master process", "haproxy", newAndSlow,
			warns(report.SigtermIgnored).only(report.SigtermIgnored), env("MODE", "-db")),
		tried("haproxy, hook without -c", "haproxy", newAndSlow, leavesSlow().saying("(?i)hook.*fail|fail.*hook"),
			hook("/bin/sh", "sleep 10; kill -USR1 1")),
		tried("haproxy, hook stops it in good order", "haproxy", newAndSlow, passes().only().notSaying(hookFailed),
			hook("/bin/sh", "-c", "sleep 4; kill -USR1 1; while kill -0 1; do sleep 0.1; done")),
	}
}

// alone lets no other row run beside this one.
func alone(r Row) Row {
	r.Alone = true
	return r
}

// appServers: gunicorn, uvicorn and puma close the listener at SIGTERM and answer
// what is under way. Programs without a handler leave at once, or, as the first
// process of a container, take no notice (pid_namespaces(7)).
func appServers() []Row {
	threads := env("GUNICORN_OPTIONS", "-w 1 --threads 16")
	workers := env("GUNICORN_OPTIONS", "-w 8")
	closes := env("ON_SIGTERM", "close")
	sparse := reused(6)
	// A worker has one request at a time: with two pods of eight left, five slow ones a second
	// would take all of them.
	fewSlow := slow()
	fewSlow.Rate = 2
	newAndFewSlow := []check.Stream{fresh(40), fewSlow}
	ignores := fails(report.SigtermIgnored).only(report.SigtermIgnored)
	return []Row{
		// It stops reading kept connections and resets them when it has done: what comes on
		// them while the slow requests finish is lost.
		tried("gunicorn threads", "gunicorn", allThree,
			fails(report.ListenerClosedEarly).or(fails(report.KeepaliveCut)).only(report.ListenerClosedEarly, report.KeepaliveCut).has(report.KeepaliveCut), threads),
		underWay("gunicorn threads, sleep 4", "gunicorn", allThree, fails(report.KeepaliveCut).only(report.KeepaliveCut), threads),
		// The workers still have the listener while they answer: what comes meanwhile
		// waits in its queue, is read by none of them, and is reset when the last ends. Nine
		// processes of Python beside another row's took up to 30 s to end.
		alone(tried("gunicorn workers", "gunicorn", newAndFewSlow, closesDoor(), workers, grace(30))),
		// Nothing is in flight at SIGTERM then, so that it may be told that nothing shows
		// what would become of it.
		alone(tried("gunicorn workers, sleep 5", "gunicorn", newAndFewSlow, passes().only(report.NoDrain), workers, preStop(5), grace(30))),
		tried("uvicorn", "uvicorn", newAndSlow, closesDoor()),
		tried("uvicorn, sleep 7", "uvicorn", allThree, closesIdle(), preStop(7)),
		tried("tornado, first process", "tornado", newAndBusy, ignores, grace(5)),
		tried("tornado, first process, nothing lost", "tornado", onlyNew,
			warns(report.SigtermIgnored).only(report.SigtermIgnored), grace(5)),
		// Their answers name no pod, so that the proxies' longest lag has to be over first.
		tried("python http.server, first process", "python-http", onlyNew,
			warns(report.SigtermIgnored).only(report.SigtermIgnored), grace(9)),
		tried("php -S, first process", "php-cli", onlyNew,
			warns(report.SigtermIgnored).only(report.SigtermIgnored), grace(9)),
		tried("tornado under tini", "tornado", newAndSlow, leavesSlow(), env("INIT", "tini --")),
		underWay("tornado under dumb-init, sleep 4", "tornado", newAndSlow, cutsSlow(), env("INIT", "dumb-init")),
		tried("node, first process", "node", newAndBusy, ignores, grace(5)),
		tried("node closes its server", "node", newAndSlow, closesDoor(), closes),
		// Its port is closed at once, and it waits for connections that the clients go
		// on using until it is killed: SIGTERM was heard, as the port shows, and more time
		// changes nothing.
		tried("node closes its server, kept connections", "node", newAndKept,
			fails(report.KeepaliveOutlastsGrace).or(warns(report.KeepaliveOutlastsGrace)).only(report.KeepaliveOutlastsGrace).notAdvising("is not known"), closes, preStop(3)),
		// Connections that are idle for longer than its 5 s it closes all the time, in the
		// baseline as well as later: then no end of a pod explains it. Its server waits for
		// them as it ends.
		tried("node, clients slower than its keep-alive", "node", []check.Stream{fresh(40), sparse},
			passes().or(proves("baseline").or(fails(report.Unknown))).only(), closes, preStop(5), grace(30)),
		underWay("node exits, sleep 4", "node", newAndSlow, cutsSlow(), env("ON_SIGTERM", "exit")),
		tried("puma", "puma", newAndSlow, closesDoor()),
		tried("puma, sleep as long as the grace", "puma", onlyNew,
			warns(report.PrestopEatsGrace).only(report.PrestopEatsGrace), preStop(15), grace(15)),
		// Its shutdown hook stops the server, the listener first; the exit code is 143 all
		// the same. Requests on kept connections are reset then, and no handler has seen them.
		tried("jvm", "jvm", newAndKept,
			fails(report.ListenerClosedEarly).or(fails(report.KeepaliveCut)).only(report.ListenerClosedEarly, report.KeepaliveCut).has(report.ListenerClosedEarly)),
		tried("jvm, sleep 7", "jvm", newAndKept, passes().or(fails(report.KeepaliveCut)).only(report.KeepaliveCut), preStop(7)),
		tried("jvm under tini, sleep 7", "jvm", newAndKept,
			passes().or(fails(report.KeepaliveCut)).only(report.KeepaliveCut), env("INIT", "tini --"), preStop(7)),
	}
}

// pods are about what is around the server.
func pods() []Row {
	nginx := []string{"/bin/sh", "/server/start-nginx"}
	fpm := []string{"/bin/sh", "/server/start"}
	// Five seconds after php-fpm has gone nginx goes too, and cuts what it has.
	badGateway := fails(report.ErrorsWhileDraining).
		only(report.ErrorsWhileDraining, report.ListenerClosedEarly, report.KeepaliveCut, report.NoDrain).patching("php-fpm").
		saying("container php-fpm had ended before it")
	// The old pods sleep and drain, so that only the new ones lose something.
	tooSoon := tried("node, Ready too soon", "node", onlyNew, fails(report.NotReadyYet).only(report.NotReadyYet),
		env("OPEN_AFTER", "6"), env("ON_SIGTERM", "close"), readyOn(9090), preStop(5))
	tooSoon.Rest = 8 * time.Second
	lingers := env("ON_SIGTERM", "linger")
	// The one pod of the node answers until the proxies know of its end, and for longer. Its
	// successor cannot start there before it is gone, and until then the node has none.
	oneNode := tried("traffic of one node only", "nginx", []check.Stream{patient(fresh(40), 2*time.Second)},
		fails(report.NoCapacity).only(report.NoCapacity).advising("externalTrafficPolicy"),
		env("STOP_SIGNAL", "3"), preStop(5), replicas(2), noSurge, apart)
	oneNode.OneNode = true
	s := serviceOf("web")
	s.Spec.Type, s.Spec.ExternalTrafficPolicy = corev1.ServiceTypeNodePort, corev1.ServiceExternalTrafficPolicyLocal
	oneNode.Objects[2] = s
	return []Row{
		tried("nginx and php-fpm", "php-fpm", newAndKept, badGateway, runs(nginx...), preStop(5), last("php-fpm", fpm...)),
		tried("php-fpm and nginx", "php-fpm", newAndKept, badGateway, runs(nginx...), preStop(5), first("php-fpm", fpm...)),
		{
			Name: "hook in an image without a shell", Base: "graceful", Disruption: restart,
			Edits:   []Edit{acceptsFor(0), hook("sleep", "5"), grace(12)},
			Streams: []check.Stream{fresh(40), patient(check.Stream{Name: "slow", Kind: check.Slow, Rate: 5, Connections: check.New, URL: "/slow?for=3s"}, 20*time.Second)},
			Want:    closesDoor().saying("(?i)hook.*fail|fail.*hook"),
		},
		tooSoon,
		// The helper takes no notice of SIGTERM, and serves nobody.
		tried("a helper before the server", "tornado", newAndSlow, leavesSlow().patching("server"),
			env("INIT", "tini --"), first("helper", "tail", "-F", "/etc/hostname")),
		tried("start script without exec", "gunicorn", newAndBusy,
			fails(report.SigtermIgnored).only(report.SigtermIgnored),
			env("GUNICORN_OPTIONS", "-w 1 --threads 16"), runs("/bin/sh", "-c", "sh /server/start; true"), grace(5)),
		tried("a name of 60 letters", "nginx", newAndSlow, closesDoor(), env("STOP_SIGNAL", "3"), called(strings.Repeat("service-", 7)+"name")),
		replicated("StatefulSet of one", "node", onlyNew,
			fails(report.NoCapacity).only(report.NoCapacity, report.ListenerClosedEarly, report.NoDrain), env("ON_SIGTERM", "exit"), replicas(1)),
		replicated("StatefulSet", "node", onlyNew, closesDoor(), lingers),
		oneNode,
	}
}

// replicated is a StatefulSet with a Service of its own for its pods, which has
// them before they are Ready and until they are gone. Clients use another one, which has
// not, so that there is nothing to take off.
func replicated(name, folder string, streams []check.Stream, want Want, edits ...Edit) Row {
	row := tried(name, folder, streams, want.notAdvising("publishNotReadyAddresses"), edits...)
	d := deployment("web", folder, edits...)
	peers := headless("web-peers", "web")
	peers.Spec.PublishNotReadyAddresses = true
	row.Objects = []runtime.Object{files(folder), statefulSet(d, peers.Name), serviceOf("web"), peers}
	row.Workload.Kind = check.StatefulSet
	return row
}

// through is a service that is asked through a proxy in front of it: the workload is
// app or proxy.
func through(name, folder, workload string, streams []check.Stream, want Want, edits ...Edit) Row {
	return Row{
		Name: name, Streams: streams, Disruption: restart, Want: want, Objects: behind(folder, edits...),
		Workload: check.Workload{Kind: check.Deployment, Name: workload}, Host: "proxy",
	}
}

// proxies stand before pods that leave at SIGTERM at once, and try no other pod
// where one refuses. The answer by which they tell of it is none of a pod's.
func proxies() []Row {
	// All pods are replaced, so that each kept connection has answers of several.
	answered := leaves().saying("came by way of a layer-7 proxy")
	return []Row{
		through("behind haproxy", "haproxy-proxy", "app", newAndKept, answered),
		through("behind haproxy, POST", "haproxy-proxy", "app", []check.Stream{posts(fresh(40)), posts(reused(40))}, answered),
		through("behind nginx", "nginx-proxy", "app", newAndKept, answered),
		through("haproxy in front ends", "haproxy-proxy", "proxy", newAndSlow, leavesSlow()),
		through("nginx in front ends", "nginx-proxy", "proxy", newAndSlow, leavesSlow()),
		// It outlasts requests of 3 s that come as late as the lag of a busy node (2.4 s were seen).
		through("nginx in front ends, sleep 8", "nginx-proxy", "proxy", newAndSlow, passes().only(report.NoDrain), preStop(8), grace(30)),
	}
}
