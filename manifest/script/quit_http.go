package script

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// quitPaths are the ends of paths at which a POST ends a server, or has it close its port
// (Spring Boot's actuator, Envoy's admin interface and what took its words over, Prometheus).
var quitPaths = []string{"/actuator/shutdown", "/quitquitquit", "/drain_listeners", "/-/quit"}

// address takes a URL apart, whose scheme may be left out, as curl and wget do.
var address = regexp.MustCompile(`^["']?(?:https?://)?(\[::1\]|[^/:?"']+)(?::([^/?"']+))?(/[^?"']*)(\?\S*)?["']?$`)

// quitByRequest looks whether a command posts to a server in the pod that it is to stop.
func quitByRequest(words []word) (Quit, bool) {
	if len(words) == 0 || !words[0].known {
		return Quit{}, false
	}
	name := path.Base(words[0].text)
	all := texts(words)
	if name != "curl" && name != "wget" || !posts(name, all[1:]) {
		return Quit{}, false
	}
	for _, w := range all[1:] {
		m := address.FindStringSubmatch(w)
		if m == nil || !ownHost(m[1]) || strings.Contains(m[4], "graceful") { // Envoy then drains before it closes
			continue
		}
		asked := strings.TrimSuffix(m[3], "/")
		if slices.ContainsFunc(quitPaths, func(end string) bool { return strings.HasSuffix(asked, end) }) {
			port := m[2]
			if port == "" {
				port = "80"
			}
			return Quit{Command: name + " " + w, Target: Target{Name: port, By: ByPort}}, true
		}
	}
	return Quit{}, false
}

// posts tells that curl or wget is told to send a POST (their manuals).
func posts(program string, options []string) bool {
	for i, o := range options {
		next := ""
		if i+1 < len(options) {
			next = options[i+1]
		}
		option, value, _ := strings.Cut(o, "=")
		cluster := strings.HasPrefix(o, "-") && !strings.HasPrefix(o, "--")
		switch {
		case program == "wget":
			if option == "--post-data" || option == "--post-file" || option == "--method" && (strings.EqualFold(value, "POST") || value == "" && strings.EqualFold(next, "POST")) {
				return true
			}
		case option == "--request" || cluster && strings.HasSuffix(o, "X"):
			return strings.EqualFold(next, "POST")
		case cluster && strings.Contains(o, "X"):
			return strings.HasSuffix(o, "XPOST")
		case strings.HasPrefix(option, "--data"), option == "--json", cluster && (o == "-d" || strings.HasSuffix(o, "d")):
			return true
		}
	}
	return false
}

// ownHost tells of a host that is the pod itself.
func ownHost(host string) bool {
	return slices.Contains([]string{"localhost", "127.0.0.1", "0.0.0.0", "[::1]"}, host) ||
		strings.HasPrefix(host, "$") && containsAny(host, "POD_IP", "HOSTNAME", "hostname")
}
