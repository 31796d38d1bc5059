package script

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Quit is a step of a hook that tells a server to stop.
type Quit struct {
	// Command is the step, in short.
	Command string
	// Server is the one whose own command it is, by the names of manifest.Server; empty
	// where the signal may go to any.
	Server string
	// Signal is what the server gets, where that is known; Fast tells that by its own
	// command it ends without answering what is in flight.
	Signal string
	Fast   bool
	// First tells that it goes to process 1, Target to which other it does. Maybe tells that
	// the target is not known to be the container's server (see manifest.Stops).
	First  bool
	Target Target
	Maybe  bool
	// MayWait tells that what it signals may wait before it closes its port (see
	// manifest.Stops), and that the step lasts until it has gone.
	MayWait bool
	// Delay is for how long the step itself waits before it does so.
	Delay time.Duration
	// After is for how long the hook has slept by then at the least, Exact that it has
	// taken just that, Certain that this step is come to on every path.
	After   time.Duration
	Exact   bool
	Certain bool
}

// quitCommands are programs' own words for their end, by the programs' manuals.
var quitCommands = []struct {
	programs []string
	words    []string
	quit     Quit
}{
	{[]string{"nginx", "openresty", "nginx-debug"}, []string{"-s", "quit"}, Quit{Server: "nginx", Signal: "SIGQUIT"}},
	{[]string{"nginx", "openresty", "nginx-debug"}, []string{"-s", "stop"}, Quit{Server: "nginx", Signal: "SIGTERM", Fast: true}},
	{[]string{"apachectl", "apache2ctl"}, []string{"graceful-stop"}, Quit{Server: "apache", Signal: "SIGWINCH"}},
	{[]string{"apachectl", "apache2ctl"}, []string{"stop"}, Quit{Server: "apache", Signal: "SIGTERM", Fast: true}},
	{[]string{"apachectl", "apache2ctl", "httpd", "apache"}, []string{"-k", "graceful-stop"}, Quit{Server: "apache", Signal: "SIGWINCH"}},
	{[]string{"apachectl", "apache2ctl", "httpd", "apache"}, []string{"-k", "stop"}, Quit{Server: "apache", Signal: "SIGTERM", Fast: true}},
	{[]string{"caddy"}, []string{"stop"}, Quit{Server: "caddy"}},
	{[]string{"pumactl"}, []string{"stop"}, Quit{Server: "puma"}},
	{[]string{"supervisorctl"}, []string{"stop"}, Quit{}},
	{[]string{"supervisorctl"}, []string{"shutdown"}, Quit{}},
	{[]string{"uwsgi"}, []string{"--stop"}, Quit{}},
	{[]string{"catalina.sh"}, []string{"stop"}, Quit{}},
	{[]string{"redis-cli", "valkey-cli", "keydb-cli"}, []string{"shutdown"}, Quit{}},
	{[]string{"mysqladmin", "mariadb-admin"}, []string{"shutdown"}, Quit{}},
	{[]string{"pg_ctl", "pg_ctlcluster"}, []string{"stop"}, Quit{}},
	{[]string{"mongod"}, []string{"--shutdown"}, Quit{}},
	{[]string{"rabbitmqctl"}, []string{"stop"}, Quit{}},
	{[]string{"rabbitmqctl"}, []string{"stop_app"}, Quit{}},
	{[]string{"rabbitmqctl"}, []string{"shutdown"}, Quit{}},
	{[]string{"nodetool"}, []string{"drain"}, Quit{}},
	{[]string{"nodetool"}, []string{"stopdaemon"}, Quit{}},
	{[]string{"pm2"}, []string{"stop"}, Quit{}},
	{[]string{"pm2"}, []string{"kill"}, Quit{}},
	// Tomcat's, by any options (bin/shutdown.sh runs catalina.sh stop).
	{[]string{"shutdown.sh"}, nil, Quit{}},
	// It signals the controller and waits until nginx has gone (ingress-nginx cmd/waitshutdown).
	{[]string{"wait-shutdown"}, nil, Quit{MayWait: true}},
	{[]string{"service", "rc-service"}, []string{"stop"}, Quit{}},
	{[]string{"sv"}, []string{"stop"}, Quit{}},
	{[]string{"sv"}, []string{"down"}, Quit{}},
	{[]string{"sv"}, []string{"shutdown"}, Quit{}},
	{[]string{"sv"}, []string{"exit"}, Quit{}},
	{[]string{"s6-svc", "svc"}, []string{"-d"}, Quit{}},
	{[]string{"s6-svc", "svc"}, []string{"-dx"}, Quit{}},
	{[]string{"s6-svc", "svc"}, []string{"-t"}, Quit{}},
	{[]string{"kong"}, []string{"quit"}, Quit{}},
	{[]string{"kong"}, []string{"stop"}, Quit{}},
}

