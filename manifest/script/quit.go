package script

import (
	"path"
	"slices"
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
	{[]string{"redis-cli"}, []string{"shutdown"}, Quit{}},
	{[]string{"service"}, []string{"stop"}, Quit{}},
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
	said := strings.Join(all[:min(6, len(all))], " ")
	for _, c := range quitCommands {
		if (slices.Contains(c.programs, name) || slices.Contains(c.programs, unversioned(name))) && follows(all[1:], c.words) {
			if name == "kong" && strings.Contains(strings.Join(all, " "), "--wait") {
				return Quit{}, false // it waits first, for as long as it is told
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
		return Quit{}, false
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

// managed is what a supervisor or the system's services are told to stop: one of those
// that they run, if not all.
func managed(name string, words []string) Target {
	if name != "supervisorctl" && name != "service" {
		return Target{}
	}
	i := slices.Index(words, "stop")
	switch {
	case i < 0: // supervisorctl shutdown
		return Target{}
	case name == "service" && i > 0:
		return Target{Name: words[i-1], By: ByName}
	case name == "supervisorctl" && slices.Contains(words[i+1:], "all"):
		return Target{}
	case name == "supervisorctl" && i+1 < len(words):
		process, _, _ := strings.Cut(words[i+1], ":")
		return Target{Name: process, By: ByName}
	default:
		return Target{By: ByName}
	}
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
