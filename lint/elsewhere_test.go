package lint

import "testing"

func TestOtherProcesses(t *testing.T) {
	shared := func(hook, security string, more ...string) []string {
		return append([]string{preStop5, exec(hook) + security, grace30, grace30 + "\n      shareProcessNamespace: true"}, more...)
	}
	as := func(security string) string { return "\n        securityContext: {" + security + "}" }
	const kill = "[sh, -c, sleep 5; kill -TERM 1]"
	warning := []string{"warning prestop-signals-elsewhere app", "note prestop-needs-binary app"}
	note := []string{"note prestop-needs-binary app", "note prestop-signals-elsewhere app"}
	try(t, []whose{
		{name: "its own process 1", changes: []string{preStop5, exec(kill)}, want: []string{"note prestop-needs-binary app"}},
		{name: "pause", changes: shared(kill, ""), want: warning, says: []string{"preStop sends SIGTERM to process 1 (kill -TERM 1), which with shareProcessNamespace is the pod's pause process and not the program: that ends, and the kernel then kills all processes of the pod"}},
		{name: "pause, by SIGINT", changes: shared("[kill, -INT, '1']", ""), want: []string{"warning prestop-short app", "warning prestop-signals-elsewhere app", "note prestop-needs-binary app"}},
		{name: "pause, which takes no SIGQUIT", changes: shared("[sh, -c, sleep 5; kill -QUIT 1; sleep 5]", ""), want: note, says: []string{"that takes no notice of it"}},
		{name: "pause, perhaps", changes: shared("[sh, -c, sleep 5; test -e /x && kill 1]", ""), want: note},
		{name: "pause, from its own user", changes: shared(kill, as("runAsUser: 65535")), want: warning},
		{name: "pause, from another user", changes: shared(kill, as("runAsUser: 1000")), want: note, says: []string{"it may not"}},
		{name: "pause, from no root", changes: shared(kill, as("runAsNonRoot: true")), want: note},
		{name: "pause, from the pod's user", changes: shared(kill, "", grace30, grace30+"\n      securityContext: {runAsUser: 1000}"), want: note},
		{name: "pause, from root whom the pod's user is not", changes: shared(kill, as("runAsUser: 0"), grace30, grace30+"\n      securityContext: {runAsUser: 1000}"), want: warning},
		{name: "pause, without the capability", changes: shared(kill, as("capabilities: {drop: [ALL]}")), want: note},
		{name: "pause, with the capability alone", changes: shared(kill, as("capabilities: {drop: [ALL], add: [KILL]}")), want: warning},
		{name: "pause, after the grace", changes: shared("[sh, -c, sleep 40; kill 1]", ""), want: []string{"error prestop-eats-grace app", "note prestop-needs-binary app"}},
		{name: "the node's process 1", changes: []string{preStop5, exec(kill), grace30, grace30 + "\n      hostPID: true"}, want: note, says: []string{"with hostPID is the node's own"}},
		{name: "by its name", changes: shared("[sh, -c, sleep 5; pkill -TERM app]", ""), want: note[:1]},
	})
}

// Where the first process of a container is not process 1, a shell dies of SIGTERM.
func TestSharedProcesses(t *testing.T) {
	shared := func(sharing, script string) []string {
		return []string{image, "        image: debian:12\n        command: [dash, -c, \"" + script + "\"]\n", grace30, grace30 + "\n      " + sharing}
	}
	const share = "shareProcessNamespace: true"
	cuts := []string{"warning shell-cuts-short app"}
	try(t, []whose{
		{name: "a shell", changes: shared(share, "migrate; app"), want: cuts, says: []string{"dash is not PID 1, as the pod shares its processes or has the node's: it dies of SIGTERM and does not pass it on to app; the program gets SIGKILL at once"}, never: []string{"PID 1 is"}},
		{name: "a shell beside the node's processes", changes: shared("hostPID: true", "migrate; app"), want: cuts},
		{name: "a shell that becomes it", changes: shared(share, "migrate; exec app")},
		{name: "a shell with a trap", changes: shared(share, "trap 'echo x' TERM; app; x"), want: []string{"warning shell-pid-1 app"}, says: []string{"runs its trap only once"}},
		{name: "a shell that takes it and goes on", changes: shared(share, "trap : TERM; app & while :; do wait; done"), want: []string{"warning shell-pid-1 app"}, says: []string{"dash takes SIGTERM and does not pass it on"}, never: []string{"PID 1 is"}},
		{name: "a shell that ignores it", changes: shared(share, "trap '' TERM; app; x"), want: []string{"warning shell-pid-1 app"}, never: []string{"PID 1 is", "dies"}},
		{name: "a shell that passes it on", changes: shared(share, "trap 'kill $p; wait $p' TERM; app & p=$!; wait $p")},
		{name: "tail", changes: shared(share, "app & exec tail -f /dev/null"), want: cuts, says: []string{"tail is not PID 1"}},
		{name: "a shell that takes it behind an init", changes: []string{image, "        image: debian:12\n        command: [tini, --, dash, -c, \"trap '' TERM; app; x\"]\n"}, want: []string{"warning shell-pid-1 app"}, never: []string{"PID 1 is", "dies"}},
	})
}
