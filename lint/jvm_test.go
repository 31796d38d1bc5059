package lint

import "testing"

func TestJVMs(t *testing.T) {
	java := func(command string) []string { return []string{image, started(command)} }
	deaf := []string{"warning jvm-ignores-sigterm app"}
	inDash := func(script string) []string {
		return []string{image, "        image: debian:12\n        command: [dash, -c, \"" + script + "\"]\n"}
	}
	set := func(name, value string) []string {
		return []string{image, image + "        env: [{name: " + name + ", value: '" + value + "'}]\n"}
	}
	try(t, []whose{
		{name: "java", changes: java("[java, -Xmx1g, -jar, a.jar]")},
		{name: "-Xrs", changes: java("[java, -Xrs, -jar, a.jar]"), want: deaf, says: []string{"(java -Xrs)", "As process 1 it takes no notice of SIGTERM: nothing drains", "killed after 30 s"}},
		{name: "-Xrs of another path", changes: java("[/opt/jdk/bin/java, -Xmx1g, -Xrs, Main]"), want: deaf},
		{name: "-Xrs for the program", changes: java("[java, -jar, a.jar, -Xrs]")},
		{name: "-Xrs:sync", changes: java("['java', '-Xrs:sync', -jar, a.jar]")},
		{name: "-Xrs of another program", changes: java("[/run, -Xrs]")},
		{name: "-Xrs behind exec", changes: inDash("exec java -Xrs -jar a.jar"), want: deaf},
		{name: "-Xrs behind an init", changes: java("[tini, --, java, -Xrs, -jar, a.jar]"), want: deaf, says: []string{"as any other it dies of it at once"}},
		{name: "-Xrs behind a shell that stays", changes: inDash("java -Xrs -jar a.jar; x"), want: []string{"warning shell-pid-1 app"}},
		{name: "-Xrs where processes are shared", changes: append(java("[java, -Xrs, -jar, a.jar]"), grace30, grace30+"\n      shareProcessNamespace: true"), want: deaf, says: []string{"as any other it dies of it at once"}},
		{name: "JAVA_TOOL_OPTIONS", changes: set("JAVA_TOOL_OPTIONS", "-Xmx1g -Xrs"), want: deaf, says: []string{"(JAVA_TOOL_OPTIONS)"}},
		{name: "JDK_JAVA_OPTIONS", changes: set("JDK_JAVA_OPTIONS", "-Xrs"), want: deaf},
		{name: "other options", changes: set("JAVA_TOOL_OPTIONS", "-Xrsx -Dx=-Xrs")},
		{name: "a script's own variable", changes: set("JAVA_OPTS", "-Xrs")},

		{name: "ignored over exec", changes: inDash("trap '' TERM; exec java -jar a.jar"), want: deaf, says: []string{"trap '' TERM stays so over exec"}},
		{name: "ignored in double quotes", changes: []string{image, "        image: debian:12\n        command: [dash, -c, 'trap \"\" INT TERM; cd /srv && exec java Main']\n"}, want: deaf},
		{name: "ignored over exec and another shell", changes: inDash("trap '' TERM; exec sh -c 'exec java Main'"), want: deaf},
		{name: "ignored through an init", changes: inDash("trap '' TERM; exec tini -- java Main"), want: deaf},
		{name: "ignored and reset", changes: inDash("trap '' TERM; x; trap - TERM; exec java Main")},
		{name: "another signal ignored", changes: inDash("trap '' HUP; exec java Main")},
		{name: "a trap that is no more over exec", changes: inDash("trap 'echo bye' TERM; exec java Main")},
		{name: "ignored by nohup, which is for SIGHUP", changes: java("[nohup, java, Main]")},
		{name: "ignored, of Go or Node.js, which set their handlers", changes: inDash("trap '' TERM; exec node server.js")},
		{name: "stopped by SIGINT in the background", changes: inDash("trap 'kill -INT $p; wait $p' TERM; java Main & p=$!; wait $p"), want: []string{"warning shell-pid-1 app"}, says: []string{"a JVM leaves that as it is"}},
		{name: "stopped by SIGINT in the background, another", changes: inDash("trap 'kill -INT $p; wait $p' TERM; python app.py & p=$!; wait $p"), want: []string{"note shell-pid-1 app"}, says: []string{"The trap sends SIGINT to python app.py, which dash starts in its background with that signal ignored; unless the program sets a handler of its own for it, it never learns"}},
		{name: "stopped by SIGINT in the background, of Node.js", changes: inDash("trap 'kill -INT $p; wait $p' TERM; node app.js & p=$!; wait $p")},
		{name: "stopped by SIGQUIT in the background, of nginx", changes: inDash("trap 'kill -QUIT $p; wait $p' TERM; nginx & p=$!; wait $p")},
		{name: "stopped by a signal to all", changes: inDash("trap 'pkill -f Main; wait' TERM; java Main & wait"), want: []string{"warning shell-cuts-short app"}, says: []string{"The trap signals dash itself too"}},
		{name: "ignored on one path", changes: inDash("if x; then trap '' TERM; fi; exec java Main")},
	})
}
