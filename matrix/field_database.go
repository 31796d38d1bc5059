package matrix

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// besideADatabaseProxy are pods whose server reaches its database, in pods of its
// own, through a proxy in the same pod, and answers 500 where it does not reach it.
func besideADatabaseProxy() []Row {
	proxy := []string{"haproxy", "-W", "-db", "-f", "/server/haproxy.cfg"}
	database := deployment("database", "tornado", env("INIT", "tini --"))
	row := func(name string, streams []check.Stream, want Want, edits ...Edit) Row {
		r := tried(name, "database-proxy", streams, want, edits...)
		r.Objects = append([]runtime.Object{files("tornado"), database, serviceOf("database")}, r.Objects...)
		return alone(r)
	}
	return []Row{
		row("a database proxy ends first", newAndKept,
			fails(report.ErrorsWhileDraining).only(report.ErrorsWhileDraining, report.KeepaliveCut).patching("database-proxy").
				saying("container database-proxy had ended before it").advising("Make database-proxy a native sidecar"),
			preStop(5), last("database-proxy", proxy...)),
		row("a database proxy as a native sidecar", onlyNew, passes().only(report.NoDrain),
			preStop(5), sidecar("database-proxy", proxy...)),
	}
}

// sidecar adds an init container that runs beside the others and ends after them
// (KEP-753).
func sidecar(name string, command ...string) Edit {
	return func(d *appsv1.Deployment) {
		c := plain(d, name, command)
		c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
		d.Spec.Template.Spec.InitContainers = append(d.Spec.Template.Spec.InitContainers, c)
	}
}
