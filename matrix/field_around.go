package matrix

import (
	"regexp"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// anySleep is a fix that has pods sleep before SIGTERM.
var anySleep = regexp.MustCompile(`a preStop sleep of|"sleep":`)

// around are servers that do no more than those of the other rows: what is around them
// in the pod, before them or in the Service makes what becomes of the requests.
func around() []Row {
	nginx := []string{"/bin/sh", "/server/start-nginx"}
	fpm := []string{"/bin/sh", "/server/start"}
	sigquit := env("STOP_SIGNAL", "3")
	// Such a Service sends requests to a new pod as soon as that has an address, too.
	published := fails(report.ListenerClosedEarly).only(report.ListenerClosedEarly, report.NotReadyYet).saying("publishNotReadyAddresses")
	published.FixNot = anySleep
	return []Row{
		// The errors are nginx' own, from when php-fpm has gone: its SIGTERM comes 5 s
		// before the one of nginx.
		tried("nginx and php-fpm, errors without a name", "php-fpm", newAndKept,
			fails(report.ErrorsWhileDraining).only(report.ErrorsWhileDraining, report.ListenerClosedEarly, report.KeepaliveCut, report.NoDrain).patching("php-fpm"),
			runs(nginx...), env("NAMELESS", "yes"), preStop(5), last("php-fpm", fpm...)),
		// As service meshes are: the proxy outlives the server (KEP-753), and answers 503
		// from when that accepts no more.
		tried("behind a native sidecar", "uvicorn", newAndSlow,
			fails(report.ErrorsWhileDraining).only(report.ErrorsWhileDraining, report.ListenerClosedEarly, report.KeepaliveCut, report.NoDrain).patching("server"),
			behindSidecar),
		tried("behind a native sidecar, sleep 5", "uvicorn", newAndSlow, passes().only(report.NoDrain), behindSidecar, preStop(5)),
		// With publishNotReadyAddresses a pod is in rotation until it has gone, so that a
		// sleep of any length only delays the losses (core/v1, ServiceSpec).
		publishesAll(tried("a Service of all addresses, sleep 5", "nginx", newAndSlow, published, sigquit, preStop(5))),
		// The first process is the pod's pause then, and SIGTERM ends what has no handler.
		tried("node, processes shared", "node", newAndSlow, leavesSlow(),
			func(d *appsv1.Deployment) { d.Spec.Template.Spec.ShareProcessNamespace = new(true) }),
		// A trapped signal ends the shell's wait (POSIX sh, wait), and the shell's end the
		// container, while uvicorn answers.
		underWay("a start script that waits once, sleep 4", "uvicorn", newAndSlow, cutsSlow(),
			runs("/bin/sh", "-c", `trap 'kill -TERM $pid' TERM; sh /server/start & pid=$!; wait $pid`)),
		// nginx as a daemon gets no signal, and tail as the first process takes no notice.
		tried("nginx and tail", "nginx", newAndBusy, fails(report.SigtermIgnored).only(report.SigtermIgnored), grace(5),
			runs("/bin/sh", "-c", `sed "s/POD_NAME/$HOSTNAME/; s/SLOW/3/; /^daemon/d" /server/nginx.conf >/tmp/nginx.conf
ln -s "/out/matrix/$NAMESPACE/$WORKLOAD.$HOSTNAME.$(date +%s%N).log" /tmp/access.log
nginx -c /tmp/nginx.conf; exec tail -f /dev/null`)),
		killedBySIGTERM(),
	}
}

// publishesAll has the row's Service lead to its pods whether they are ready or not.
func publishesAll(row Row) Row {
	for _, o := range row.Objects {
		if s, is := o.(*corev1.Service); is {
			s.Spec.PublishNotReadyAddresses = true
		}
	}
	return row
}

// behindSidecar has the server at a port of its own, and HAProxy as a native sidecar at
// the one to which the Service leads.
func behindSidecar(d *appsv1.Deployment) {
	sidecar("proxy", "haproxy", "-W", "-db", "-f", "/server/sidecar.cfg")(d)
	c, proxy := container(d), &d.Spec.Template.Spec.InitContainers[0]
	proxy.Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}
	env("PORT", "9080")(d)
	c.Ports = []corev1.ContainerPort{{Name: "app", ContainerPort: 9080}}
	c.ReadinessProbe.HTTPGet.Port = intstr.FromString("app")
}

// killedBySIGTERM restarts a container in its place: uvicorn accepts nothing more from
// the signal on, while it answers what it has.
func killedBySIGTERM() Row {
	row := tried("uvicorn gets SIGTERM and starts again", "uvicorn", newAndSlow, fails(report.Killed).only(report.Killed).saying("SIGTERM|signal of this run"))
	row.Disruption = check.Disruption{Kill: &check.Kill{Pods: 1, Signal: check.SIGTERM, Via: check.ViaExec}}
	return row
}
