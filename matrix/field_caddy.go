package matrix

import (
	"github.com/shutdowncheck/shutdowncheck/check"
)

// caddyServers close the listener and the idle connections at SIGTERM and answer
// what is under way, for as long as that takes or for the grace_period; before that
// they go on as they are for the shutdown_delay (caddyserver.com/docs/caddyfile/options,
// caddyserver.com/docs/command-line, Signals).
func caddyServers() []Row {
	shutdown := func(option string) Edit { return env("SHUTDOWN", option) }
	answered := leaves().saying("came by way of a layer-7 proxy") // see proxies
	return []Row{
		tried("caddy", "caddy", newAndSlow, closesDoor()),
		tried("caddy, sleep 7", "caddy", allThree, closesIdle(), preStop(7)),
		underWay("caddy, sleep 4, requests of 6 s", "caddy", newAndSlow, passes().only()),
		tried("caddy, busy kept connections, sleep 3", "caddy", newAndBusy, closesIdle(), preStop(3)),
		tried("caddy, shutdown_delay 5 s", "caddy", allThree, closesIdle(), shutdown("shutdown_delay 5s")),
		// What is still under way is cut soon after SIGTERM; the exit code is 0 all the same.
		underWay("caddy, sleep 4, grace_period 0.1 s", "caddy", newAndSlow, cutsSlow(), shutdown("grace_period 100ms")),
		through("behind caddy", "caddy-proxy", "app", newAndKept, answered),
		through("behind caddy, POST", "caddy-proxy", "app", []check.Stream{posts(fresh(40)), posts(reused(40))}, answered),
		through("caddy in front ends", "caddy-proxy", "proxy", newAndSlow, closesDoor()),
		through("caddy in front ends, sleep 7", "caddy-proxy", "proxy", allThree, closesIdle(), preStop(7)),
	}
}