// quitOf looks whether a simple command tells a server to stop.
func quitOf(words []word) (Quit, bool) {
	if len(words) == 0 || !words[0].known {
		return Quit{}, false
	}
	name := path.Base(words[0].text)
	all := texts(words)
	said := inShort(all, 6)
	for _, c := range quitCommands {
		if (slices.Contains(c.programs, name) || slices.Contains(c.programs, unversioned(name))) && follows(lowered(name, all[1:]), c.words) {
			if name == "kong" {
				delay, known := kongWaits(all[1:])
				if !known {
					return Quit{}, false
				}
				c.quit.Delay = delay
			}
			c.quit.Command = said
			c.quit.Target = managed(name, all[1:])
			return c.quit, true
		}
	}
	var signal string
	var targets []word
	switch name {
	case "kill", "pkill", "killall", "killall5":
		signal, targets = signalAndTargets(words[1:], name)
	default:
		return Quit{Command: said, Target: Target{Name: words[0].text, By: ByProgram}}, len(all) == 2 && all[1] == "stop" && strings.Contains(words[0].text, "/")
	}
	q := Quit{Command: said, Signal: signal}
	switch signal {
	case "SIGTERM", "SIGINT", "SIGQUIT", "SIGKILL", "SIGUSR1", "SIGWINCH":
	default:
		return Quit{}, false
	}
	for _, t := range targets {
		switch {
		case name == "killall5", name == "kill" && t.text == "-1":
			return q, true
		case name == "kill" && t.text == "1":
			q.First = true
			// The kernel keeps SIGKILL of its own children from process 1 (pid_namespaces(7)).
			return q, signal != "SIGKILL"
		case name == "kill" && !t.known && containsAny(t.text, "pidof", "pgrep", ".pid", "PID"):
			q.Target = substitutedTarget(t.text)
			return q, true
		case name != "kill" && t.known:
			q.Target = namedTarget(all[1:], t.text)
			return q, true
		}
	}
	return Quit{}, name == "killall5"
}

// kongWaits is for how many seconds kong quit waits before it signals nginx (Kong/kong
// kong/cmd/quit.lua, --wait); not known where it is told so in another way than by a number.
func kongWaits(words []string) (delay time.Duration, known bool) {
	for i, w := range words {
		option, value, joined := strings.Cut(w, "=")
		if option != "--wait" && option != "-w" {
			continue
		}
		if !joined && i+1 < len(words) {
			value = words[i+1]
		}
		seconds, err := strconv.Atoi(value)
		if err != nil || seconds < 0 || seconds > int(time.Hour/time.Second) {
			return 0, false
		}
		return time.Duration(seconds) * time.Second, true
	}
	return 0, true
}

// lowered gives the words of a program in small letters where it does not mind them, as
// Redis does of its commands.
func lowered(name string, words []string) []string {
	if !slices.Contains([]string{"redis-cli", "valkey-cli", "keydb-cli"}, name) {
		return words
	}
	return strings.Fields(strings.ToLower(strings.Join(words, " ")))
}

// managed is what a supervisor or the system's services are told to stop: one of those
// that they run, if not all.
func managed(name string, words []string) Target {
	i := slices.Index(words, "stop")
	switch name {
	case "supervisorctl":
		switch {
		case i < 0, slices.Contains(words[i+1:], "all"): // shutdown, or stop all
			return Target{}
		case i+1 < len(words):
			process, _, _ := strings.Cut(words[i+1], ":")
			return Target{Name: process, By: ByName}
		default:
			return Target{By: ByName}
		}
	case "service", "rc-service":
		if i <= 0 {
			return Target{}
		}
		return Target{Name: words[i-1], By: ByName}
	case "sv", "s6-svc", "svc": // a folder, or its name alone
		return Target{Name: path.Base(words[len(words)-1]), By: ByName}
	case "redis-cli", "valkey-cli", "keydb-cli", "mysqladmin", "mariadb-admin", "nodetool":
		if elsewhere(words) {
			return Target{By: ByName}
		}
	}
	return Target{}
}

// elsewhere tells of a client that is told a host, which may be another's.
func elsewhere(words []string) bool {
	for i, w := range words {
		option, host, given := strings.Cut(w, "=")
		if option != "-h" && option != "--host" {
			continue
		}
		if !given && i+1 < len(words) {
			host = words[i+1]
		}
		if !ownHost(host) {
			return true
		}
	}
	return false
}

// follows tells whether the words hold the wanted ones, one behind the other.
func follows(words, wanted []string) bool {
	for i := 0; i+len(wanted) <= len(words); i++ {
		if slices.Equal(words[i:i+len(wanted)], wanted) {
			return true
		}
	}
	return false
}

func containsAny(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(text, p) })
}

var numbered = map[string]string{"0": "0", "1": "SIGHUP", "2": "SIGINT", "3": "SIGQUIT", "9": "SIGKILL", "10": "SIGUSR1", "12": "SIGUSR2", "15": "SIGTERM", "28": "SIGWINCH"}

// signalName writes a signal as SIGTERM.
func signalName(text string) string {
	text = strings.ToUpper(text)
	if name, is := numbered[text]; is {
		return name
	}
	if !strings.HasPrefix(text, "SIG") {
		text = "SIG" + text
	}
	return text
}

// signalAndTargets reads the words of kill and its kin.
func signalAndTargets(words []word, name string) (signal string, targets []word) {
	signal = "SIGTERM"
	for i := 0; i < len(words); i++ {
		w := words[i]
		option := w.text
		switch {
		case !w.known || !strings.HasPrefix(option, "-") || len(targets) > 0:
			targets = append(targets, w)
		case option == "--":
			return signal, append(targets, words[i+1:]...)
		case (option == "-s" || option == "-n" || option == "--signal") && name != "killall5" && i+1 < len(words):
			i++
			signal = ""
			if words[i].known {
				signal = signalName(words[i].text)
			}
		case strings.HasPrefix(option, "--signal="):
			signal = signalName(strings.TrimPrefix(option, "--signal="))
		case option == "-l" || option == "-L":
			return "", nil
		case name == "kill" && option == "-1" && i == len(words)-1 && i > 0:
			targets = append(targets, w)
		case isSignal(option[1:]):
			signal = signalName(option[1:])
		case name != "kill" && slices.Contains([]string{"-u", "-g", "-P", "-t", "-U", "-G"}, option):
			i++
		}
	}
	return signal, targets
}

func isSignal(text string) bool {
	_, isNumber := numbered[text]
	return isNumber || slices.Contains([]string{"HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "TERM", "WINCH", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "ABRT", "ALRM"}, strings.TrimPrefix(strings.ToUpper(text), "SIG"))
}
