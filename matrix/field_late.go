package matrix

import (
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// late are services behind a balancer that forgets pods late, and behind the same one as the
// senders play it: both have to say the same. HAProxy asks the cluster's DNS each second,
// which drops a pod as its EndpointSlice does, and goes on sending to an address for 8 s after
// that ("hold obsolete").
func late() []Row {
	const lag = 8 * time.Second
	leaving := func(sleep int64) []Edit { return []Edit{env("INIT", "tini --"), preStop(sleep), grace(30)} }
	behindHAProxy := func(name string, want Want, sleep int64) Row {
		return Row{
			Name: name, Streams: onlyNew, Disruption: restart, Want: want,
			Objects: []runtime.Object{
				files("tornado"), deployment("app", "tornado", leaving(sleep)...), serviceOf("app"), headless("app-pods", "app"),
				files("haproxy-late"), deployment("proxy", "haproxy-late", replicas(2)), serviceOf("proxy"),
			},
			Workload: check.Workload{Kind: check.Deployment, Name: "app"}, Host: "proxy",
		}
	}
	played := func(name string, want Want, sleep int64) Row {
		row := tried(name, "tornado", onlyNew, want, leaving(sleep)...)
		row.Via = &check.Via{Lag: new(check.Duration(lag))}
		return row
	}
	return []Row{
		behindHAProxy("haproxy forgets after 8 s, sleep 5", leaves(), 5),
		behindHAProxy("haproxy forgets after 8 s, sleep 15", passes(), 15),
		played("played, forgets after 8 s, sleep 5", leaves().notSaying("kube-proxy"), 5),
		played("played, forgets after 8 s, sleep 15", passes().notSaying("kube-proxy"), 15),
	}
}
