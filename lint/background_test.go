package lint

import "testing"

// A server that has put itself into the background cannot be what a shell becomes: it has to be
// started otherwise.
func TestServersInTheBackground(t *testing.T) {
	stays := []string{"warning shell-pid-1 app"}
	foreground, becomes := []string{"Keep the server in the foreground"}, []string{"by exec", "with exec (exec PROGRAM ...)"}
	try(t, []whose{
		{name: "kept by a sleep", changes: []string{image, started("[sh, -c, service nginx start; sleep infinity]")}, want: stays, says: foreground, never: becomes},
		{name: "kept by a log", changes: []string{image, started("[sh, -c, service apache2 start; tail -f /var/log/apache2/access.log]")}, want: stays, says: foreground, never: becomes},
		{name: "kept by an exec", changes: []string{image, started("[sh, -c, nginx; exec sleep infinity]")}, want: stays, says: foreground, never: becomes},
		{name: "behind an init", changes: []string{image, started("[tini, --, sh, -c, service nginx start; sleep infinity]")}, want: []string{"warning shell-cuts-short app"}, says: foreground, never: becomes},
		{name: "behind an init that signals all", changes: []string{image, started("[tini, -g, --, bash, -c, service nginx start; sleep infinity]")}, want: []string{"warning shell-cuts-short app"}, says: foreground, never: becomes},
		{name: "and a hook that may end another", changes: []string{image, started("[sh, -c, service nginx start; tail -f log]"), preStop5, exec("[sh, -c, sleep 5; kill $(cat /run/agent.pid)]")}, want: []string{"note shell-pid-1 app"}, says: foreground},
		{name: "before another", changes: []string{image, started("[sh, -c, 'nginx; gunicorn app | tee log']")}, want: stays, says: becomes[1:], never: foreground},
	})
}
